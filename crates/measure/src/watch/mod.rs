//! The watch over a line: sparse echoes that turn fast when one goes unanswered, and the interruptions they show.
//!
//! Two halves. The *pace* decides what to ask and when, from the first sign of silence on; it may be wrong at no other
//! cost than a few echoes. The *record* judges, in order of sending and only from echoes whose fate is final, so that the
//! same echoes always give the same interruptions. The method is `docs/spec/outages.md`.
//!
//! The machine reads no clock. Its order of calls: give it what happened ([`Watch::answer`], [`Watch::link`]) and the time
//! ([`Watch::wake`]), then take [`Watch::next_action`] until it says when to wake it.

mod absence;
mod alert;
mod record;
mod settings;
mod silence;

use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{Interruption, InterruptionCause, LinkState, TargetId};
use desserte_units::Monotonic;

pub use absence::{LastSign, absence};
use alert::Pace;
use record::Record;
pub use settings::{WatchSettings, Watchfulness};

/// A wake so much later than asked for means that the probe slept or was held up: what was under way then tells nothing.
const STALL: Duration = Duration::from_secs(1);

/// A stall from which on it is reported: shorter ones are no more than a hole in the watch.
const STALL_REPORTED: Duration = Duration::from_secs(5);

/// Most echoes under way: ten seconds of the fastest pace with eight targets; more means that time stands still.
const UNDER_WAY_MAX: usize = 1024;

/// Whom an echo goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// A target, by its place in the configuration.
    Target(usize),
    /// The router on the site: it tells the near side from the far side.
    Gateway,
    /// The resolver of names.
    Dns,
}

/// One echo to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Names it in [`Watch::answer`].
    pub number: u64,
    /// Whom to ask.
    pub witness: Witness,
    /// Sent by the even pace, not because of a suspicion: only such echoes describe an ordinary minute.
    pub regular: bool,
}

/// What became of an echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// An answer came after this time.
    Answered(Duration),
    /// Sent, and no answer came, or a router said that none would.
    Lost,
    /// No way leads out of the probe.
    NoWay,
    /// Not sent, for a reason that says nothing of the line (budget, a run under way, no right to).
    NotSent,
}

/// An interruption and when the line was last known to be well before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The moment that the times of the interruption count from.
    pub since: Monotonic,
    /// What was found.
    pub interruption: Interruption,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this echo now.
    Ask(Ask),
    /// Keep this.
    Found(Found),
    /// Nothing until then, unless something happens before.
    Wait(Monotonic),
}

/// An echo whose fate is not known to be final, or not yet in turn.
#[derive(Debug, Clone, Copy)]
struct UnderWay {
    ask: Ask,
    at: Monotonic,
    fate: Option<Fate>,
    /// Already taken for lost by the pace.
    doubted: bool,
}

/// The watch over one line.
#[derive(Debug)]
pub struct Watch {
    settings: WatchSettings,
    pace: Pace,
    record: Record,
    under_way: VecDeque<UnderWay>,
    next_number: u64,
    actions: VecDeque<Action>,
    /// The last time given, and when the machine wanted to be woken.
    seen: Monotonic,
    due: Monotonic,
    paused: bool,
}

impl Watch {
    /// Begins a watch over `targets`; `dns` says whether there is a resolver to ask.
    #[must_use]
    pub fn new(settings: WatchSettings, targets: Vec<TargetId>, dns: bool, now: Monotonic) -> Self {
        Self {
            settings,
            pace: Pace::new(settings, targets.len(), dns, now),
            record: Record::new(settings, targets, now),
            under_way: VecDeque::new(),
            next_number: 0,
            actions: VecDeque::new(),
            seen: now,
            due: now,
            paused: false,
        }
    }

    /// Takes what became of an echo.
    ///
    /// An answer after the watch's patience is no answer; a second fate of the same echo is ignored.
    pub fn answer(&mut self, number: u64, fate: Fate, now: Monotonic) {
        self.notice(now);
        let Ok(place) = self.under_way.binary_search_by_key(&number, |echo| echo.ask.number) else { return };
        let echo = &mut self.under_way[place];
        if echo.fate.is_some() {
            return;
        }
        echo.fate = Some(fate);
        echo.doubted = true;
        self.pace.note(echo.ask.witness, echo.at, fate, now);
        self.settle();
    }

    /// Takes the state of the probe's own interface.
    pub fn link(&mut self, state: LinkState, now: Monotonic) {
        self.notice(now);
        if self.record.link(state, now) {
            self.pace.change(now, state != LinkState::Down);
        }
    }

