//! What was seen lately by those aboard: a few minutes of it, the oldest goes first.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use desserte_model::{Fix, PositionFault, Radio, RadioFault, RadioSample, Track};
use desserte_units::Monotonic;
use tokio::sync::Notify;

/// Kept of each kind: two minutes of one reading a second, which holds a run with its handshakes and its time limit.
const KEPT_MAX: usize = 128;

/// Receivers that report ten times a second tell no more of a car than two of them.
const POSITION_EVERY: Duration = Duration::from_millis(400);

/// Readings of those aboard.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    answers: RefCell<VecDeque<RadioSample>>,
    fixes: RefCell<VecDeque<Fix>>,
    radio_fault: Cell<Option<(Monotonic, RadioFault)>>,
    position_fault: Cell<Option<(Monotonic, PositionFault)>>,
    news: Notify,
}

impl Seen {
    #[cfg_attr(not(feature = "mobile"), expect(dead_code, reason = "nobody answers without a modem"))]
    pub(super) fn answer(&self, sample: RadioSample) {
        push(&mut self.answers.borrow_mut(), sample);
        self.news.notify_waiters();
    }

    pub(super) fn no_answer(&self, fault: RadioFault, at: Monotonic) {
        self.radio_fault.set(Some((at, fault)));
        self.news.notify_waiters();
    }

    pub(super) fn position(&self, fix: Fix) {
        let mut fixes = self.fixes.borrow_mut();
        if fixes.back().is_none_or(|last| fix.at_us.since(last.at_us) >= POSITION_EVERY) {
            push(&mut fixes, fix);
        }
        self.news.notify_waiters();
    }

    pub(super) fn no_position(&self, fault: PositionFault, at: Monotonic) {
        self.position_fault.set(Some((at, fault)));
        self.news.notify_waiters();
    }

    /// What the modem said in a time.
    pub(crate) fn radio(&self, from: Monotonic, to: Monotonic) -> Radio {
        let samples =
            self.answers.borrow().iter().filter(|one| (from..=to).contains(&one.at_us)).cloned().collect();
        let fault = self.radio_fault.get().filter(|(at, _)| (from..=to).contains(at)).map(|(_, fault)| fault);
        Radio { samples, fault }
    }

    /// What the receiver said in a time.
    pub(crate) fn track(&self, from: Monotonic, to: Monotonic) -> Track {
        let fixes =
            self.fixes.borrow().iter().filter(|one| (from..=to).contains(&one.at_us)).copied().collect();
        let fault =
            self.position_fault.get().filter(|(at, _)| (from..=to).contains(at)).map(|(_, fault)| fault);
        Track { fixes, fault }
    }

    /// The last position.
    #[cfg(feature = "mobile")]
    pub(crate) fn last_fix(&self) -> Option<Fix> {
        self.fixes.borrow().back().copied()
    }

    /// The last reason for which there was none.
    #[cfg(feature = "mobile")]
    pub(crate) fn position_fault(&self) -> Option<PositionFault> {
        self.position_fault.get().map(|(_, fault)| fault)
    }

    /// The network that the modem said to be with, at its last answer after a moment.
    #[cfg(feature = "mobile")]
    pub(crate) fn operator_after(&self, moment: Monotonic) -> Option<String> {
        let answers = self.answers.borrow();
        answers.back().filter(|answer| answer.at_us >= moment)?.operator.clone()
    }

    /// Waits until the modem and the receiver, each if it is asked, have been heard, or told why not, after a moment.
    pub(super) async fn heard_after(&self, moment: Monotonic, modem: bool, receiver: bool) {
        loop {
            let news = self.news.notified();
            tokio::pin!(news);
            // Registered before the look, so that nothing falls between.
            news.as_mut().enable();
            let radio = self.answers.borrow().back().map(|one| one.at_us);
            let position = self.fixes.borrow().back().map(|one| one.at_us);
            let told = |heard: Option<Monotonic>, fault: Option<Monotonic>| heard.max(fault) > Some(moment);
            if (!modem || told(radio, self.radio_fault.get().map(|(at, _)| at)))
                && (!receiver || told(position, self.position_fault.get().map(|(at, _)| at)))
            {
                return;
            }
            news.await;
        }
    }
}

fn push<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() >= KEPT_MAX {
        kept.pop_front();
    }
    kept.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(at_ms: u64) -> Fix {
        Fix {
            at_us: Monotonic::from_micros(at_ms * 1000),
            age_us: None,
            utc_us: None,
            lon: 1.87,
            lat: 46.17,
            uncertainty_m: None,
            speed_m_per_s: None,
            three_dimensional: false,
        }
    }

    #[test]
    fn only_what_lies_in_the_time_asked_for_is_given_and_the_oldest_goes_first() {
        let seen = Seen::default();
        for second in 0..300 {
            seen.position(fix(second * 1000));
            seen.position(fix(second * 1000 + 100));
        }
        let at = |second: u64| Monotonic::from_micros(second * 1_000_000);
        assert_eq!(seen.track(at(290), at(295)).fixes.len(), 6, "one of two within 400 ms");
        assert_eq!(seen.track(at(0), at(300)).fixes.len(), KEPT_MAX);
        seen.no_position(PositionFault::NoFix, at(296));
        assert_eq!(seen.track(at(290), at(295)).fault, None);
        assert_eq!(seen.track(at(290), at(297)).fault, Some(PositionFault::NoFix));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_waited_for_those_that_are_asked_and_for_nobody_else() {
        let seen = Seen::default();
        let at = Monotonic::from_micros;
        let soon = |modem, receiver| {
            let heard = seen.heard_after(at(10), modem, receiver);
            tokio::time::timeout(Duration::from_secs(1), heard)
        };
        assert!(soon(false, false).await.is_ok());
        seen.position(fix(1));
        assert!(soon(false, true).await.is_ok());
        assert!(soon(true, true).await.is_err());
        seen.no_answer(RadioFault::Absent, at(11));
        assert!(soon(true, true).await.is_ok(), "to be told why not is to be told");
    }
}
