//! What is seen of a run that is under way.

use std::time::Duration;

use desserte_model::{ByteSample, TcpCounters};

use crate::throughput::Curve;
use crate::{LINE_FILLED, STOP};

/// The readings and kernel counters of a run so far.
#[derive(Debug, Clone)]
pub(crate) struct RunWatch {
    /// Connections that carry the payload. Counters are the first one's; the others are taken to have its window.
    connections: u16,
    samples: Vec<ByteSample>,
    curve: Curve,
    rtt_min: Option<Duration>,
    rtt: Option<Duration>,
    /// Octets that the sender may have under way.
    window: Option<u64>,
    /// Time of each reading, and what set the pace until then.
    pace: Vec<(f64, Pace)>,
}

/// What set the pace of a run between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// The line: round trips last longer than the smallest, so a queue stands before it.
    Line,
    /// The sender's window: all of it is under way and no queue stands anywhere, so the line could carry more.
    Window,
    /// The sender's own pacing (BBR leaves half its window unused), or no kernel told.
    Unknown,
}

impl RunWatch {
    pub(crate) fn of(connections: u16) -> Self {
        Self {
            connections: connections.max(1),
            samples: Vec::new(),
            curve: Curve::default(),
            rtt_min: None,
            rtt: None,
            window: None,
            pace: Vec::new(),
        }
    }

    /// Takes in kernel counters of either end.
    pub(crate) fn counters(&mut self, counters: &TcpCounters) {
        let told = counters.rtt_min_us.map(Duration::from_micros);
        self.rtt_min = self.rtt_min.into_iter().chain(told).min();
        // A receiver's kernel has a round-trip time and a window too, but they do not move with the load.
        if counters.bytes_acked.is_some_and(|acked| acked > counters.bytes_received.unwrap_or(0)) {
            self.rtt = counters.rtt_us.map(Duration::from_micros).or(self.rtt);
            let window = counters.congestion_window_segments.zip(counters.segment_bytes);
            let window = window.map(|(segments, octets)| segments.saturating_mul(octets));
            self.window = window.map(|one| one.saturating_mul(self.connections.into())).or(self.window);
        }
    }

    /// Takes in a reading; one that falls behind the one before is left out.
    pub(crate) fn reading(&mut self, sample: ByteSample) {
        let before = self.curve.end();
        if self.curve.push(&sample) {
            self.samples.push(sample);
            let now = self.curve.end();
            self.pace.push((now, if now > before { self.pace(before, now) } else { Pace::Unknown }));
        }
    }

    pub(crate) fn samples(&self) -> &[ByteSample] {
        &self.samples
    }

    pub(crate) const fn curve(&self) -> &Curve {
        &self.curve
    }

    /// The smallest round trip seen, or what is assumed when none was told.
    pub(crate) fn rtt_min(&self) -> Duration {
        self.rtt_min.unwrap_or(STOP.value.assumed_round_trip)
    }

    /// The sender's latest round trip, queues included; the smallest when none was told.
    pub(crate) fn rtt_loaded(&self) -> Duration {
        self.rtt.unwrap_or_default().max(self.rtt_min())
    }

    /// Whether the line, and not the sender's window, set the pace from a moment on. Believed when no kernel told.
    pub(crate) fn filled_since(&self, from: f64) -> bool {
        let (all, bound) = self.count_since(from, Pace::Window);
        f64::from(bound) <= f64::from(all) * LINE_FILLED.value.window_bound_share_max
    }

    /// Whether a queue stood before the line at every reading from a moment on: it then carried all it could.
    pub(crate) fn queued_since(&self, from: f64) -> bool {
        let (all, queued) = self.count_since(from, Pace::Line);
        all > 0 && queued == all
    }

    fn count_since(&self, from: f64, wanted: Pace) -> (u32, u32) {
        let since = self.pace.iter().filter(|(at, _)| *at > from);
        since.fold((0, 0), |(all, found), (_, pace)| (all + 1, found + u32::from(*pace == wanted)))
    }

    #[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53 octets")]
    fn pace(&self, from: f64, to: f64) -> Pace {
        let (Some(smallest), Some(rtt)) = (self.rtt_min, self.rtt) else { return Pace::Unknown };
        let rule = &LINE_FILLED.value;
        if rtt.saturating_sub(smallest) >= rule.queue_min.max(smallest.mul_f64(rule.queue_share_min)) {
            return Pace::Line;
        }
        let under_way = self.curve.rate(from, to) * rtt.as_secs_f64();
        match self.window {
            Some(window) if under_way >= window as f64 * rule.window_used_min => Pace::Window,
            _ => Pace::Unknown,
        }
    }
}
