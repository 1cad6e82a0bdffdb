//! What must be behind a figure before anyone may read it: `crates/equity/parameters`.

use serde::Deserialize;

use crate::{Parameter, UnreadableParameters};

/// The file of the set that this version of the program comes with, as a release carries it.
pub const RELEASE_RULES: &str = include_str!("../parameters/release-1.toml");

/// A set of parameters of release; an export names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRules {
    /// Name of the set, with its version.
    pub set: String,
    /// Fewest probes at people's homes behind a figure.
    pub contributors_min: Parameter<usize>,
    /// Largest share that one of them gave.
    pub dominance_max: Parameter<f64>,
    /// Fewest minutes of known state for times.
    pub known_minutes_min: Parameter<u64>,
    /// Multiple that protected counts are rounded down to.
    pub count_step: Parameter<u32>,
    /// Significant digits of protected numbers.
    pub digits: Parameter<usize>,
}

impl ReleaseRules {
    /// The set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(RELEASE_RULES).expect("a test reads the built-in set")
    }

    /// Reads a set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableParameters> {
        Ok(toml::from_str(text)?)
    }

    /// A count behind which homes are, rounded down to a multiple of `count_step`.
    #[must_use]
    pub fn coarse_count(&self, count: u32) -> u32 {
        count - count % self.count_step.value.max(1)
    }

    /// A number behind which homes are, to the significant digits that the set says.
    #[must_use]
    pub fn coarse(&self, number: f64) -> f64 {
        let digits = self.digits.value.saturating_sub(1);
        // Through text: exact, and the same on every machine.
        format!("{number:.digits$e}").parse().unwrap_or(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_numbers_are_coarse_and_zero_stays_zero() {
        let rules = ReleaseRules::built_in();
        assert_eq!((rules.coarse_count(4), rules.coarse_count(14), rules.coarse_count(15)), (0, 10, 15));
        for (exact, coarse) in [(0.0, 0.0), (12_345.0, 12_300.0), (0.012_349, 0.0123), (999.6, 1_000.0)] {
            assert!((rules.coarse(exact) - coarse).abs() < 1e-12, "{exact}");
        }
    }
}
