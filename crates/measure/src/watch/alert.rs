//! When to ask whom: evenly while all is well, fast when something changes, steadily while something is silent.

use std::time::Duration;

use desserte_units::Monotonic;

use super::settings::WatchSettings;
use super::{Fate, Witness};

/// Bounds of the time after which an answer is late enough to look closer. Below, queues in the house would set it off;
/// above, a gap of five seconds could be over before it is seen. A late answer still counts until the patience ends.
const DOUBT: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(1));

/// Answers in a row from everyone that end an alert: one after a doubt, three after a silence.
const STREAK: (u32, u32) = (1, 3);

/// Losses in a row that make a silence of a doubt.
const SILENCE_LOSSES: u32 = 3;

/// The gateway is asked this often while all is well, to learn whether it answers at all. It costs the line nothing.
const GATEWAY_EVERY: Duration = Duration::from_secs(15);

/// Quick rounds that may be saved up: one minute of them. One is earned each period, so that a line that loses a lot
/// does not cost more than three times the even pace.
const ROUNDS_MAX: u32 = 300;

/// What is known of one witness, by the latest echoes sent, whether or not their fate is final.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// When the latest answered echo was sent.
    answered: Option<Monotonic>,
    /// When the first of the echoes lost since was sent.
    silent: Option<Monotonic>,
    /// Echoes lost since.
    losses: u32,
    /// Answers in a row to echoes sent during the alert.
    streak: u32,
    /// When it is asked again while silent.
    next_steady: Monotonic,
}

/// Decides what to ask and when.
#[derive(Debug)]
pub(super) struct Pace {
    settings: WatchSettings,
    /// Targets in order, then the resolver if there is one.
    seen: Vec<Seen>,
    targets: usize,
    turn: usize,
    next_regular: Monotonic,
    next_dns: Monotonic,
    next_gateway: Monotonic,
    alert: Option<Alert>,
    rounds: u32,
    round_earned: Monotonic,
    /// Smoothed round trip and its mean deviation, microseconds, as RFC 6298 has them.
    rtt: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Alert {
    since: Monotonic,
    next: Monotonic,
    /// Something that was silent has come back.
    recovering: bool,
}

impl Pace {
    pub(super) fn new(settings: WatchSettings, targets: usize, dns: bool, now: Monotonic) -> Self {
        Self {
            settings,
            seen: vec![Seen::default(); targets + usize::from(dns)],
            targets,
            turn: 0,
            next_regular: now,
            next_dns: now,
            next_gateway: now,
            alert: None,
            rounds: ROUNDS_MAX,
            round_earned: now,
            rtt: None,
        }
    }

    /// After how long an answer is late.
    pub(super) fn doubt(&self) -> Duration {
        let late =
            self.rtt.map_or(DOUBT.1, |(smooth, deviation)| Duration::from_micros(smooth + 4 * deviation));
        late.clamp(DOUBT.0, DOUBT.1)
    }

    /// Takes what became, or seems to have become, of an echo sent at `sent`.
    pub(super) fn note(&mut self, witness: Witness, sent: Monotonic, fate: Fate, now: Monotonic) {
        if let (Witness::Target(_), Fate::Answered(rtt)) = (witness, fate) {
            self.smooth(u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX));
        }
        let Some(seen) = self.place(witness).and_then(|place| self.seen.get_mut(place)) else { return };
        match fate {
            Fate::Answered(_) => {
                seen.answered = seen.answered.max(Some(sent));
                if self.alert.is_some_and(|alert| sent >= alert.since) {
                    seen.streak += 1;
                }
                if seen.silent.is_some_and(|silent| silent <= sent) {
                    let recovers = seen.losses >= SILENCE_LOSSES;
                    (seen.silent, seen.losses) = (None, 0);
                    if recovers {
                        self.change(now, true);
                    }
                }
            }
            Fate::Lost | Fate::NoWay if seen.answered < Some(sent) => {
                (seen.streak, seen.losses) = (0, seen.losses + 1);
                if seen.silent.is_none() {
                    seen.silent = Some(sent);
                    seen.next_steady = now;
                    self.change(now, false);
                }
            }
            Fate::Lost | Fate::NoWay | Fate::NotSent => {}
        }
    }

    /// Something changed: everyone is asked, fast.
    pub(super) fn change(&mut self, now: Monotonic, recovering: bool) {
        let earlier = self.alert.is_some_and(|alert| alert.recovering);
        let next = self.alert.map_or(now, |alert| alert.next);
        if self.alert.is_none() {
            self.seen.iter_mut().for_each(|seen| seen.streak = 0);
        }
        self.alert = Some(Alert { since: now, next, recovering: recovering || earlier });
    }

    /// Whom to ask now; the flag tells the even pace from suspicion.
    pub(super) fn due(&mut self, now: Monotonic) -> Vec<(Witness, bool)> {
        let mut asks = Vec::new();
        self.end_alert(now);
        if self.alert.is_some() {
            self.quick_round(now, &mut asks);
        } else {
            self.steady_round(now, &mut asks);
        }
        self.regular_round(now, &mut asks);
        asks
    }