    /// Lets time pass.
    pub fn wake(&mut self, now: Monotonic) {
        self.notice(now);
        let patience = self.settings.patience;
        let doubt = self.pace.doubt();
        for echo in &mut self.under_way {
            let age = now.since(echo.at);
            if echo.fate.is_none() && age >= patience {
                echo.fate = Some(Fate::Lost);
            }
            if age >= doubt.min(patience) && !echo.doubted {
                echo.doubted = true;
                self.pace.note(echo.ask.witness, echo.at, Fate::Lost, now);
            }
        }
        self.settle();
        if !self.paused {
            for (witness, regular) in self.pace.due(now) {
                self.ask(witness, regular, now);
            }
        }
    }

    /// Stops asking while the probe itself loads the line: what is lost then says nothing. A silence under way is watched
    /// on, since the load cannot have caused it.
    pub fn pause(&mut self, now: Monotonic) {
        self.notice(now);
        if !self.paused && !self.record.is_silent() {
            self.paused = true;
            self.forget(now);
        }
    }

    /// Goes on asking.
    pub fn resume(&mut self, now: Monotonic) {
        self.notice(now);
        if self.paused {
            self.paused = false;
            self.forget(now);
        }
    }

    /// Whether the watch is paused.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Ends the watch: what is under way is reported without its end.
    pub fn finish(&mut self, now: Monotonic) {
        self.notice(now);
        self.under_way.clear();
        self.report_all(|record| record.finish());
    }

    /// What to do next.
    pub fn next_action(&mut self) -> Action {
        if let Some(action) = self.actions.pop_front() {
            return action;
        }
        let patience = self.settings.patience;
        let doubt = self.pace.doubt();
        let fates = self.under_way.iter().filter(|echo| echo.fate.is_none());
        let fates =
            fates.map(|echo| echo.at.after(if echo.doubted { patience } else { doubt.min(patience) }));
        let pace = if self.paused { self.seen.after(STALL_REPORTED) } else { self.pace.next(self.seen) };
        self.due = fates.fold(pace, Ord::min).max(self.seen);
        Action::Wait(self.due)
    }

    fn ask(&mut self, witness: Witness, regular: bool, now: Monotonic) {
        if self.under_way.len() >= UNDER_WAY_MAX {
            return;
        }
        let ask = Ask { number: self.next_number, witness, regular };
        self.next_number += 1;
        self.under_way.push_back(UnderWay { ask, at: now, fate: None, doubted: false });
        self.actions.push_back(Action::Ask(ask));
    }

    /// Hands echoes to the record in order of sending, as far as their fates are final.
    fn settle(&mut self) {
        while let Some(front) = self.under_way.front() {
            let Some(fate) = front.fate else { break };
            let (number, witness, at) = (front.ask.number, front.ask.witness, front.at);
            self.under_way.pop_front();
            self.report_all(|record| record.take(number, witness, at, fate));
        }
    }

    fn report_all(&mut self, of: impl FnOnce(&mut Record) -> Vec<Found>) {
        let found = of(&mut self.record);
        self.actions.extend(found.into_iter().map(Action::Found));
    }

    /// Takes the time, and tells when the probe itself was away.
    fn notice(&mut self, now: Monotonic) {
        let away = now.since(self.due.max(self.seen));
        if away >= STALL {
            let (since, awake) = (self.seen, self.due.since(self.seen));
            self.under_way.clear();
            self.report_all(|record| record.finish());
            self.forget(now);
            let gone = now.since(since);
            if gone >= STALL_REPORTED {
                self.actions.push_back(Action::Found(Found { since, interruption: asleep(awake, gone) }));
            }
        }
        self.seen = self.seen.max(now);
        self.due = self.due.max(self.seen);
    }

    /// What was under way tells nothing, and neither does the time until the next answer.
    fn forget(&mut self, now: Monotonic) {
        self.under_way.clear();
        self.record.restart(now);
        self.pace.restart(now);
    }
}

/// The machine was last heard when times begin to count and may have been awake for `awake` more; it is back after `gone`.
fn asleep(awake: Duration, gone: Duration) -> Interruption {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let gone = micros(gone);
    Interruption {
        cause: InterruptionCause::Probe,
        target: None,
        began_latest_us: Some(micros(awake)),
        ended_earliest_us: Some(gone),
        ended_latest_us: Some(gone),
        pace: None,
        lost: 0,
        echoes: Vec::new(),
        resumed: None,
    }
}
