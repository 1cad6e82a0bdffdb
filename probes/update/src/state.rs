//! What is kept: which programs are there, which is on trial, which are never tried again, what was put on the line.
//!
//! One file, replaced whole: there is no moment in which two parts of it disagree.

use std::path::{Path, PathBuf};
use std::{fs, io};

use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock::Moment;
use crate::data::Traffic;
use crate::disk::{Disk, Kind, replace};

const FILE: &str = "state.json";

/// The version of the file; one of another version is left alone, and the packaged program runs.
pub const SCHEMA: &str = "desserte-update-state/1";

/// Versions that are never tried again: the oldest are forgotten, which costs one more trial.
const REFUSED_MAX: usize = 32;

/// Longest file that is read.
const BYTES_MAX: u64 = 256 * 1024;

/// Everything kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The version of this form.
    pub schema: String,
    /// The program that a trial has confirmed, if any.
    pub confirmed: Option<Held>,
    /// The program on trial, if any.
    pub trial: Option<Trial>,
    /// Versions that failed their trial.
    pub refused: Vec<RefusedVersion>,
    /// What updates put on the line in the month.
    pub traffic: Traffic,
    /// SHA-256 of the root of trust that the kept metadata goes back to.
    pub anchor: Option<String>,
    /// How the last look at the repository ended.
    pub last: Option<Last>,
}

/// A program in the folder of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its version.
    pub version: Version,
    /// SHA-256 of its octets, in hexadecimal: a card that rots is found before the program is run.
    pub sha256: String,
}

/// A program that has not yet shown that it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The program.
    pub held: Held,
    /// Since when.
    pub since: Moment,
    /// How often its trial was cut short, by a power cut for example.
    pub interrupted: u32,
}

/// A version that failed its trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedVersion {
    /// Which.
    pub version: Version,
    /// Why.
    pub why: Failure,
}

/// Why a trial failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It showed no sign of life.
    NeverCameUp,
    /// It came up and ended, again and again.
    KeptEnding,
    /// It runs and shows nothing any more.
    FellSilent,
    /// The collector acknowledged none of its batches.
    NeverAcknowledged,
    /// Its trial was cut short too often.
    Interrupted,
    /// It did not start on this machine, or refused the configuration.
    DoesNotStart,
    /// A person said so.
    ByHand,
}

/// How the last look ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// When, in seconds since 1970 by the machine's calendar.
    pub unix_s: i64,
    /// What came of it, in a word that `status` translates.
    pub outcome: String,
    /// The version that it was about.
    #[serde(default)]
    pub version: Option<Version>,
    /// More of it in a developer's words, for whoever looks for the cause.
    pub detail: Option<String>,
}

/// The folder of the updater.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
}

impl Default for State {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            confirmed: None,
            trial: None,
            refused: Vec::new(),
            traffic: Traffic::default(),
            anchor: None,
            last: None,
        }
    }
}

impl State {
    /// Remembers a version that failed.
    pub fn refuse(&mut self, version: Version, why: Failure) {
        self.refused.retain(|refused| refused.version != version);
        if self.refused.len() >= REFUSED_MAX {
            self.refused.remove(0);
        }
        self.refused.push(RefusedVersion { version, why });
    }

    /// Why a version is never tried again, if it is not.
    #[must_use]
    pub fn refusal(&self, version: &Version) -> Option<Failure> {
        self.refused.iter().find(|refused| refused.version == *version).map(|refused| refused.why)
    }
}

impl Place {
    /// A folder that is there.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the programs are, a folder for each version.
    #[must_use]
    pub fn versions(&self) -> PathBuf {
        self.folder.join("versions")
    }

    /// Where the program of a version is.
    #[must_use]
    pub fn program(&self, version: &Version) -> PathBuf {
        self.versions().join(version.to_string()).join("desserte-probe")
    }

    /// The file that changes whenever the probe is to be started anew.
    #[must_use]
    pub fn switch(&self) -> PathBuf {
        self.folder.join("switch")
    }

    /// Where verified metadata is kept.
    #[must_use]
    pub fn metadata(&self) -> PathBuf {
        self.folder.join("metadata")
    }

    /// Reads the state.
    ///
    /// # Missing data
    /// The state of a new installation when there is none, when it is damaged, or of another version: the packaged program then runs, and what is
    /// still wanted is fetched again. What is lost with it are the versions refused and the month's traffic.
    ///
    /// # Errors
    /// When the file is there and may not be read.
    pub fn read(&self) -> io::Result<State> {
        let path = self.folder.join(FILE);
        let text = match fs::metadata(&path) {
            Ok(found) if found.len() <= BYTES_MAX => fs::read(&path)?,
            Ok(_) => return Ok(State::default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
            Err(error) => return Err(error),
        };
        let state = serde_json::from_slice::<State>(&text).ok();
        Ok(state.filter(|state| state.schema == SCHEMA).unwrap_or_default())
    }

    /// Replaces the state; on the disk when this returns.
    ///
    /// # Errors
    /// As the system says; the earlier state is then still there.
    pub fn write(&self, disk: &dyn Disk, state: &State) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(state)?;
        replace(disk, &self.folder.join(FILE), &text, Kind::File)
    }
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().fold(String::with_capacity(64), |mut text, octet| {
        use std::fmt::Write as _;
        // Writing to a text cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
