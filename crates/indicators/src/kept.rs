//! A month's indicators as a file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use desserte_equity::ReleaseRules;
use serde::{Deserialize, Serialize};

use crate::Month;
use crate::figures::Figure;
use crate::spread::Measure;

/// Version of the file's form; a file of another version is not read.
pub const FORMAT: u32 = 1;

/// Directory within a store's where months are kept.
const DIRECTORY: &str = "indicators";

/// Largest file that is read, in octets: all communes of France with some sixty figures each are below half of it.
const FILE_MAX: u64 = 512 << 20;

/// A month's indicators as anyone may read them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Version of the form.
    pub format: u32,
    /// The month, by the clock of each site.
    pub month: Month,
    /// True when nothing here describes a real user's line.
    pub demonstration: bool,
    /// Version of the methods by which records were made.
    pub method: String,
    /// Names of the sets of parameters that figures follow, the rule of release among them.
    pub parameters: Vec<String>,
    /// Fingerprint of the territory file.
    pub territory: String,
    /// Places that may be told: the whole, then départements, then communes.
    pub places: Vec<Place>,
    /// Départements and communes that something was measured in and that may not be told.
    pub withheld: [usize; 2],
    /// Seed of the draws behind intervals.
    pub seed: u64,
    /// How services are spread over everything that was measured.
    pub measures: Vec<Measure>,
    /// Classes that stand in for what they are named after.
    pub stand_ins: Vec<String>,
    /// Classes that the territory does not know, or cannot tell apart.
    pub absent: Vec<String>,
}

/// A place with its service indicators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `all`, `departement` or `commune`.
    pub level: String,
    /// Its code; empty for the whole.
    pub code: String,
    /// Its name; empty for the whole.
    pub name: String,
    /// Whether too many sites stand in public buildings, or nobody said where they stand.
    pub may_over_represent_centres: bool,
    /// Figures.
    pub figures: Vec<Figure>,
}

/// Why a month is not there.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no month of indicators in form {FORMAT}: make it anew")]
    Form {
        /// Which.
        path: PathBuf,
    },
}

impl Kept {
    /// The file of a month in the directory of a store.
    #[must_use]
    pub fn path(data: &Path, month: Month) -> PathBuf {
        data.join(DIRECTORY).join(format!("{month}.json"))
    }

    /// Reads a month; `None` if it was not kept.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(data: &Path, month: Month) -> Result<Option<Self>, KeptError> {
        let path = Self::path(data, month);
        let Some(text) = read(&path)? else { return Ok(None) };
        let kept: Option<Self> = serde_json::from_str(&text).ok();
        match kept.filter(|kept| kept.format == FORMAT && kept.month == month) {
            Some(kept) => Ok(Some(kept)),
            None => Err(KeptError::Form { path }),
        }
    }

    /// Keeps the month in the directory of a store, in the place of what was kept of it; readers see the one or the other.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, data: &Path) -> Result<PathBuf, KeptError> {
        let path = Self::path(data, self.month);
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        replace(&path, &text)?;
        Ok(path)
    }

    /// The place of this level and code.
    #[must_use]
    pub fn place(&self, level: &str, code: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.level == level && place.code == code)
    }
}

impl Place {
    /// Makes figures coarse, so that two of them do not differ by a single home.
    pub(crate) fn coarse(&mut self, rules: &ReleaseRules) {
        for figure in &mut self.figures {
            if figure.state == "observed" {
                figure.value = figure.value.map(|value| count(value, rules));
            } else {
                for number in [&mut figure.value, &mut figure.low, &mut figure.high] {
                    *number = number.map(|number| rules.coarse(number));
                }
            }
        }
    }
}

/// A count as the rule tells it. An effective count is no whole number; the part below one goes first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of sites are small and not negative"
)]
fn count(value: f64, rules: &ReleaseRules) -> f64 {
    f64::from(rules.coarse_count(value as u32))
}

/// The months kept in the directory of a store, the last one first.
///
/// # Errors
/// The directory cannot be read; none is no error.
pub fn months(data: &Path) -> Result<Vec<Month>, KeptError> {
    let path = data.join(DIRECTORY);
    let wrong = |source| KeptError::File { path: path.clone(), source };
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(wrong)?.file_name();
        let month =
            name.to_str().and_then(|name| name.strip_suffix(".json")).and_then(|name| name.parse().ok());
        found.extend::<Option<Month>>(month);
    }
    found.sort_unstable();
    found.reverse();
    Ok(found)
}

/// The text of a file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, KeptError> {
    let wrong = |source| KeptError::File { path: path.to_owned(), source };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
        Ok(found) if found.len() > FILE_MAX => return Err(KeptError::Form { path: path.to_owned() }),
        Ok(_) => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(wrong)
}

/// Puts a file in its place, whole and on disk.
pub(crate) fn replace(path: &Path, text: &[u8]) -> Result<(), KeptError> {
    let wrong = |source| KeptError::File { path: path.to_owned(), source };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(wrong)?;
    }
    let beside = path.with_extension("new");
    let mut file = std::fs::File::create(&beside).map_err(wrong)?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(wrong)?;
    std::fs::rename(&beside, path).map_err(wrong)
}
