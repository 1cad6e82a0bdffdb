//! BBR, first version, in its essentials: a model of bottleneck rate and shortest round trip, and four states.
//!
//! # Source
//! N. Cardwell and others, BBR: congestion-based congestion control, ACM Queue 14 (2016); constants as in Linux.

use std::collections::VecDeque;

use super::control::AckEvent;

const INITIAL_WINDOW: u64 = 10;
const WINDOW_MIN: u64 = 4;
/// 2 / ln 2, the least gain that doubles the rate each round.
const HIGH_GAIN: f64 = 2.885;
const CYCLE: [f64; 8] = [1.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
const WINDOW_GAIN: f64 = 2.0;
/// Rounds over which the largest rate holds.
const RATE_ROUNDS: u64 = 10;
/// Startup ends after this many rounds without a quarter more rate.
const FULL_ROUNDS: u32 = 3;
const RTT_HOLDS: u64 = 10_000_000_000;
const PROBE_RTT: u64 = 200_000_000;
/// Room for acknowledgements that come in lumps.
const SPARE_WINDOW: u64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Startup,
    Drain,
    ProbeRate,
    ProbeRtt,
}

#[derive(Debug, Clone)]
pub(super) struct Bbr {
    state: State,
    window: u64,
    /// Rate samples (round, segments per second) that may still be the largest, falling.
    rates: VecDeque<(u64, f64)>,
    rtt: u64,
    rtt_at: u64,
    round: u64,
    round_end: u64,
    full_rate: f64,
    full_rounds: u32,
    phase: usize,
    phase_at: u64,
    probe_ends: Option<u64>,
}

impl Bbr {
    pub(super) fn new() -> Self {
        Self {
            state: State::Startup,
            window: INITIAL_WINDOW,
            rates: VecDeque::new(),
            rtt: u64::MAX,
            rtt_at: 0,
            round: 0,
            round_end: 0,
            full_rate: 0.0,
            full_rounds: 0,
            phase: 2,
            phase_at: 0,
            probe_ends: None,
        }
    }

    pub(super) const fn window(&self) -> u64 {
        self.window
    }

    pub(super) fn timed_out(&mut self) {
        self.window = WINDOW_MIN;
    }

    pub(super) fn pace(&self) -> Option<f64> {
        let gain = match self.state {
            State::Startup => HIGH_GAIN,
            State::Drain => 1.0 / HIGH_GAIN,
            State::ProbeRate => CYCLE[self.phase],
            State::ProbeRtt => 1.0,
        };
        // Before the first sample the first window goes out at once.
        self.rates.front().map(|(_, rate)| rate * gain)
    }

    pub(super) fn acknowledged(&mut self, event: &AckEvent) {
        let round_begins = event.prior_delivered >= self.round_end;
        if round_begins {
            self.round += 1;
            self.round_end = event.delivered_total;
        }
        self.take_rate(event);
        if round_begins && self.state == State::Startup {
            self.judge_startup();
        }
        self.take_rtt(event);
        let target = self.inflight(1.0);
        if self.state == State::Drain && event.under_way <= target {
            self.enter_probe_rate(event.now);
        }
        if self.state == State::ProbeRate {
            self.turn_cycle(event, target);
        }
        self.set_window(event);
    }

    fn take_rate(&mut self, event: &AckEvent) {
        let Some((segments, nanos)) = event.rate else { return };
        // A sample over less than a round trip is an artefact of lumped acknowledgements.
        if nanos < event.rtt_min {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "amounts of one round trip")]
        let rate = segments as f64 / (nanos as f64 / 1e9);
        while self.rates.front().is_some_and(|(round, _)| round + RATE_ROUNDS < self.round) {
            self.rates.pop_front();
        }
        while self.rates.back().is_some_and(|(_, smaller)| *smaller <= rate) {
            self.rates.pop_back();
        }
        self.rates.push_back((self.round, rate));
    }

    fn take_rtt(&mut self, event: &AckEvent) {
        let expired = event.now > self.rtt_at + RTT_HOLDS;
        if let Some(rtt) = event.rtt
            && (rtt <= self.rtt || expired)
        {
            (self.rtt, self.rtt_at) = (rtt, event.now);
        }
        if expired && self.state != State::ProbeRtt {
            self.state = State::ProbeRtt;
            self.probe_ends = None;
        }
        if self.state == State::ProbeRtt {
            match self.probe_ends {
                None if event.under_way <= WINDOW_MIN => self.probe_ends = Some(event.now + PROBE_RTT),
                Some(end) if event.now >= end => {
                    self.rtt_at = event.now;
                    if self.full_rounds >= FULL_ROUNDS {
                        self.enter_probe_rate(event.now);
                    } else {
                        self.state = State::Startup;
                    }
                }
                _ => {}
            }
        }
    }

    fn judge_startup(&mut self) {
        let rate = self.rate();
        if rate >= self.full_rate * 1.25 {
            (self.full_rate, self.full_rounds) = (rate, 0);
            return;
        }
        self.full_rounds += 1;
        if self.full_rounds >= FULL_ROUNDS {
            self.state = State::Drain;
        }
    }

    const fn enter_probe_rate(&mut self, now: u64) {
        self.state = State::ProbeRate;
        (self.phase, self.phase_at) = (2, now);
    }

    fn turn_cycle(&mut self, event: &AckEvent, target: u64) {
        let elapsed = event.now.saturating_sub(self.phase_at) > self.rtt;
        let turn = match self.phase {
            0 => elapsed && (event.lost > 0 || event.under_way >= self.inflight(CYCLE[0])),
            1 => elapsed || event.under_way <= target,
            _ => elapsed,
        };
        if turn {
            (self.phase, self.phase_at) = ((self.phase + 1) % CYCLE.len(), event.now);
        }
    }

    fn set_window(&mut self, event: &AckEvent) {
        let gain = match self.state {
            State::Startup | State::Drain => HIGH_GAIN,
            State::ProbeRate => WINDOW_GAIN,
            State::ProbeRtt => {
                self.window = self.window.min(WINDOW_MIN);
                return;
            }
        };
        let target = self.inflight(gain) + SPARE_WINDOW;
        let full = self.full_rounds >= FULL_ROUNDS;
        if full {
            self.window = (self.window + event.delivered).min(target);
        } else if self.window < target || event.delivered_total < INITIAL_WINDOW {
            self.window += event.delivered;
        }
        self.window = self.window.max(WINDOW_MIN);
    }

    fn rate(&self) -> f64 {
        self.rates.front().map_or(0.0, |(_, rate)| *rate)
    }

    /// Segments under way at `gain` times the product of rate and shortest round trip.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "not negative, and `as` saturates"
    )]
    fn inflight(&self, gain: f64) -> u64 {
        if self.rtt == u64::MAX || self.rates.is_empty() {
            return INITIAL_WINDOW;
        }
        (self.rate() * self.rtt as f64 / 1e9 * gain).ceil() as u64
    }
}
