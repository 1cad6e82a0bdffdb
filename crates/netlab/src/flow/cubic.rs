//! CUBIC with HyStart.
//!
//! RFC 9438, with the constants of Linux and its HyStart: slow start ends when the acknowledgements of a round spread
//! over half of the shortest round trip, or when round trips grow.

use super::control::AckEvent;

/// Factor at a loss, and the growth per second cubed, segments.
const BETA: f64 = 717.0 / 1024.0;
const C: f64 = 0.4;

const INITIAL_WINDOW: f64 = 10.0;
const WINDOW_MIN: f64 = 2.0;

/// HyStart does nothing in smaller windows.
const HYSTART_WINDOW_MIN: f64 = 16.0;
/// Acknowledgements closer than this belong to one train.
const TRAIN_GAP: u64 = 2_000_000;
/// Round trips read at the start of a round.
const ROUND_SAMPLES: u32 = 8;
/// Bounds of the growth of the round trip that ends slow start: an eighth of the shortest within these.
const GROWTH_MIN: u64 = 4_000_000;
const GROWTH_MAX: u64 = 16_000_000;

#[derive(Debug, Clone)]
pub(super) struct Cubic {
    window: f64,
    threshold: f64,
    window_max: f64,
    epoch: Option<Epoch>,
    round: Round,
    early_exit: bool,
}

/// One stretch of growth between two losses.
#[derive(Debug, Clone, Copy)]
struct Epoch {
    begun_at: u64,
    origin: f64,
    seconds_to_origin: f64,
    /// What Reno would have.
    friendly: f64,
}

/// One round trip of slow start.
#[derive(Debug, Clone, Copy)]
struct Round {
    end: u64,
    begun_at: u64,
    last_ack: u64,
    rtt: u64,
    samples: u32,
}

impl Cubic {
    pub(super) const fn new(early_exit: bool) -> Self {
        let round = Round { end: 0, begun_at: 0, last_ack: 0, rtt: u64::MAX, samples: 0 };
        Self { window: INITIAL_WINDOW, threshold: f64::MAX, window_max: 0.0, epoch: None, round, early_exit }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least two; `as` saturates"
    )]
    pub(super) const fn window(&self) -> u64 {
        self.window as u64
    }

    pub(super) fn lost(&mut self) -> u64 {
        self.reduce();
        self.window = self.threshold;
        self.window()
    }

    pub(super) fn timed_out(&mut self) {
        self.reduce();
        self.window = 1.0;
        self.round.end = 0;
    }

    pub(super) fn acknowledged(&mut self, event: &AckEvent) {
        if self.early_exit && self.window < self.threshold {
            self.watch_slow_start(event);
        }
        if event.in_recovery || !event.was_limiting {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "few segments at a time")]
        let mut delivered = event.delivered as f64;
        if self.window < self.threshold {
            let grown = (self.window + delivered).min(self.threshold.max(self.window));
            delivered -= grown - self.window;
            self.window = grown;
        }
        if delivered > 0.0 && self.window >= self.threshold {
            self.grow(delivered, event);
        }
    }

    fn reduce(&mut self) {
        self.epoch = None;
        // A flow that lost before it was back where it had been leaves room to others.
        self.window_max =
            if self.window < self.window_max { self.window * f64::midpoint(1.0, BETA) } else { self.window };
        self.threshold = (self.window * BETA).max(WINDOW_MIN);
    }

    fn grow(&mut self, delivered: f64, event: &AckEvent) {
        let window = self.window;
        let window_max = self.window_max;
        let epoch = self.epoch.get_or_insert_with(|| Epoch {
            begun_at: event.now,
            origin: window_max.max(window),
            seconds_to_origin: if window_max > window { ((window_max - window) / C).cbrt() } else { 0.0 },
            friendly: window,
        });
        let elapsed = seconds(event.now - epoch.begun_at) + seconds(event.rtt_min);
        let target = epoch.origin + C * (elapsed - epoch.seconds_to_origin).powi(3);
        // Never more than half as much again in a round trip (RFC 9438, section 4.2).
        let target = target.min(window * 1.5);
        let mut next = if target > window {
            window + delivered * (target - window) / window
        } else {
            window + delivered / (100.0 * window)
        };
        epoch.friendly += delivered * (3.0 * (1.0 - BETA) / (1.0 + BETA)) / epoch.friendly;
        if epoch.friendly > next {
            next = window + delivered * (epoch.friendly - window) / window;
        }
        self.window = next;
    }

    fn watch_slow_start(&mut self, event: &AckEvent) {
        let round = &mut self.round;
        if event.first >= round.end {
            *round = Round {
                end: event.next,
                begun_at: event.now,
                last_ack: event.now,
                rtt: u64::MAX,
                samples: 0,
            };
        }
        if self.window < HYSTART_WINDOW_MIN {
            return;
        }
        let mut found = false;
        if event.now - round.last_ack <= TRAIN_GAP {
            round.last_ack = event.now;
            found = event.now - round.begun_at > event.rtt_min / 2;
        }
        if let Some(rtt) = event.rtt {
            if round.samples < ROUND_SAMPLES {
                round.rtt = round.rtt.min(rtt);
                round.samples += 1;
            }
            let growth = (event.rtt_min / 8).clamp(GROWTH_MIN, GROWTH_MAX);
            found |= round.samples >= ROUND_SAMPLES && round.rtt > event.rtt_min + growth;
        }
        if found {
            self.threshold = self.window;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "times of a run")]
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
