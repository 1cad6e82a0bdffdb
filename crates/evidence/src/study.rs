//! A verdict as a file, with all that it follows from: whoever reads it can judge again, and does.

mod campaign;
mod contradiction;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::parameters::UnreadableRule;

pub use campaign::{
    CAMPAIGN_SCHEMA, CampaignColumns, CampaignStudy, Conclusion, StudiedAttempt, StudiedDay, StudiedMissing,
};
pub use contradiction::{
    CONTRADICTION_SCHEMA, Classes, ContradictionColumns, ContradictionStudy, LackOf, LeftOut, StudiedCell,
    StudiedJudgement,
};

/// Tests of a study at the most: judging holds some octets for each, and whoever checks a study may not trust who wrote it.
pub const STUDY_TESTS_MAX: u64 = 1_000_000;

/// Tests of a campaign at the most: a rule set asks for some tens.
pub const CAMPAIGN_TESTS_MAX: u64 = 10_000;

/// Two numbers that differ by less than this share of the larger are one number, written in decimals and read again.
const SAME: f64 = 1e-9;

/// A file that a study was made from, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Its name, without folders.
    pub name: String,
    /// SHA-256 of its octets, as hexadecimal digits.
    pub sha256: String,
}

/// The days of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl Days {
    /// The days from the first to the last of some; `None` without one.
    pub fn of(days: impl Iterator<Item = Date>) -> Option<Self> {
        days.fold(None, |found: Option<Self>, day| {
            Some(found.map_or(Self { first: day, last: day }, |found| Self {
                first: found.first.min(day),
                last: found.last.max(day),
            }))
        })
    }
}

/// Why a study is none.
#[derive(Debug, thiserror::Error)]
pub enum StudyFault {
    /// It is of another form.
    #[error("it says schema {found:?}; this program reads {wanted:?}")]
    Schema {
        /// What it says.
        found: String,
        /// What is read.
        wanted: &'static str,
    },
    /// Its rule cannot be read.
    #[error("the rule in it cannot be read")]
    Rule(#[from] UnreadableRule),
    /// Its rule has a name that is another rule's.
    #[error(
        "its rule is called {0:?}, and its values are not those of that rule: judge again with the rule itself, or give the other one a name of its own"
    )]
    OtherRule(String),
    /// It has more tests than are judged.
    #[error("it has more than {0} tests")]
    TooMany(u64),
    /// It says something that does not follow.
    #[error("{0} does not follow from what stands in it: it was altered, or made by another version")]
    DoesNotFollow(&'static str),
}

fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= SAME * one.abs().max(other.abs())
}

fn is_same_or_none(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn schema(found: &str, wanted: &'static str) -> Result<(), StudyFault> {
    if found == wanted {
        return Ok(());
    }
    Err(StudyFault::Schema { found: found.chars().take(64).collect(), wanted })
}
