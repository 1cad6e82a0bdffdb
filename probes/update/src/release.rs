//! What a release says of itself in the signed list, and which release a probe should run.

use std::collections::HashMap;

use semver::Version;
use serde::Deserialize;
use serde_json::Value;

use crate::exec::PROGRAM_BYTES_MAX;
use crate::stage;
use crate::state::{Failure, State};

/// The key of ours in a target's `custom`.
const KEY: &str = "desserte";

/// A release of the probe for one kind of machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Name of the file in the repository.
    pub target: String,
    /// Its length in octets, as signed.
    pub bytes: u64,
    /// What it says of itself.
    pub about: About,
}

/// What is signed with a release. A key that is not known is ignored: later versions may say more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct About {
    /// Always `desserte-probe`: other programs may have releases in the same repository.
    pub program: String,
    /// Its version, three numbers.
    pub version: Version,
    /// The processor it is for, as Rust calls it: `x86_64`, `aarch64`.
    pub architecture: String,
    /// The channel: `stable` or another.
    pub channel: String,
    /// The oldest version that it can take over from.
    pub from: Version,
    /// The share of all probes that may have it, 0 to 1000: 0 halts it.
    pub share_per_mille: u16,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Its name, from its public key.
    pub probe: &'a str,
    /// What it runs now.
    pub version: &'a Version,
    /// Its processor.
    pub architecture: &'a str,
    /// Its channel.
    pub channel: &'a str,
}

/// Why a release is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// What runs is as new.
    NotNewer,
    /// What runs is too old to go there at once.
    TooFar,
    /// Its stage has not reached this probe, or it is halted.
    NotYet,
    /// It failed its trial here.
    Failed(Failure),
}

impl Release {
    /// Reads what a target says of itself.
    ///
    /// # Missing data
    /// `None` for what is no release of the probe, or says something that makes no sense: one such target is no reason to ignore the others.
    #[must_use]
    pub fn read(target: &str, bytes: u64, custom: &HashMap<String, Value>) -> Option<Self> {
        let about = About::deserialize(custom.get(KEY)?).ok()?;
        let plain = |version: &Version| version.pre.is_empty() && version.build.is_empty();
        let sound = about.program == "desserte-probe"
            && plain(&about.version)
            && plain(&about.from)
            && about.from < about.version
            && about.share_per_mille <= stage::WHOLE
            && (1..=PROGRAM_BYTES_MAX).contains(&bytes);
        sound.then(|| Self { target: target.to_owned(), bytes, about })
    }
}

impl Asker<'_> {
    /// Whether a release is for a machine like this, in its channel.
    #[must_use]
    pub fn may_have(&self, release: &Release) -> bool {
        release.about.architecture == self.architecture && release.about.channel == self.channel
    }

    /// Whether a release for this machine is to be taken, and why not.
    ///
    /// # Errors
    /// Why it is passed by.
    pub fn judge(&self, release: &Release, state: &State) -> Result<(), Passed> {
        let about = &release.about;
        if about.version <= *self.version {
            return Err(Passed::NotNewer);
        }
        if about.from > *self.version {
            return Err(Passed::TooFar);
        }
        if let Some(why) = state.refusal(&about.version) {
            return Err(Passed::Failed(why));
        }
        if stage::place(self.probe, &about.version) >= about.share_per_mille {
            return Err(Passed::NotYet);
        }
        Ok(())
    }

    /// The release to take: the newest of those that are for it.
    #[must_use]
    pub fn choose<'r>(&self, releases: &'r [Release], state: &State) -> Option<&'r Release> {
        let wanted =
            releases.iter().filter(|release| self.may_have(release) && self.judge(release, state).is_ok());
        wanted.max_by(|a, b| a.about.version.cmp(&b.about.version))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn custom(version: &str, from: &str, share: u16) -> HashMap<String, Value> {
        let about = json!({"program": "desserte-probe", "version": version, "architecture": "x86_64",
            "channel": "stable", "from": from, "share_per_mille": share, "later": true});
        HashMap::from([(KEY.to_owned(), about)])
    }

    fn release(version: &str, from: &str, share: u16) -> Release {
        Release::read("probe", 4_000_000, &custom(version, from, share)).unwrap()
    }

    fn choose(running: &str, releases: &[Release], state: &State) -> Option<String> {
        let version: Version = running.parse().unwrap();
        let asker = Asker { probe: "example", version: &version, architecture: "x86_64", channel: "stable" };
        asker.choose(releases, state).map(|release| release.about.version.to_string())
    }

    #[test]
    fn the_newest_release_that_can_be_reached_is_taken() {
        let releases = [release("0.2.0", "0.1.0", 1000), release("0.3.0", "0.2.0", 1000)];
        let state = State::default();
        assert_eq!(choose("0.1.0", &releases, &state).as_deref(), Some("0.2.0"), "0.3.0 is too far");
        assert_eq!(choose("0.2.0", &releases, &state).as_deref(), Some("0.3.0"));
        assert_eq!(choose("0.3.0", &releases, &state), None, "never back");
    }

    #[test]
    fn a_halted_a_failed_and_a_foreign_release_are_passed_by() {
        let mut state = State::default();
        assert_eq!(choose("0.1.0", &[release("0.2.0", "0.1.0", 0)], &state), None);
        // The place of `example` for 1.2.3 is 168 (stage.rs).
        assert_eq!(choose("0.1.0", &[release("1.2.3", "0.1.0", 168)], &state), None);
        assert_eq!(choose("0.1.0", &[release("1.2.3", "0.1.0", 169)], &state).as_deref(), Some("1.2.3"));
        state.refuse(Version::new(1, 2, 3), Failure::KeptEnding);
        assert_eq!(choose("0.1.0", &[release("1.2.3", "0.1.0", 1000)], &state), None);
        for (key, value) in [("architecture", "aarch64"), ("channel", "test")] {
            let mut foreign = custom("0.2.0", "0.1.0", 1000);
            foreign.get_mut(KEY).unwrap()[key] = value.into();
            let foreign = Release::read("probe", 4_000_000, &foreign).unwrap();
            assert_eq!(choose("0.1.0", &[foreign], &State::default()), None, "{value}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_no_release() {
        assert_eq!(Release::read("probe", 0, &custom("0.2.0", "0.1.0", 1)), None);
        assert_eq!(Release::read("probe", PROGRAM_BYTES_MAX + 1, &custom("0.2.0", "0.1.0", 1)), None);
        assert_eq!(Release::read("probe", 1, &custom("0.2.0-rc1", "0.1.0", 1)), None);
        assert_eq!(Release::read("probe", 1, &custom("0.2.0", "0.2.0", 1)), None);
        assert_eq!(Release::read("probe", 1, &custom("0.2.0", "0.1.0", 1001)), None);
        assert_eq!(Release::read("probe", 1, &HashMap::new()), None);
    }
}
