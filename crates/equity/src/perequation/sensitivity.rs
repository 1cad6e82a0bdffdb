//! Which assumption moves amounts most.

use super::allocation::{Allocation, allocate};
use super::scenario::{Assumption, Faulty, Rule, Scenario, Territory};

/// What follows if one assumption is at an end of its range, all others as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Swing {
    /// Key of the assumption in the scenario's file.
    pub assumption: &'static str,
    /// Its value as assumed.
    pub value: f64,
    /// At its low end; `None` if it has none.
    pub low: Option<End>,
    /// At its high end; `None` if it has none.
    pub high: Option<End>,
}

/// One end of the range.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The value of the assumption.
    pub value: f64,
    /// The amounts; `None` if the scenario has none there, such as a clamp that the envelope does not hold.
    pub outcome: Option<Outcome>,
}

/// Amounts beside those of the scenario as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Sum of the amounts, in cents.
    pub total_cents: i64,
    /// Sum of what single amounts differ by, without sign, in cents: money that would come or go elsewhere.
    pub moved_cents: i64,
    /// Amounts in the order of the allocation's shares.
    pub cents: Vec<Option<i64>>,
}

impl Swing {
    /// The most that either end moves, in cents.
    #[must_use]
    pub fn moved_cents(&self) -> i64 {
        let ends = [&self.low, &self.high].into_iter().flatten();
        ends.filter_map(|end| Some(end.outcome.as_ref()?.moved_cents)).max().unwrap_or(0)
    }
}

/// Puts each assumption that has a range to its ends, one at a time, in the first year. Those that move most come first; assumptions
/// without a range are not here, and nobody says that they are sure.
///
/// # Errors
/// The scenario as it is has no amounts; see [`Faulty`].
pub fn sensitivity(scenario: &Scenario, territories: &[Territory]) -> Result<Vec<Swing>, Faulty> {
    let base = allocate(scenario, territories)?;
    let mut swings = Vec::new();
    for (name, assumption) in assumptions(scenario) {
        let end = |value: f64| {
            let mut varied = scenario.clone();
            put(&mut varied, name, value);
            let outcome = varied.checked().and_then(|()| allocate(&varied, territories)).ok();
            End { value, outcome: outcome.map(|found| Outcome::beside(&base, &found)) }
        };
        let (low, high) = (assumption.low.map(end), assumption.high.map(end));
        if low.is_some() || high.is_some() {
            swings.push(Swing { assumption: name, value: assumption.value, low, high });
        }
    }
    swings.sort_by_key(|swing| -swing.moved_cents());
    Ok(swings)
}

impl Outcome {
    fn beside(base: &Allocation, found: &Allocation) -> Self {
        let cents = |of: &Allocation| -> Vec<Option<i64>> {
            of.shares.iter().map(|share| share.amount.as_ref().map(|amount| amount.cents)).collect()
        };
        let (before, after) = (cents(base), cents(found));
        let moved = before
            .iter()
            .zip(&after)
            .map(|(before, after)| before.zip(*after).map_or(0, |(before, after)| (after - before).abs()));
        Self { total_cents: found.total_cents, moved_cents: moved.sum(), cents: after }
    }
}

/// The assumptions that the rule uses, by their keys.
fn assumptions(scenario: &Scenario) -> impl Iterator<Item = (&'static str, &Assumption)> {
    let needs = matches!(scenario.rule, Rule::Needs { .. });
    let balancing = scenario.rule == Rule::SelfBalancing;
    [
        ("envelope_euros", scenario.envelope_euros.as_ref().filter(|_| !balancing)),
        ("operating_reference", scenario.operating_reference.as_ref().filter(|_| needs)),
        ("coverage_reference", scenario.coverage_reference.as_ref().filter(|_| needs)),
        ("connection_reference", scenario.connection_reference.as_ref().filter(|_| needs)),
        ("bonus", scenario.bonus.as_ref().filter(|_| needs)),
        ("cost_factor", scenario.cost_factor.as_ref().filter(|_| needs || balancing)),
    ]
    .into_iter()
    .filter_map(|(name, assumption)| Some((name, assumption?)))
}

fn put(scenario: &mut Scenario, name: &str, value: f64) {
    let place = match name {
        "envelope_euros" => &mut scenario.envelope_euros,
        "operating_reference" => &mut scenario.operating_reference,
        "coverage_reference" => &mut scenario.coverage_reference,
        "connection_reference" => &mut scenario.connection_reference,
        "bonus" => &mut scenario.bonus,
        _ => &mut scenario.cost_factor,
    };
    if let Some(assumption) = place {
        assumption.value = value;
    }
}