    /// When something is due next, if nothing happens before.
    pub(super) fn next(&self, now: Monotonic) -> Monotonic {
        let mut next = self.next_gateway;
        if self.targets > 0 {
            next = next.min(self.next_regular);
        }
        if self.has_dns() {
            next = next.min(self.next_dns);
        }
        if let Some(alert) = self.alert {
            next = next.min(alert.next);
        } else {
            let silent = self.seen.iter().filter(|seen| seen.silent.is_some());
            next = silent.map(|seen| seen.next_steady).fold(next, Ord::min);
        }
        next.max(now)
    }

    /// Forgets who seemed silent: what was under way tells nothing.
    pub(super) fn restart(&mut self, now: Monotonic) {
        self.seen.fill(Seen::default());
        self.alert = None;
        (self.next_regular, self.next_dns, self.next_gateway) = (now, now, now);
    }

    fn end_alert(&mut self, now: Monotonic) {
        let Some(alert) = self.alert else { return };
        let need = if alert.recovering { STREAK.1 } else { STREAK.0 };
        let long_silent = |seen: &Seen| {
            seen.silent.is_some_and(|silent| alert.since.since(silent) >= self.settings.quick_for)
        };
        let settled = self.seen.iter().all(|seen| seen.streak >= need || long_silent(seen));
        if settled || now.since(alert.since) >= self.settings.quick_for {
            self.alert = None;
            for seen in &mut self.seen {
                seen.next_steady = now;
            }
        }
    }

    fn quick_round(&mut self, now: Monotonic, asks: &mut Vec<(Witness, bool)>) {
        self.earn_rounds(now);
        let Some(alert) = &mut self.alert else { return };
        if alert.next > now {
            return;
        }
        let rest = if self.rounds > 0 { self.settings.quick } else { self.settings.steady };
        self.rounds = self.rounds.saturating_sub(1);
        alert.next = now.after(rest);
        asks.extend((0..self.targets).map(|place| (Witness::Target(place), false)));
        asks.push((Witness::Gateway, false));
        if self.has_dns() {
            asks.push((Witness::Dns, false));
        }
    }

    /// One round is earned each period.
    fn earn_rounds(&mut self, now: Monotonic) {
        let period = self.settings.period.max(self.settings.quick);
        let earned = now.since(self.round_earned).as_micros() / period.as_micros().max(1);
        if earned > 0 {
            self.rounds =
                self.rounds.saturating_add(u32::try_from(earned).unwrap_or(u32::MAX)).min(ROUNDS_MAX);
            self.round_earned = now;
        }
    }

    fn steady_round(&mut self, now: Monotonic, asks: &mut Vec<(Witness, bool)>) {
        let (targets, settings) = (self.targets, self.settings);
        let mut target_silent = false;
        for (place, seen) in self.seen.iter_mut().enumerate() {
            let Some(silent) = seen.silent.filter(|_| seen.next_steady <= now) else { continue };
            seen.next_steady = now.after(settings.steady_after(now.since(silent)));
            target_silent |= place < targets;
            asks.push((if place < targets { Witness::Target(place) } else { Witness::Dns }, false));
        }
        if target_silent {
            asks.push((Witness::Gateway, false));
        }
    }

    fn regular_round(&mut self, now: Monotonic, asks: &mut Vec<(Witness, bool)>) {
        if self.targets > 0 && self.next_regular <= now {
            self.next_regular = following(self.next_regular, self.settings.period, now);
            let place = self.turn % self.targets;
            self.turn = self.turn.wrapping_add(1);
            asks.push((Witness::Target(place), true));
            // The turn of a silent target is also given to one that speaks, or the line were watched half as closely.
            let speaks = |place: &usize| self.seen[*place].silent.is_none();
            if !speaks(&place) {
                let others = (1..self.targets).map(|step| (place + step) % self.targets);
                asks.extend(others.into_iter().find(speaks).map(|other| (Witness::Target(other), true)));
            }
        }
        if self.has_dns() && self.next_dns <= now {
            self.next_dns = following(self.next_dns, self.settings.dns_period, now);
            if self.seen[self.targets].silent.is_none() {
                asks.push((Witness::Dns, true));
            }
        }
        if self.next_gateway <= now {
            self.next_gateway = following(self.next_gateway, GATEWAY_EVERY, now);
            asks.push((Witness::Gateway, true));
        }
    }

    fn has_dns(&self) -> bool {
        self.seen.len() > self.targets
    }

    fn place(&self, witness: Witness) -> Option<usize> {
        match witness {
            Witness::Target(place) => Some(place),
            Witness::Dns => self.has_dns().then_some(self.targets),
            Witness::Gateway => None,
        }
    }

    fn smooth(&mut self, rtt: u64) {
        self.rtt = Some(match self.rtt {
            None => (rtt, rtt / 2),
            Some((smooth, deviation)) => ((7 * smooth + rtt) / 8, (3 * deviation + smooth.abs_diff(rtt)) / 4),
        });
    }
}

/// The next moment of an even pace; what was missed is left out.
fn following(last: Monotonic, period: Duration, now: Monotonic) -> Monotonic {
    let next = last.after(period);
    if next > now { next } else { now.after(period) }
}
