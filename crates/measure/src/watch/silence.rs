//! Runs of echoes without an answer.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use desserte_units::Monotonic;

use super::Witness;

/// Echoes kept before an edge, and after it.
const EDGE: usize = 8;

/// One echo whose fate is final.
#[derive(Debug, Clone, Copy)]
pub(super) struct Echo {
    pub(super) number: u64,
    pub(super) witness: Witness,
    pub(super) at: Monotonic,
    pub(super) rtt: Option<Duration>,
}

/// The last few echoes, whoever they went to.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Echo>);

impl Recent {
    pub(super) fn push(&mut self, echo: Echo) {
        if self.0.len() >= EDGE {
            self.0.pop_front();
        }
        self.0.push_back(echo);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// An answered echo: the witness was there when it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign {
    pub(super) sent: Monotonic,
    pub(super) rtt: Duration,
}

impl Sign {
    /// When the echo was at its farthest: wherever the line breaks, nearer or farther, it was whole there just before or
    /// just after.
    pub(super) fn turned(self) -> Monotonic {
        self.sent.after(self.rtt / 2)
    }
}

/// A run of lost echoes.
#[derive(Debug, Clone)]
pub(super) struct Silence {
    /// The last answer before.
    pub(super) before: Option<Sign>,
    /// When the first and the last lost echo were sent.
    pub(super) first: Monotonic,
    pub(super) last: Monotonic,
    /// Lost echoes by target; one entry for the run of a single witness.
    pub(super) lost: Vec<u32>,
    /// Echoes that found no way out of the probe.
    pub(super) no_way: u32,
    /// Echoes to the gateway near the beginning: sent, answered.
    pub(super) gateway: (u32, u32),
    edges: BTreeMap<u64, Echo>,
    after_start: usize,
}

impl Silence {
    pub(super) fn new(before: Option<Sign>, at: Monotonic, witnesses: usize, recent: &Recent) -> Self {
        Self {
            before,
            first: at,
            last: at,
            lost: vec![0; witnesses],
            no_way: 0,
            gateway: (0, 0),
            edges: recent.0.iter().map(|echo| (echo.number, *echo)).collect(),
            after_start: 0,
        }
    }

    /// Adds a lost echo.
    pub(super) fn lose(&mut self, place: usize, at: Monotonic, no_way: bool) {
        self.last = self.last.max(at);
        self.lost[place] += 1;
        self.no_way += u32::from(no_way);
    }

    /// Keeps an echo seen during the run if it is near its start.
    pub(super) fn see(&mut self, echo: Echo) {
        if self.after_start < EDGE {
            self.after_start += 1;
            self.edges.insert(echo.number, echo);
        }
    }

    /// Takes over a later run of the same witness.
    pub(super) fn join(&mut self, later: Self) {
        self.last = self.last.max(later.last);
        self.no_way += later.no_way;
        for (lost, more) in self.lost.iter_mut().zip(later.lost) {
            *lost += more;
        }
        for echo in later.edges.into_values() {
            self.see(echo);
        }
    }

    pub(super) fn losses(&self) -> u32 {
        self.lost.iter().sum()
    }

    pub(super) fn span(&self) -> Duration {
        self.last.since(self.first)
    }

    /// The echoes around both edges, in order of sending.
    pub(super) fn edges(mut self, recent: &Recent) -> Vec<Echo> {
        self.edges.extend(recent.0.iter().map(|echo| (echo.number, *echo)));
        self.edges.into_values().collect()
    }
}
