//! A scenario and what is declared of territories.

use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::cents::CENTS_MAX;
use super::needs::{Declared, Kind};
use crate::parameters::{Mark, UnreadableParameters};

/// Most years: what costs are in a generation nobody declares.
const YEARS_MAX: f64 = 30.0;

/// How amounts are made.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The envelope pays needs, `count · max(0, cost - reference)` (for lines over 12 months), all of them or the same share of each.
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

/// A number that a scenario assumes, with where it comes from and how far it may be off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// The value.
    pub value: f64,
    /// The lowest that it may be; without one it is not varied downwards.
    pub low: Option<f64>,
    /// The highest that it may be; without one it is not varied upwards.
    pub high: Option<f64>,
    /// Unit, in words.
    pub unit: String,
    /// Day since which the value holds, ISO 8601.
    pub since: String,
    /// Where it comes from.
    pub source: String,
    /// How well the source stands.
    pub mark: Mark,
    /// What the value binds in law; `none` where it binds nobody.
    pub legal: String,
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
    /// Euros to share, or to raise, in the first year. Not used where territories pay each other.
    pub envelope_euros: Option<Assumption>,
    /// Share by which the envelope grows each year.
    pub envelope_growth: Option<Assumption>,
    /// Number of years; one without it. From the second on, the amounts of the year before are those to stay near to.
    pub years: Option<u32>,
    /// Operating cost of a line and month above which there is a need, in euros.
    pub operating_reference: Option<Assumption>,
    /// Cost of covering one more place above which there is a need, in euros.
    pub coverage_reference: Option<Assumption>,
    /// Cost of a connection above which there is a need, in euros.
    pub connection_reference: Option<Assumption>,
    /// Share by which the needs of territories count more that pool their networks or run them as commons; zero without it.
    pub bonus: Option<Assumption>,
    /// By what all declared costs are multiplied; one without it. For asking what follows if they are off together.
    pub cost_factor: Option<Assumption>,
}

/// What is declared or assumed of a territory. `None` is *not known*.
#[derive(Debug, Clone, PartialEq)]
pub struct Territory {
    /// Code, once.
    pub code: String,
    /// Lines and their operating cost in euros per month; places to cover and the cost of each; connections and the cost of each.
    pub declared: [Declared; 3],
    /// Amount of last year in cents; without one there is nothing to stay near to.
    pub last_cents: Option<i64>,
    /// Whether it is dense, for a levy.
    pub dense: bool,
    /// Whether it pools its network or runs it as a commons, for the bonus.
    pub pooled: bool,
}

impl Territory {
    /// What is declared for a kind of need.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Declared {
        self.declared[kind as usize]
    }
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
        match scenario.checked() {
            Err(Faulty::Scenario { scenario, what, .. }) => {
                Err(Faulty::Scenario { scenario, what, line: line_of(text, what) })
            }
            checked => checked.map(|()| scenario),
        }
    }

    /// Whether every number is one that it can be.
    pub(super) fn checked(&self) -> Result<(), Faulty> {
        self.envelope()?;
        match self.rule {
            Rule::Needs { clamp } => {
                for kind in Kind::ALL {
                    self.reference(kind)?;
                }
                // Without any, the usual one is named.
                let reference = self.operating_reference.as_ref().map(|of| of.value);
                if self.kinds().next().is_none() {
                    self.positive("operating_reference.value", reference)?;
                }
                clamp.map_or(Ok(0.0), |clamp| self.positive("rule.clamp", Some(clamp)))?;
            }
            Rule::Levy { dense_over_rural } => {
                self.positive("rule.dense_over_rural", Some(dense_over_rural))?;
            }
            Rule::SelfBalancing => {}
        }
        if let Some(bonus) =
            self.bonus.as_ref().filter(|bonus| !(bonus.value.is_finite() && bonus.value >= 0.0))
        {
            self.positive("bonus.value", Some(bonus.value))?;
        }
        if let Some(factor) = &self.cost_factor {
            self.positive("cost_factor.value", Some(factor.value))?;
        }
        if let Some(growth) = &self.envelope_growth {
            self.positive("envelope_growth.value", Some(1.0 + growth.value))?;
        }
        let years = f64::from(self.years.unwrap_or(1));
        self.positive("years", Some(years).filter(|years| *years <= YEARS_MAX))?;
        Ok(())
    }

    /// The kinds of needs that the scenario has a reference for.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|kind| self.assumed(*kind).is_some())
    }

    fn assumed(&self, kind: Kind) -> Option<&Assumption> {
        match kind {
            Kind::Operation => self.operating_reference.as_ref(),
            Kind::Coverage => self.coverage_reference.as_ref(),
            Kind::Connections => self.connection_reference.as_ref(),
        }
    }

    /// Euros to share or raise in the first year; zero where the rule has none.
    pub(super) fn envelope(&self) -> Result<f64, Faulty> {
        let value = self.envelope_euros.as_ref().map(|envelope| envelope.value);
        match self.rule {
            Rule::SelfBalancing => Ok(0.0),
            _ => self.positive("envelope_euros.value", value),
        }
    }

    /// Cost above which there is a need of a kind; zero where the scenario has none.
    pub(super) fn reference(&self, kind: Kind) -> Result<f64, Faulty> {
        match self.assumed(kind) {
            Some(reference) => self.positive(kind.reference(), Some(reference.value)),
            None => Ok(0.0),
        }
    }

    pub(super) fn bonus(&self) -> f64 {
        self.bonus.as_ref().map_or(0.0, |bonus| bonus.value)
    }

    fn positive(&self, what: &'static str, value: Option<f64>) -> Result<f64, Faulty> {
        let fits = |value: &f64| *value > 0.0 && value * 100.0 < CENTS_MAX;
        value.filter(fits).ok_or_else(|| Faulty::Scenario { scenario: self.name.clone(), what, line: None })
    }
}
