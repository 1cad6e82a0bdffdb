//! The minutes: what the even pace of the watch saw of the idle line in each window.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use desserte_measure::minute_state;
use desserte_model::{ClockStamp, EchoMethod, LinkState, Minute, Observation, TargetEchoes};
use desserte_units::Monotonic;

use crate::agent::Agent;
use crate::config::{Method, Target};
use crate::echo::{Echo, micros};

/// Why a target was sent nothing although it could have been.
pub(crate) const DURING_RUN: &str = "throughput run";

/// One echo of the even pace.
#[derive(Debug)]
struct Slot {
    number: u64,
    place: usize,
    echo: Option<Echo>,
}

/// What one window has seen so far.
#[derive(Debug)]
struct Window {
    stamp: ClockStamp,
    begun: Monotonic,
    slots: Vec<Slot>,
    /// Why each target was sent nothing, as long as it was.
    skipped: Vec<Option<String>>,
    families: Vec<Option<desserte_model::IpFamily>>,
    gateway: Option<bool>,
    link: LinkState,
}

/// The window that is being filled, and those that wait for their last answers.
#[derive(Debug)]
pub(crate) struct Windows {
    length: Duration,
    patience: Duration,
    open: VecDeque<Window>,
}

impl Windows {
    pub(crate) fn new(agent: &Agent, patience: Duration) -> Self {
        let mut windows = Self { length: agent.config.window, patience, open: VecDeque::new() };
        windows.begin(agent);
        windows
    }

    /// An echo of the even pace was sent.
    pub(crate) fn ask(&mut self, number: u64, place: usize) {
        if let Some(window) = self.open.back_mut() {
            window.slots.push(Slot { number, place, echo: None });
        }
    }

    /// What became of it; of an echo that no window waits for, nothing is kept.
    pub(crate) fn take(&mut self, number: u64, family: Option<desserte_model::IpFamily>, echo: Echo) {
        for window in &mut self.open {
            let Some(at) = window.slots.iter().position(|slot| slot.number == number) else { continue };
            let place = window.slots[at].place;
            window.families[place] = window.families[place].or(family);
            if let Echo::NotSent(reason) = echo {
                window.slots.remove(at);
                window.skip(place, &reason);
            } else {
                window.slots[at].echo = Some(echo);
            }
            return;
        }
    }

    /// Echoes under way are given up, and none will be sent for a while.
    pub(crate) fn interrupt(&mut self, reason: &str) {
        for window in &mut self.open {
            window.slots.retain(|slot| slot.echo.is_some());
        }
        if let Some(window) = self.open.back_mut() {
            (0..window.skipped.len()).for_each(|place| window.skip(place, reason));
        }
    }

    /// A carrier that was gone once in the window was gone.
    pub(crate) fn look_at_link(&mut self, seen: LinkState) {
        if let Some(window) = self.open.back_mut() {
            if window.link != LinkState::Down && seen != LinkState::Unknown {
                window.link = seen;
            }
        }
    }

    /// The gateway counts as silent only if the same one has answered before: many never do.
    pub(crate) fn take_gateway(&mut self, agent: &Agent, gateway: IpAddr, answered: bool) {
        let Some(window) = self.open.back_mut() else { return };
        if answered {
            agent.answering_gateway.set(Some(gateway));
            window.gateway = Some(true);
        } else if agent.answering_gateway.get() == Some(gateway) {
            window.gateway.get_or_insert(false);
        }
    }

    /// When a window is next due.
    pub(crate) fn due(&self) -> Monotonic {
        let end = |window: &Window| window.begun.after(self.length);
        let filling = self.open.back().map_or(Monotonic::from_micros(0), end);
        let waiting =
            self.open.front().filter(|_| self.open.len() > 1).map(|first| end(first).after(self.patience));
        waiting.map_or(filling, |waiting| waiting.min(filling))
    }

    /// Begins a new window when one is full, and records those whose echoes are all back or given up.
    pub(crate) fn turn(&mut self, agent: &Agent, now: Monotonic) {
        if self.open.back().is_none_or(|window| now >= window.begun.after(self.length)) {
            self.begin(agent);
        }
        while self.open.len() > 1 {
            let first = &self.open[0];
            let late = now >= first.begun.after(self.length + self.patience);
            if !late && first.slots.iter().any(|slot| slot.echo.is_none()) {
                break;
            }
            self.record_first(agent, self.length);
        }
    }

    /// Records what there is; the last window is shorter than the others.
    pub(crate) fn finish(&mut self, agent: &Agent, now: Monotonic) {
        self.interrupt("the window was cut short");
        while let Some(first) = self.open.front() {
            let length = now.since(first.begun).min(self.length);
            self.record_first(agent, length);
        }
    }

    fn begin(&mut self, agent: &Agent) {
        let targets = agent.config.targets.len();
        let stamp = agent.clock.borrow().now();
        self.open.push_back(Window {
            stamp,
            begun: stamp.monotonic_us,
            slots: Vec::new(),
            skipped: vec![None; targets],
            families: vec![None; targets],
            gateway: None,
            link: LinkState::Unknown,
        });
    }

    fn record_first(&mut self, agent: &Agent, length: Duration) {
        let Some(window) = self.open.pop_front() else { return };
        let stamp = window.stamp;
        let minute = window.close(&agent.config.targets, length);
        let state = minute_state(&minute);
        tracing::debug!(state = %state, "window measured");
        agent.board.borrow_mut().note_minute(stamp, &minute, state);
        agent.record(stamp, Observation::Minute(minute));
        agent.every_minute();
        if agent.last_state.replace(Some(state)) != Some(state) {
            tracing::info!(state = %state, "state of the line");
        }
    }
}

impl Window {
    /// Keeps the first reason of the window.
    fn skip(&mut self, place: usize, reason: &str) {
        self.skipped[place].get_or_insert_with(|| reason.to_owned());
    }

    fn close(self, targets: &[Target], length: Duration) -> Minute {
        let mut targets: Vec<TargetEchoes> = targets
            .iter()
            .zip(self.families)
            .map(|(target, family)| TargetEchoes {
                target: target.id.clone(),
                family,
                method: match target.method {
                    Method::Icmp => EchoMethod::Icmp,
                    Method::Tcp(_) => EchoMethod::TcpConnect,
                },
                rtt_us: Vec::new(),
                timed_by_kernel: Some(0),
                not_sent: None,
            })
            .collect();
        for slot in self.slots {
            match slot.echo {
                Some(Echo::Answered(trip)) => {
                    let target = &mut targets[slot.place];
                    target.rtt_us.push(Some(micros(trip)));
                    target.timed_by_kernel = target.timed_by_kernel.map(|n| n + u32::from(trip.by_kernel));
                }
                // An echo that nobody waits for any more is lost.
                Some(Echo::Lost) | None => targets[slot.place].rtt_us.push(None),
                Some(Echo::NotSent(_)) => {}
            }
        }
        for (target, skipped) in targets.iter_mut().zip(self.skipped) {
            if target.rtt_us.is_empty() {
                target.not_sent = skipped.or_else(|| Some("the window was cut short".to_owned()));
            }
        }
        Minute {
            window_us: u64::try_from(length.as_micros()).unwrap_or(u64::MAX),
            link: self.link,
            gateway_reachable: self.gateway,
            targets,
        }
    }
}
