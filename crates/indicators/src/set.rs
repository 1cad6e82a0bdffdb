//! The set of parameters of what is told of a spread: `crates/indicators/parameters`.

use desserte_equity::{Parameter, UnreadableParameters};
use serde::Deserialize;

/// What is told of how services are spread.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpreadSet {
    /// Name of the set, with its version.
    pub set: String,
    /// Download below which a site is in want, Mbit/s.
    pub rate_line: Parameter<f64>,
    /// Download above which indices told capped count no more, Mbit/s.
    pub rate_cap: Parameter<f64>,
    /// Draws of the bootstrap.
    pub draws: Parameter<u32>,
    /// Seed of the draws.
    pub seed: Parameter<u64>,
    /// Classes of communes that are compared, by their keys.
    pub classes: Parameter<Vec<String>>,
    /// Days after a month's end before it is kept.
    pub grace_days: Parameter<i8>,
}

impl SpreadSet {
    /// The set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../parameters/spread-1.toml")).expect("a test reads the built-in set")
    }

    /// Reads a set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableParameters> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use desserte_equity::Parameters;
    use desserte_ledger::Rules;

    use super::*;

    #[test]
    fn the_built_in_set_is_read_and_draws_as_often_as_intervals_ask_for() {
        let set = SpreadSet::built_in();
        assert!(set.draws.value >= Parameters::built_in().draws_min.value);
        let rules = Rules::built_in();
        assert!(set.classes.value.iter().all(|class| rules.class(class).is_some()));
    }
}
