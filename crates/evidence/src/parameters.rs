//! The rule by which tests are held against declarations, as a versioned file: `crates/evidence/parameters`.

use desserte_equity::Parameter;
use serde::Deserialize;

/// A rule; a verdict names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContradictionRule {
    /// Its name, with its version.
    pub set: String,
    /// Chance of a wrong call over all cells, 0 to 1.
    pub level: Parameter<f64>,
    /// Fewest effective tests of a cell.
    pub effective_tests_min: Parameter<f64>,
    /// Fewest independent clusters of a cell.
    pub clusters_min: Parameter<u32>,
    /// Least correlation assumed within clusters, 0 to 1.
    pub correlation_min: Parameter<f64>,
}

/// A rule that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the rule")]
pub struct UnreadableRule(#[from] toml::de::Error);

impl ContradictionRule {
    /// Text of the rule that this version of the program comes with.
    pub const BUILT_IN: &str = include_str!("../parameters/contradiction-1.toml");

    /// The rule that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(Self::BUILT_IN).expect("a test reads the built-in rule")
    }

    /// Reads a rule from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableRule> {
        UnreadableRule::read(text)
    }
}

impl UnreadableRule {
    pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Self> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_are_read() {
        assert_eq!(ContradictionRule::built_in().set, "contradiction-1");
        assert_eq!(crate::CampaignRule::contract().set, "campaign-contract-1");
        assert_eq!(crate::ChallengeRule::model().set, "challenge-cells-1");
        assert_eq!(crate::AreaRule::france().set, "coverage-areas-1");
    }
}
