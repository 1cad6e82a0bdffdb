//! What a territory needs, each kind apart.

use super::scenario::{Faulty, Rule, Scenario, Territory};

/// Months of a year.
const MONTHS: f64 = 12.0;

/// A kind of need. They are never added up before each has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines in use, by their cost in a month.
    Operation,
    /// Places not yet covered, by the cost of covering one.
    Coverage,
    /// Connections to be made, by the cost of one.
    Connections,
}

/// A count and the cost of one. `None` is *not known*.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Declared {
    /// How many.
    pub count: Option<f64>,
    /// Euros for each; of a line, in a month.
    pub cost: Option<f64>,
}

/// A need, with what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Which.
    pub kind: Kind,
    /// The formula, with the numbers in it.
    pub formula: String,
    /// What it gives, in euros.
    pub euros: f64,
}

impl Kind {
    /// All of them, in the order of `Territory::declared`.
    pub const ALL: [Self; 3] = [Self::Operation, Self::Coverage, Self::Connections];

    /// What is counted and its cost, as faults name them.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Operation => ("lines", "operating cost"),
            Self::Coverage => ("places to cover", "cost of coverage"),
            Self::Connections => ("connections", "cost of a connection"),
        }
    }

    /// The key of its reference in the file of a scenario.
    pub(super) fn reference(self) -> &'static str {
        match self {
            Self::Operation => "operating_reference.value",
            Self::Coverage => "coverage_reference.value",
            Self::Connections => "connection_reference.value",
        }
    }

    fn months(self) -> Option<f64> {
        (self == Self::Operation).then_some(MONTHS)
    }
}

/// The needs of a territory under a rule that pays needs; `None` if a number that one of them asks for is not known: the others
/// alone would be taken for all.
pub(super) fn needs(scenario: &Scenario, of: &Territory) -> Result<Option<Vec<Need>>, Faulty> {
    let more = scenario.bonus();
    let mut found = Vec::new();
    for kind in scenario.kinds() {
        let (declared, reference) = (of.of(kind), scenario.reference(kind)?);
        let Some((count, cost)) = declared.count.zip(declared.cost) else { return Ok(None) };
        let (cost, told) = declared_cost(scenario, cost);
        let mut euros = count * (cost - reference).max(0.0);
        let mut formula = format!("{count} * max(0, {told} - {reference})");
        if let Some(months) = kind.months() {
            euros *= months;
            formula += &format!(" * {months}");
        }
        if of.pooled && more > 0.0 {
            euros *= 1.0 + more;
            formula += &format!(" * (1 + {more})");
        }
        found.push(Need { kind, formula, euros });
    }
    Ok(Some(found))
}

/// What a territory pays or gets under a rule that asks for lines only; `mean` is the mean cost of a line.
pub(super) fn by_lines(scenario: &Scenario, of: &Territory, mean: f64) -> Option<Need> {
    let Declared { count, cost } = of.of(Kind::Operation);
    let lines = count?;
    let (euros, formula) = match scenario.rule {
        Rule::Levy { dense_over_rural } => {
            let rate = if of.dense { dense_over_rural } else { 1.0 };
            (lines * rate, format!("{lines} * {rate}"))
        }
        _ => {
            let (cost, told) = declared_cost(scenario, cost?);
            (lines * (cost - mean) * MONTHS, format!("{lines} * ({told} - {mean}) * {MONTHS}"))
        }
    };
    Some(Need { kind: Kind::Operation, formula, euros })
}

/// A declared cost by the scenario's factor, and how a formula tells it.
pub(super) fn declared_cost(scenario: &Scenario, cost: f64) -> (f64, String) {
    match &scenario.cost_factor {
        None => (cost, cost.to_string()),
        Some(factor) => (cost * factor.value, format!("{cost} * {}", factor.value)),
    }
}
