//! Which program the probe's service runs: decided at each start from what is on the disk, by nobody else.

use std::time::Duration;

use semver::Version;

use crate::clock::Moment;
use crate::state::{Held, State};

/// A trial that nobody judged for so long is over: whoever watched it is gone. Longer than any trial that `update.toml` can ask for.
pub const TRIAL_MAX: Duration = Duration::from_secs(2 * 3600);

/// Programs to try, best first. The packaged one comes after them all, and needs no check: it is the system's.
///
/// A trial counts in the boot that it began in only. After a power cut, or a program that brings the machine down, the confirmed program
/// starts, without anybody's help. A packaged program that is as new as a kept one is preferred: `apt upgrade` wins.
#[must_use]
pub fn candidates(state: &State, packaged: &Version, now: &Moment) -> Vec<Held> {
    let on_trial = state
        .trial
        .as_ref()
        .filter(|trial| trial.since.until(now).is_some_and(|age| age < TRIAL_MAX))
        .map(|trial| &trial.held);
    on_trial.into_iter().chain(&state.confirmed).filter(|held| held.version > *packaged).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Trial;

    fn held(minor: u64) -> Held {
        Held { version: Version::new(0, minor, 0), sha256: String::new() }
    }

    fn at(boot: &str, seconds: u64) -> Moment {
        Moment { boot: boot.to_owned(), since_boot_us: seconds * 1_000_000 }
    }

    fn versions(state: &State, packaged: u64, now: &Moment) -> Vec<u64> {
        let packaged = Version::new(0, packaged, 0);
        candidates(state, &packaged, now).iter().map(|held| held.version.minor).collect()
    }

    #[test]
    fn a_trial_is_run_in_its_boot_only_and_the_newest_package_wins() {
        let state = State {
            confirmed: Some(held(2)),
            trial: Some(Trial { held: held(3), since: at("a", 100), interrupted: 0 }),
            ..State::default()
        };
        assert_eq!(versions(&state, 1, &at("a", 200)), [3, 2]);
        assert_eq!(versions(&state, 1, &at("b", 50)), [2], "after a power cut");
        assert_eq!(versions(&state, 1, &at("a", 100 + TRIAL_MAX.as_secs())), [2], "nobody watches any more");
        assert_eq!(versions(&state, 2, &at("b", 50)), [] as [u64; 0], "apt brought the same version");
        assert_eq!(versions(&state, 3, &at("a", 200)), [] as [u64; 0], "apt brought the version on trial");
        assert_eq!(versions(&State::default(), 1, &at("a", 0)), [] as [u64; 0]);
    }
}
