//! The sending end: windows, recovery, timers.

use desserte_model::TcpCounters;

use super::BulkConfig;
use super::control::{AckEvent, Control};
use super::receiver::Ack;
use super::scoreboard::{News, Scoreboard};

/// Bounds of the retransmission time-out, and its value before the first round trip is known.
const TIMEOUT_MIN: u64 = 200_000_000;
const TIMEOUT_MAX: u64 = 120_000_000_000;
const TIMEOUT_FIRST: u64 = 1_000_000_000;

/// Least patience before a tail probe.
const PROBE_MIN: u64 = 10_000_000;

/// One connection's sender. Times in nanoseconds on its own clock, amounts in segments.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    board: Scoreboard,
    control: Control,
    window_limit: u64,
    segment_octets: u64,
    recovery: Option<Recovery>,
    rtt_smooth: Option<u64>,
    rtt_deviation: u64,
    rtt_min: u64,
    timeouts: u32,
    probed: bool,
    /// When the timer for a tail probe or a time-out runs off.
    timer: Option<u64>,
    /// When pacing lets the next segment go.
    paced_until: u64,
    held_by_control: bool,
    /// Since when the receiver's window or the send buffer holds the sender back.
    held_by_window: Option<u64>,
    window_limited: u64,
    sent: u64,
    resent: u64,
    rate: Option<(u64, u64)>,
}

/// A recovery under way (RFC 6937), until everything sent before it has come.
#[derive(Debug, Clone, Copy)]
struct Recovery {
    until: u64,
    /// `None` after a time-out, or when congestion control keeps its own window.
    reduction: Option<Reduction>,
    window: u64,
}

#[derive(Debug, Clone, Copy)]
struct Reduction {
    threshold: u64,
    prior: u64,
    delivered: u64,
    sent: u64,
}

impl Sender {
    pub(super) fn new(config: &BulkConfig) -> Self {
        let segment_octets = u64::from(config.segment_octets);
        Self {
            board: Scoreboard::default(),
            control: Control::new(config),
            window_limit: (config.window_octets / segment_octets).max(1),
            segment_octets,
            recovery: None,
            rtt_smooth: None,
            rtt_deviation: 0,
            rtt_min: u64::MAX,
            timeouts: 0,
            probed: false,
            timer: None,
            paced_until: 0,
            held_by_control: true,
            held_by_window: None,
            window_limited: 0,
            sent: 0,
            resent: 0,
            rate: None,
        }
    }

    /// The number of the next segment that leaves now.
    pub(super) fn next_departure(&mut self, now: u64) -> Option<u64> {
        if self.paced_until > now {
            return None;
        }
        let window = self.recovery.map_or_else(|| self.control.window(), |recovery| recovery.window);
        self.held_by_control = self.board.under_way() >= window;
        if self.held_by_control {
            self.note_window(false, now);
            return None;
        }
        let within = self.board.next() - self.board.first() < self.window_limit;
        let held = !within && !self.board.has_lost();
        self.note_window(held, now);
        let (number, again) = self.board.send(now, within)?;
        self.sent += 1;
        self.resent += u64::from(again);
        if let Some(Recovery { reduction: Some(reduction), .. }) = &mut self.recovery {
            reduction.sent += 1;
        }
        if let Some(pace) = self.control.pace() {
            self.paced_until = self.paced_until.max(now) + nanos_per_segment(pace);
        }
        if self.timer.is_none() {
            self.set_timer(now);
        }
        Some(number)
    }

    /// When to call [`Sender::wake`], or [`Sender::next_departure`] again, if nothing arrives.
    pub(super) fn next_wake(&self, now: u64) -> Option<u64> {
        let paced = (self.paced_until > now).then_some(self.paced_until);
        [paced, self.timer].into_iter().flatten().min()
    }

    /// Takes an acknowledgement in.
    pub(super) fn acknowledged(&mut self, ack: &Ack, now: u64) {
        let news = self.board.acknowledged(ack, now, self.rtt_min);
        if let Some(rtt) = news.rtt {
            self.take_rtt(rtt);
        }
        if news.rate.is_some() {
            self.rate = news.rate;
        }
        if news.moved > 0 {
            self.timeouts = 0;
        }
        let was_limiting = self.held_by_control;
        self.recover(&news);
        self.control.acknowledged(&AckEvent {
            now,
            delivered: news.delivered,
            lost: news.lost,
            rtt: news.rtt,
            rtt_min: self.rtt_min,
            delivered_total: self.board.delivered(),
            prior_delivered: news.prior_delivered,
            rate: news.rate,
            under_way: self.board.under_way(),
            first: self.board.first(),
            next: self.board.next(),
            was_limiting,
            in_recovery: self.recovery.is_some_and(|recovery| recovery.reduction.is_some()),
        });
        if let Some(recovery) = &mut self.recovery
            && recovery.reduction.is_none()
        {
            recovery.window = self.control.window();
        }
        if news.delivered > 0 {
            self.probed = false;
            self.set_timer(now);
        }
    }

