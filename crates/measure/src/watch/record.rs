//! What the echoes show: interruptions of the line, of one target, of the resolution of names.

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{EdgeEcho, Interruption, InterruptionCause, LinkState, TargetId, WitnessKind};
use desserte_units::Monotonic;

use super::settings::WatchSettings;
use super::silence::{Echo, Recent, Sign, Silence};
use super::{Fate, Found, Witness};
use crate::INTERRUPTION;

/// Times without carrier kept: a router that starts shows a handful.
const LINK_DOWNS_MAX: usize = 32;

/// One witness's own silence: `sure` losses while others answered, `open` ones of which that is not known yet.
#[derive(Debug, Default)]
struct Own {
    before: Option<Sign>,
    sure: Option<Silence>,
    open: Option<Silence>,
}

/// Judges echoes in order of sending.
#[derive(Debug)]
pub(super) struct Record {
    settings: WatchSettings,
    targets: Vec<TargetId>,
    /// When this stretch of the watch began.
    since: Monotonic,
    last_up: Option<Sign>,
    line: Option<Silence>,
    own: Vec<Own>,
    dns: Own,
    gateway_known: bool,
    link: LinkState,
    link_downs: VecDeque<(Monotonic, Option<Monotonic>)>,
    recent: Recent,
}

impl Record {
    pub(super) fn new(settings: WatchSettings, targets: Vec<TargetId>, now: Monotonic) -> Self {
        Self {
            settings,
            own: targets.iter().map(|_| Own::default()).collect(),
            targets,
            since: now,
            last_up: None,
            line: None,
            dns: Own::default(),
            gateway_known: false,
            link: LinkState::Unknown,
            link_downs: VecDeque::new(),
            recent: Recent::default(),
        }
    }

    /// Takes the state of the interface; returns whether the carrier has just gone or come back.
    pub(super) fn link(&mut self, state: LinkState, now: Monotonic) -> bool {
        let (was, is) = (self.link == LinkState::Down, state == LinkState::Down);
        self.link = state;
        if is && !was {
            if self.link_downs.len() >= LINK_DOWNS_MAX {
                self.link_downs.pop_front();
            }
            self.link_downs.push_back((now, None));
        } else if was && !is {
            if let Some(last) = self.link_downs.back_mut() {
                last.1 = Some(now);
            }
        }
        is != was
    }

    /// Whether the line seems silent.
    pub(super) fn is_silent(&self) -> bool {
        self.line.as_ref().is_some_and(|silence| self.qualifies(silence))
    }

    /// Takes the next echo.
    pub(super) fn take(&mut self, number: u64, witness: Witness, at: Monotonic, fate: Fate) -> Vec<Found> {
        let rtt = match fate {
            Fate::Answered(rtt) => Some(rtt),
            Fate::Lost | Fate::NoWay => None,
            Fate::NotSent => return Vec::new(),
        };
        let echo = Echo { number, witness, at, rtt };
        self.recent.push(echo);
        let mut found = Vec::new();
        match (witness, rtt) {
            (Witness::Gateway, _) => self.gateway(at, rtt.is_some()),
            (Witness::Target(place), Some(rtt)) => {
                let sign = Sign { sent: at, rtt };
                let line = self.end_line(Some(sign));
                for other in self.own.iter_mut().chain([&mut self.dns]) {
                    other.tell(line.is_some());
                }
                found.extend(line);
                found.extend(self.end_own(Witness::Target(place), Some(sign)));
            }
            (Witness::Target(place), None) => {
                let (before, targets) = (self.last_up, self.targets.len());
                let line = self.line.get_or_insert_with(|| Silence::new(before, at, targets, &self.recent));
                line.lose(place, at, fate == Fate::NoWay);
                self.own[place].lose(at, &self.recent);
            }
            (Witness::Dns, Some(rtt)) => found.extend(self.end_own(witness, Some(Sign { sent: at, rtt }))),
            (Witness::Dns, None) => self.dns.lose(at, &self.recent),
        }
        if let Some(line) = &mut self.line {
            line.see(echo);
        }
        found
    }

    /// Ends everything that is open, without an end.
    pub(super) fn finish(&mut self) -> Vec<Found> {
        let mut found: Vec<Found> = self.end_line(None).into_iter().collect();
        found.extend((0..self.targets.len()).filter_map(|place| self.end_own(Witness::Target(place), None)));
        found.extend(self.end_own(Witness::Dns, None));
        found
    }

    /// Begins anew: nothing before `now` tells anything about what comes.
    pub(super) fn restart(&mut self, now: Monotonic) {
        self.since = now;
        (self.last_up, self.line) = (None, None);
        self.own.iter_mut().chain([&mut self.dns]).for_each(|own| *own = Own::default());
        self.recent.clear();
    }

    fn gateway(&mut self, at: Monotonic, answered: bool) {
        self.gateway_known |= answered;
        if let Some(line) = &mut self.line {
            if at.since(line.first) <= INTERRUPTION.value.onset {
                line.gateway.0 += 1;
                line.gateway.1 += u32::from(answered);
            }
        }
    }

