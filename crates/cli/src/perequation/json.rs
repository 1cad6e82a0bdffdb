//! Amounts as JSON.

use desserte_equity::perequation::{Allocation, Bound, End, Kind, Need, Scenario, Share, Swing};
use serde_json::{Value, json};

use super::{Told, euros, largest};

pub(super) fn of(told: &Told<'_>) -> Value {
    let first = &told.years[0];
    let mut found = json!({
        "scenario": first.scenario,
        "status": first.status,
        "total_euros": euros(first.total_cents),
        "translated": translated(told),
        "territories": first.shares.iter().map(share).collect::<Vec<_>>(),
        "years": told.years.iter().map(year).collect::<Vec<_>>(),
    });
    assumptions(told.scenario, &mut found);
    found
}

fn assumptions(scenario: &Scenario, found: &mut Value) {
    for (name, assumption) in [
        ("envelope_euros", &scenario.envelope_euros),
        ("envelope_growth", &scenario.envelope_growth),
        ("operating_reference", &scenario.operating_reference),
        ("coverage_reference", &scenario.coverage_reference),
        ("connection_reference", &scenario.connection_reference),
        ("bonus", &scenario.bonus),
        ("cost_factor", &scenario.cost_factor),
    ] {
        found[name] = json!(assumption);
    }
}

fn translated(told: &Told<'_>) -> Vec<Value> {
    told.table.translated.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect()
}

fn year(allocation: &Allocation) -> Value {
    let amounts = allocation.shares.iter().map(|share| {
        let cents = share.amount.as_ref().map(|amount| euros(amount.cents));
        (share.code.clone(), json!(cents))
    });
    json!({
        "envelope_euros": allocation.envelope_euros,
        "total_euros": euros(allocation.total_cents),
        "amounts_euros": amounts.collect::<serde_json::Map<_, _>>(),
    })
}

fn share(share: &Share) -> Value {
    let amount = share.amount.as_ref();
    json!({
        "code": share.code,
        "amount_euros": amount.map(|amount| euros(amount.cents)),
        "needs": amount.map(|amount| amount.needs.iter().map(need).collect::<Vec<_>>()),
        "base_euros": amount.map(|amount| amount.base_euros),
        "factor": amount.map(|amount| amount.factor),
        "bound": amount.and_then(|amount| amount.bound).map(|bound| match bound {
            Bound::Lowest => "lowest",
            Bound::Highest => "highest",
        }),
        "rounding_euros": amount.map(|amount| amount.rounding_euros),
    })
}

fn need(need: &Need) -> Value {
    let kind = match need.kind {
        Kind::Operation => "operation",
        Kind::Coverage => "coverage",
        Kind::Connections => "connections",
    };
    json!({ "kind": kind, "formula": need.formula, "euros": need.euros })
}

/// One territory, year by year, with the line of its inputs and the sums that its factor comes from.
pub(super) fn explained(told: &Told<'_>, shares: &[&Share]) -> Value {
    let years = told.years.iter().zip(shares).map(|(year, own)| {
        let mut found = share(own);
        found["envelope_euros"] = json!(year.envelope_euros);
        found["sum_of_bases_euros"] = json!(year.base_euros);
        found["sum_of_amounts_euros"] = json!(euros(year.total_cents));
        found
    });
    let mut found = json!({
        "scenario": told.scenario.name,
        "status": told.scenario.status,
        "table": told.arguments.table,
        "line": told.table.lines.get(&shares[0].code),
        "translated": translated(told),
        "years": years.collect::<Vec<_>>(),
    });
    assumptions(told.scenario, &mut found);
    found
}

/// The values of a tornado plot: for each assumption both ends, those that move most first.
pub(super) fn sensitivity(scenario: &Scenario, swings: &[Swing]) -> Value {
    let end = |end: &Option<End>| {
        end.as_ref().map(|end| {
            let outcome = end.outcome.as_ref();
            json!({
                "value": end.value,
                "total_euros": outcome.map(|outcome| euros(outcome.total_cents)),
                "moved_euros": outcome.map(|outcome| euros(outcome.moved_cents)),
            })
        })
    };
    let swings_told = swings.iter().map(|swing| {
        json!({
            "assumption": swing.assumption,
            "value": swing.value,
            "low": end(&swing.low),
            "high": end(&swing.high),
            "moved_most_euros": euros(swing.moved_cents()),
        })
    });
    json!({
        "scenario": scenario.name,
        "status": scenario.status,
        "largest_moved_euros": euros(largest(swings)),
        "assumptions": swings_told.collect::<Vec<_>>(),
    })
}