    /// Lets the timer run off: first a tail probe, then a time-out. Gives the number of a segment that leaves at once.
    pub(super) fn wake(&mut self, now: u64) -> Option<u64> {
        if self.timer.is_none_or(|timer| timer > now) {
            return None;
        }
        self.timer = None;
        if self.board.is_idle() {
            return None;
        }
        if !self.probed && self.recovery.is_none() {
            self.probed = true;
            let probe = self.board.probe_tail(now);
            self.set_timer(now);
            self.sent += u64::from(probe.is_some());
            self.resent += u64::from(probe.is_some());
            return probe;
        }
        self.board.lose_all();
        self.control.timed_out();
        self.timeouts += 1;
        self.recovery =
            Some(Recovery { until: self.board.next(), reduction: None, window: self.control.window() });
        self.paced_until = now;
        self.set_timer(now);
        None
    }

    /// What `TCP_INFO` would say.
    pub(super) fn counters(&self, now: u64) -> TcpCounters {
        let octets = |segments: u64| Some(segments * self.segment_octets);
        let window = self.recovery.map_or_else(|| self.control.window(), |recovery| recovery.window);
        let known = self.rtt_smooth.is_some();
        let limited = self.window_limited + self.held_by_window.map_or(0, |since| now - since);
        TcpCounters {
            elapsed_us: now / 1_000,
            rtt_us: self.rtt_smooth.map(|rtt| rtt / 1_000),
            rtt_var_us: known.then_some(self.rtt_deviation / 1_000),
            rtt_min_us: known.then_some(self.rtt_min / 1_000),
            bytes_acked: octets(self.board.first()),
            bytes_received: None,
            bytes_sent: octets(self.sent),
            bytes_retransmitted: octets(self.resent),
            segments_retransmitted: Some(self.resent),
            busy_us: Some(now / 1_000),
            receive_window_limited_us: Some(limited / 1_000),
            send_buffer_limited_us: Some(0),
            congestion_window_segments: Some(window),
            segment_bytes: Some(self.segment_octets),
            delivery_rate_bytes_per_second: self.rate.and_then(|(segments, nanos)| {
                (segments * self.segment_octets * 1_000_000_000).checked_div(nanos)
            }),
        }
    }

    fn recover(&mut self, news: &News) {
        if let Some(recovery) = self.recovery
            && self.board.first() >= recovery.until
        {
            self.recovery = None;
        }
        if news.lost > 0 && self.recovery.is_none() {
            let prior = self.control.window();
            let reduction = self.control.lost().map(|threshold| Reduction {
                threshold,
                prior: prior.max(1),
                delivered: 0,
                sent: 0,
            });
            self.recovery =
                Some(Recovery { until: self.board.next(), reduction, window: self.control.window() });
        }
        let Some(Recovery { reduction: Some(reduction), window, .. }) = &mut self.recovery else { return };
        let under_way = self.board.under_way();
        reduction.delivered += news.delivered;
        let room = reduction.threshold.saturating_sub(under_way);
        let send = if room == 0 {
            let due = (reduction.threshold * reduction.delivered).div_ceil(reduction.prior);
            due.saturating_sub(reduction.sent)
        } else {
            let owed = reduction.delivered.saturating_sub(reduction.sent).max(news.delivered);
            let owed = owed + u64::from(news.moved > 0 && news.lost == 0);
            owed.min(room)
        };
        *window = under_way + send.max(u64::from(reduction.sent == 0));
    }

    /// RFC 6298.
    fn take_rtt(&mut self, rtt: u64) {
        self.rtt_min = self.rtt_min.min(rtt);
        match self.rtt_smooth {
            None => (self.rtt_smooth, self.rtt_deviation) = (Some(rtt), rtt / 2),
            Some(smooth) => {
                self.rtt_deviation = (3 * self.rtt_deviation + smooth.abs_diff(rtt)) / 4;
                self.rtt_smooth = Some((7 * smooth + rtt) / 8);
            }
        }
    }

    fn set_timer(&mut self, now: u64) {
        let timeout =
            self.rtt_smooth.map_or(TIMEOUT_FIRST, |rtt| rtt + (4 * self.rtt_deviation).max(TIMEOUT_MIN));
        let timeout = timeout.saturating_mul(1 << self.timeouts.min(16)).min(TIMEOUT_MAX);
        // A probe goes out after two round trips, well before the time-out (RFC 8985, section 7).
        let probe = self.rtt_smooth.map(|rtt| (2 * rtt).max(PROBE_MIN));
        let wait = match probe {
            Some(probe) if !self.probed && self.recovery.is_none() => probe.min(timeout),
            _ => timeout,
        };
        self.timer = (!self.board.is_idle()).then_some(now + wait);
    }

    fn note_window(&mut self, holds: bool, now: u64) {
        match (holds, self.held_by_window) {
            (true, None) => self.held_by_window = Some(now),
            (false, Some(since)) => {
                self.window_limited += now - since;
                self.held_by_window = None;
            }
            _ => {}
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and `as` saturates"
)]
fn nanos_per_segment(segments_per_second: f64) -> u64 {
    (1e9 / segments_per_second) as u64
}
