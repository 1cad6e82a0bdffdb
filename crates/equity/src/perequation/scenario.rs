//! A scenario and what is declared of territories.

use serde::Deserialize;
use toml::de::DeTable;

use super::cents::CENTS_MAX;
use crate::parameters::{Parameter, UnreadableParameters};

/// How amounts are made.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The envelope pays needs, `lines · max(0, cost - reference) · 12`, all of them or the same share of each.
    Needs {
        /// Furthest that an amount may move from last year's, as a share of that; without it, as far as needs do.
        #[serde(default)]
        clamp: Option<f64>,
    },
    /// Territories below the mean cost pay those above it: `lines · (cost - mean) · 12`, which adds up to zero.
    SelfBalancing,
    /// The envelope is raised by line, at a rate in dense territories that is a multiple of the one in the others.
    Levy {
        /// Rate in dense territories over rate in the others.
        dense_over_rural: f64,
    },
}

/// A scenario, as its file says it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name, for those who read amounts.
    pub name: String,
    /// What it stands for; `scenario` unless a law is quoted.
    pub status: String,
    /// The rule.
    pub rule: Rule,
    /// Euros to share, or to raise. Not used where territories pay each other.
    pub envelope_euros: Option<Parameter<f64>>,
    /// Operating cost of a line and month above which there is a need, in euros.
    pub operating_reference: Option<Parameter<f64>>,
}

/// What is declared or assumed of a territory. `None` is *not known*.
#[derive(Debug, Clone, PartialEq)]
pub struct Territory {
    /// Code, once.
    pub code: String,
    /// Active lines.
    pub lines: Option<f64>,
    /// Operating cost in euros per line and month.
    pub operating_cost: Option<f64>,
    /// Amount of last year in cents; without one there is nothing to stay near to.
    pub last_cents: Option<i64>,
    /// Whether it is dense, for a levy.
    pub dense: bool,
}

/// Why a scenario or its territories give no amounts.
#[derive(Debug, thiserror::Error)]
pub enum Faulty {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableParameters),
    /// A number of the scenario is missing, or not one it can be.
    #[error("{}{what} of scenario {scenario:?} is missing, negative or zero", place(*line))]
    Scenario {
        /// Name of the scenario.
        scenario: String,
        /// Key in its file.
        what: &'static str,
        /// Its line; `None` if it is missing.
        line: Option<usize>,
    },
    /// A number of a territory is negative or not finite.
    #[error("{what} of {code} is {value}; it is finite and not negative")]
    Territory {
        /// Code of the territory.
        code: String,
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A territory is listed twice.
    #[error("{0} is listed twice")]
    Twice(String),
    /// Amounts would not be told to the cent.
    #[error("amounts are too large to be told to the cent")]
    TooLarge,
    /// The envelope does not even hold what the clamp guarantees.
    #[error(
        "the envelope is {envelope_cents} cents; what may not fall further than the clamp needs {guaranteed_cents}"
    )]
    BelowClamp {
        /// The envelope.
        envelope_cents: i64,
        /// Sum of the lowest amounts.
        guaranteed_cents: i64,
    },
}

fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

/// The line of a value in a TOML text.
fn line_of(text: &str, path: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut keys = path.split('.');
    let mut value = table.get_ref().get(keys.next()?)?;
    for key in keys {
        value = value.get_ref().as_table()?.get(key)?;
    }
    Some(text[..value.span().start].lines().count())
}

impl Scenario {
    /// Reads a scenario from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a number is not one it can be.
    pub fn parse(text: &str) -> Result<Self, Faulty> {
        let scenario: Self = toml::from_str(text).map_err(UnreadableParameters::from)?;
        match scenario.check() {
            Err(Faulty::Scenario { scenario, what, .. }) => {
                Err(Faulty::Scenario { scenario, what, line: line_of(text, what) })
            }
            checked => checked.map(|()| scenario),
        }
    }

    fn check(&self) -> Result<(), Faulty> {
        self.envelope()?;
        self.reference()?;
        match self.rule {
            Rule::Needs { clamp: Some(clamp) } => self.positive("rule.clamp", Some(clamp))?,
            Rule::Levy { dense_over_rural } => {
                self.positive("rule.dense_over_rural", Some(dense_over_rural))?
            }
            Rule::Needs { clamp: None } | Rule::SelfBalancing => 0.0,
        };
        Ok(())
    }

    /// Euros to share or raise; zero where the rule has none.
    pub(super) fn envelope(&self) -> Result<f64, Faulty> {
        let value = self.envelope_euros.as_ref().map(|envelope| envelope.value);
        match self.rule {
            Rule::SelfBalancing => Ok(0.0),
            _ => self.positive("envelope_euros.value", value),
        }
    }

    /// Cost per line and month above which there is a need; zero where the rule has none.
    pub(super) fn reference(&self) -> Result<f64, Faulty> {
        let value = self.operating_reference.as_ref().map(|reference| reference.value);
        match self.rule {
            Rule::Needs { .. } => self.positive("operating_reference.value", value),
            _ => Ok(0.0),
        }
    }

    fn positive(&self, what: &'static str, value: Option<f64>) -> Result<f64, Faulty> {
        let fits = |value: &f64| *value > 0.0 && value * 100.0 < CENTS_MAX;
        value.filter(fits).ok_or_else(|| Faulty::Scenario { scenario: self.name.clone(), what, line: None })
    }
}
