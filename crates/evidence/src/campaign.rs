//! A campaign of tests on one line: which tests count, what is missing, what they show.
//!
//! Which tests count follows from their times and circumstances alone, never from their rates: nobody can pick the bad ones.

mod check;
mod plan;

use desserte_equity::Parameter;
use serde::Deserialize;

pub use check::{Attempt, CampaignDay, CampaignReport, Contract, Excluded, Missing, Shortfall, check};
pub use plan::{PlannedDay, plan};

use crate::parameters::UnreadableRule;

/// When a pause is made within a day of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// After so many tests.
    pub after_tests: u32,
    /// Its least length, seconds.
    pub seconds: u32,
}

/// What counts as a shortfall.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShortfallRule {
    /// Share of the maximum rate that must be reached once a day.
    pub maximum_share: f64,
    /// On so many days it was not: a shortfall.
    pub maximum_days: u32,
    /// Share of tests that must reach the normal rate.
    pub normal_share: f64,
    /// On so many days a test was below the minimum rate: a shortfall.
    pub minimum_days: u32,
}

/// A rule set of campaigns; a report names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignRule {
    /// Its name, with its version.
    pub set: String,
    /// Tests of a day.
    pub tests_per_day: Parameter<u32>,
    /// Days.
    pub days: Parameter<u32>,
    /// Calendar days between two days of tests, at least.
    pub days_between: Parameter<u32>,
    /// Calendar days from the first to the last, both included.
    pub window_days: Parameter<u32>,
    /// Seconds between two tests, at least.
    pub gap_s: Parameter<u32>,
    /// The pause within a day.
    pub pause: Parameter<Pause>,
    /// What counts as a shortfall.
    pub shortfall: Parameter<ShortfallRule>,
}

impl CampaignRule {
    /// Text of the contract rule that this version of the program comes with.
    pub const CONTRACT: &str = include_str!("../parameters/campaign-contract-1.toml");

    /// The contract rule that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn contract() -> Self {
        Self::parse(Self::CONTRACT).expect("a test reads the built-in rule")
    }

    /// Reads a rule set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableRule> {
        UnreadableRule::read(text)
    }
}
