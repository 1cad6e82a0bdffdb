//! Several years, each near to the one before.

use std::collections::HashMap;

use super::allocation::{Allocation, allocate_within};
use super::scenario::{Faulty, Scenario, Territory};

/// The amounts of each year of a scenario, the first one first. What is declared stays; the envelope grows as the scenario says; from
/// the second year on, amounts stay as near to those of the year before as its clamp asks.
///
/// # Errors
/// See [`Faulty`]; also if an envelope that shrinks does not hold what the clamp guarantees.
pub fn allocate_years(scenario: &Scenario, territories: &[Territory]) -> Result<Vec<Allocation>, Faulty> {
    let mut territories = territories.to_vec();
    let growth = scenario.envelope_growth.as_ref().map_or(0.0, |growth| growth.value);
    let mut envelope = scenario.envelope()?;
    let mut years = Vec::new();
    for _ in 0..scenario.years.unwrap_or(1) {
        let year = allocate_within(scenario, &territories, envelope)?;
        let amounts: HashMap<&str, i64> = year
            .shares
            .iter()
            .filter_map(|share| Some((share.code.as_str(), share.amount.as_ref()?.cents)))
            .collect();
        for territory in &mut territories {
            territory.last_cents = amounts.get(territory.code.as_str()).copied().or(territory.last_cents);
        }
        years.push(year);
        envelope *= 1.0 + growth;
    }
    Ok(years)
}
