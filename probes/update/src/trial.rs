//! Judges a program on trial by what the probe shows of itself: it works once the collector has acknowledged a batch of its.

use std::time::Duration;

use crate::clock::Moment;
use crate::seen::Seen;
use crate::state::{Failure, Trial};

/// Starts of a program during its trial: a second one may be a person's doing, a third is not.
const STARTS_MAX: usize = 2;

/// How long a trial may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until the program shows that it runs.
    pub come_up: Duration,
    /// For how long it must have run when it is confirmed.
    pub steady: Duration,
    /// Without a sign of life of a program that runs: the probe writes one a minute.
    pub silent: Duration,
    /// Until the collector has acknowledged a batch.
    pub acknowledged: Duration,
}

/// What is known of a trial under way.
#[derive(Debug, Default)]
pub struct Watch {
    /// Starts seen, by the time since boot.
    starts: Vec<u64>,
}

/// The judgement of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Too early to say.
    Open,
    /// It works.
    Confirmed,
    /// It does not.
    Failed(Failure),
}

impl Watch {
    /// Judges by what the probe shows now. To be called at least as often as the shortest patience.
    pub fn judge(
        &mut self,
        trial: &Trial,
        seen: Option<&Seen>,
        now: &Moment,
        patience: &Patience,
    ) -> Verdict {
        let Some(age) = trial.since.until(now) else {
            // Another boot: whoever resumes the trial begins it anew.
            return Verdict::Open;
        };
        let ours = seen.filter(|seen| {
            seen.version == trial.held.version.to_string()
                && seen.started.boot == trial.since.boot
                && seen.started.since_boot_us >= trial.since.since_boot_us
        });
        let Some(seen) = ours else {
            return if age > patience.come_up {
                Verdict::Failed(Failure::NeverCameUp)
            } else {
                Verdict::Open
            };
        };
        if !self.starts.contains(&seen.started.since_boot_us) {
            self.starts.push(seen.started.since_boot_us);
        }
        if self.starts.len() > STARTS_MAX {
            return Verdict::Failed(Failure::KeptEnding);
        }
        if seen.written.until(now).is_none_or(|silence| silence > patience.silent) {
            return Verdict::Failed(Failure::FellSilent);
        }
        let acknowledged = seen
            .acknowledged
            .as_ref()
            .is_some_and(|at| at.boot == seen.started.boot && at.since_boot_us > seen.started.since_boot_us);
        let steady = seen.started.until(now).is_some_and(|up| up >= patience.steady);
        if acknowledged && steady {
            Verdict::Confirmed
        } else if age > patience.acknowledged && !acknowledged {
            Verdict::Failed(Failure::NeverAcknowledged)
        } else {
            Verdict::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::*;
    use crate::state::Held;

    const PATIENCE: Patience = Patience {
        come_up: Duration::from_secs(60),
        steady: Duration::from_secs(60),
        silent: Duration::from_secs(150),
        acknowledged: Duration::from_secs(900),
    };

    fn at(seconds: u64) -> Moment {
        Moment { boot: "a".to_owned(), since_boot_us: seconds * 1_000_000 }
    }

    fn trial() -> Trial {
        let held = Held { version: Version::new(0, 2, 0), sha256: String::new() };
        Trial { held, since: at(1000), interrupted: 0 }
    }

    fn shown(version: &str, started: u64, written: u64, acknowledged: Option<u64>) -> Seen {
        Seen {
            version: version.to_owned(),
            started: at(started),
            acknowledged: acknowledged.map(at),
            ..Seen::at(at(written))
        }
    }

    #[test]
    fn a_batch_acknowledged_after_the_start_confirms_and_one_from_before_does_not() {
        let mut watch = Watch::default();
        let mut judge = |now, seen: Seen| watch.judge(&trial(), Some(&seen), &at(now), &PATIENCE);
        assert_eq!(
            judge(1005, shown("0.1.0", 10, 1000, Some(990))),
            Verdict::Open,
            "the old one still shows"
        );
        assert_eq!(judge(1010, shown("0.2.0", 1004, 1010, Some(990))), Verdict::Open);
        assert_eq!(judge(1030, shown("0.2.0", 1004, 1030, Some(1020))), Verdict::Open, "not yet steady");
        assert_eq!(judge(1064, shown("0.2.0", 1004, 1064, Some(1020))), Verdict::Confirmed);
    }

    #[test]
    fn one_that_runs_and_is_never_acknowledged_fails_when_its_time_is_over() {
        let mut watch = Watch::default();
        let mut judge =
            |now| watch.judge(&trial(), Some(&shown("0.2.0", 1004, now, Some(990))), &at(now), &PATIENCE);
        assert_eq!(judge(1900), Verdict::Open);
        assert_eq!(judge(1901), Verdict::Failed(Failure::NeverAcknowledged));
    }

    #[test]
    fn one_that_does_not_come_up_fails_within_a_minute() {
        let mut watch = Watch::default();
        let old = shown("0.1.0", 10, 1000, Some(990));
        assert_eq!(watch.judge(&trial(), Some(&old), &at(1060), &PATIENCE), Verdict::Open);
        let failed = Verdict::Failed(Failure::NeverCameUp);
        assert_eq!(watch.judge(&trial(), Some(&old), &at(1061), &PATIENCE), failed);
        assert_eq!(watch.judge(&trial(), None, &at(1061), &PATIENCE), failed);
    }

    #[test]
    fn one_that_keeps_ending_or_falls_silent_fails() {
        let mut watch = Watch::default();
        for (number, started) in [1004, 1036, 1068].into_iter().enumerate() {
            let seen = shown("0.2.0", started, started + 1, None);
            let expected = if number < 2 { Verdict::Open } else { Verdict::Failed(Failure::KeptEnding) };
            assert_eq!(watch.judge(&trial(), Some(&seen), &at(started + 1), &PATIENCE), expected);
        }
        let silent = shown("0.2.0", 1004, 1010, Some(1008));
        let fell = Verdict::Failed(Failure::FellSilent);
        assert_eq!(Watch::default().judge(&trial(), Some(&silent), &at(1161), &PATIENCE), fell);
    }

    #[test]
    fn in_another_boot_nothing_is_judged() {
        let later = Moment { boot: "b".to_owned(), since_boot_us: 0 };
        assert_eq!(Watch::default().judge(&trial(), None, &later, &PATIENCE), Verdict::Open);
    }
}