    /// A target answered, or the watch ends: a line that was silent for long enough was interrupted.
    fn end_line(&mut self, sign: Option<Sign>) -> Option<Found> {
        let silence = self.line.take();
        if sign.is_some() {
            self.last_up = sign;
        }
        let silence = silence.filter(|silence| self.qualifies(silence))?;
        let cause = self.cause(&silence);
        Some(self.found(silence, cause, None, sign))
    }

    fn end_own(&mut self, witness: Witness, sign: Option<Sign>) -> Option<Found> {
        let rule = INTERRUPTION.value;
        let (own, least, cause) = match witness {
            Witness::Target(place) => {
                (&mut self.own[place], rule.target_losses_min, InterruptionCause::Target)
            }
            _ => (&mut self.dns, rule.dns_losses_min, InterruptionCause::Dns),
        };
        let silence = own.end(sign)?;
        if silence.losses() < least || silence.span() < rule.span_min {
            return None;
        }
        let target = match witness {
            Witness::Target(place) => self.targets.get(place).cloned(),
            _ => None,
        };
        Some(self.found(silence, cause, target, sign))
    }

    /// Whether a run of losses is a silence of the line: at least two targets, each of which lost several echoes, or
    /// the only one left, which must have lost more.
    fn qualifies(&self, silence: &Silence) -> bool {
        let rule = INTERRUPTION.value;
        let lost = self.alive().map(|place| silence.lost[place]);
        let silent = lost.clone().filter(|lost| *lost >= rule.line_losses_min).count();
        silent >= rule.targets_min
            || (self.alive().count() < rule.targets_min
                && lost.max().unwrap_or(0) >= 2 * rule.line_losses_min
                && silence.span() >= rule.span_min)
    }

    /// The targets that did not fall silent on their own.
    fn alive(&self) -> impl Iterator<Item = usize> + Clone {
        let least = INTERRUPTION.value.target_losses_min;
        let dead = move |own: &Own| own.sure.as_ref().is_some_and(|sure| sure.losses() >= least);
        self.own.iter().enumerate().filter(move |(_, own)| !dead(own)).map(|(place, _)| place)
    }

    /// The nearest thing that failed when the silence began: what fails later may be a consequence, or people at work.
    fn cause(&self, silence: &Silence) -> InterruptionCause {
        let rule = INTERRUPTION.value;
        let from = silence.before.map_or(self.since, |sign| sign.sent);
        let until = silence.first.after(rule.onset);
        let near =
            |down: &(Monotonic, Option<Monotonic>)| down.0 <= until && down.1.is_none_or(|end| end >= from);
        if silence.no_way > 0 || self.link_downs.iter().any(near) {
            InterruptionCause::Link
        } else if self.gateway_known && silence.gateway.0 >= rule.gateway_losses_min && silence.gateway.1 == 0
        {
            InterruptionCause::Gateway
        } else if self.alive().count() < rule.targets_min {
            InterruptionCause::SecondTarget
        } else {
            InterruptionCause::Beyond
        }
    }

    fn found(
        &self,
        silence: Silence,
        cause: InterruptionCause,
        target: Option<TargetId>,
        after: Option<Sign>,
    ) -> Found {
        let since = silence.before.map_or(self.since, Sign::turned);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let from_start = |at: Monotonic| micros(at.since(since));
        let echo = |echo: Echo| EdgeEcho {
            sent_us: i64::try_from(echo.at.as_micros()).unwrap_or(i64::MAX)
                - i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            witness: match echo.witness {
                Witness::Target(_) => WitnessKind::Target,
                Witness::Gateway => WitnessKind::Gateway,
                Witness::Dns => WitnessKind::Dns,
            },
            target: match echo.witness {
                Witness::Target(place) => self.targets.get(place).cloned(),
                Witness::Gateway | Witness::Dns => None,
            },
            rtt_us: echo.rtt.map(|rtt| u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX)),
        };
        let interruption = Interruption {
            cause,
            target,
            // The first lost echo may have been lost on its way back.
            began_latest_us: silence.before.map(|sign| from_start(silence.first.after(sign.rtt))),
            ended_earliest_us: Some(from_start(silence.last)),
            ended_latest_us: after.map(|sign| from_start(sign.turned())),
            pace: Some(self.settings.pace()),
            lost: silence.losses(),
            echoes: silence.edges(&self.recent).into_iter().map(echo).collect(),
            resumed: None,
        };
        Found { since, interruption }
    }
}

impl Own {
    fn lose(&mut self, at: Monotonic, recent: &Recent) {
        let before = self.before;
        self.open.get_or_insert_with(|| Silence::new(before, at, 1, recent)).lose(0, at, false);
    }

    /// A target answered: what was lost before was not the line's fault, unless the line was silent then.
    fn tell(&mut self, line_was_silent: bool) {
        let Some(open) = self.open.take().filter(|_| !line_was_silent) else { return };
        match &mut self.sure {
            Some(sure) => sure.join(open),
            None => self.sure = Some(open),
        }
    }

    /// The witness answered, or the watch ends.
    fn end(&mut self, sign: Option<Sign>) -> Option<Silence> {
        self.before = sign.or(self.before);
        self.open = None;
        self.sure.take()
    }
}
