//! From a scenario to amounts.

use super::cents::{CENTS_MAX, largest_remainder};
use super::needs::{Kind, Need, by_lines, declared_cost, needs};
use super::scenario::{Faulty, Rule, Scenario, Territory};

/// Halvings after which a factor between 0 and 1 is as exact as a double.
const HALVINGS: u32 = 64;

/// What a territory gets, or that nothing can be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Code of the territory.
    pub code: String,
    /// The amount; `None` because a number that the rule asks for is not known.
    pub amount: Option<Amount>,
}

/// An amount, with all that it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// Cents; below zero if the territory pays under a self-balancing rule. A levy is what it pays.
    pub cents: i64,
    /// What the rule gives before the factor, each need apart.
    pub needs: Vec<Need>,
    /// Their sum, in euros.
    pub base_euros: f64,
    /// By what the base is multiplied.
    pub factor: f64,
    /// The bound of the clamp that holds the amount.
    pub bound: Option<Bound>,
    /// What rounding to whole cents added, in euros: less than a cent.
    pub rounding_euros: f64,
}

/// A bound of the clamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// No lower.
    Lowest,
    /// No higher.
    Highest,
}

/// All amounts of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// Name of the scenario.
    pub scenario: String,
    /// What it stands for.
    pub status: String,
    /// One for each territory, in the order of codes.
    pub shares: Vec<Share>,
    /// Sum of the amounts in cents: the envelope, all needs if they are less, zero if territories pay each other.
    pub total_cents: i64,
    /// Sum of the bases in euros, by which the envelope is divided.
    pub base_euros: f64,
    /// The envelope of the year in euros; zero where the rule has none.
    pub envelope_euros: f64,
}

/// A territory of which all is known that the rule needs.
struct Known {
    at: usize,
    base: f64,
    needs: Vec<Need>,
    lowest: f64,
    highest: f64,
}

/// Makes the amounts of a scenario.
///
/// # Missing data
/// A territory of which a number is not known that the rule asks for has no amount; it counts in no sum and no mean.
///
/// # Errors
/// See [`Faulty`].
pub fn allocate(scenario: &Scenario, territories: &[Territory]) -> Result<Allocation, Faulty> {
    allocate_within(scenario, territories, scenario.envelope()?)
}

/// The same with another envelope than the scenario's first.
pub(super) fn allocate_within(
    scenario: &Scenario,
    territories: &[Territory],
    envelope_euros: f64,
) -> Result<Allocation, Faulty> {
    let mut territories: Vec<&Territory> = territories.iter().collect();
    // In the order of codes every sum is the same, however the territories come.
    territories.sort_by(|a, b| a.code.cmp(&b.code));
    if let Some(twice) = territories.windows(2).find(|pair| pair[0].code == pair[1].code) {
        return Err(Faulty::Twice(twice[0].code.clone()));
    }
    territories.iter().try_for_each(|territory| check(territory))?;
    let known = known(scenario, &territories)?;
    let base_euros = known.iter().map(|known| known.base).sum();
    let size: f64 = known.iter().map(|known| 100.0 * known.base.abs()).sum();
    if size.is_nan() || size >= CENTS_MAX {
        return Err(Faulty::TooLarge);
    }
    let (factor, total_cents) = factor(scenario, &known, envelope_euros)?;
    let exact: Vec<f64> = known.iter().map(|known| 100.0 * known.bounded(factor).0).collect();
    let cents = largest_remainder(&exact, total_cents);
    let mut shares: Vec<Share> =
        territories.iter().map(|of| Share { code: of.code.clone(), amount: None }).collect();
    for ((known, exact), cents) in known.into_iter().zip(exact).zip(cents) {
        let bound = known.bounded(factor).1;
        let rounding_euros = (euros(cents) * 100.0 - exact) / 100.0;
        let Known { at, base, needs, .. } = known;
        shares[at].amount = Some(Amount { cents, needs, base_euros: base, factor, bound, rounding_euros });
    }
    let (scenario, status) = (scenario.name.clone(), scenario.status.clone());
    Ok(Allocation { scenario, status, shares, total_cents, base_euros, envelope_euros })
}

fn check(territory: &Territory) -> Result<(), Faulty> {
    for kind in Kind::ALL {
        let ((count, cost), declared) = (kind.names(), territory.of(kind));
        for (what, value) in [(count, declared.count), (cost, declared.cost)] {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
                return Err(Faulty::Territory { code: territory.code.clone(), what, value });
            }
        }
    }
    Ok(())
}

fn known(scenario: &Scenario, territories: &[&Territory]) -> Result<Vec<Known>, Faulty> {
    let pairs = territories.iter().filter_map(|of| {
        let declared = of.of(Kind::Operation);
        Some((declared.count?, declared_cost(scenario, declared.cost?).0))
    });
    let (lines, costs) =
        pairs.fold((0.0, 0.0), |(lines, costs), (own, cost)| (lines + own, costs + own * cost));
    let mean = if lines > 0.0 { costs / lines } else { 0.0 };
    let mut made = Vec::new();
    for (at, of) in territories.iter().enumerate() {
        let needs = match scenario.rule {
            Rule::Needs { .. } => needs(scenario, of)?,
            Rule::SelfBalancing | Rule::Levy { .. } => by_lines(scenario, of, mean).map(|need| vec![need]),
        };
        let Some(needs) = needs else { continue };
        let (lowest, highest) = match (scenario.rule, of.last_cents) {
            (Rule::Needs { clamp: Some(clamp) }, Some(last)) => {
                ((euros(last) * (1.0 - clamp)).max(0.0), euros(last) * (1.0 + clamp))
            }
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let base = needs.iter().map(|need| need.euros).sum();
        made.push(Known { at, base, needs, lowest, highest });
    }
    Ok(made)
}

impl Known {
    /// The amount in euros at a factor, and the bound that holds it.
    fn bounded(&self, factor: f64) -> (f64, Option<Bound>) {
        let free = self.base * factor;
        if free < self.lowest {
            (self.lowest, Some(Bound::Lowest))
        } else if free > self.highest {
            (self.highest, Some(Bound::Highest))
        } else {
            (free, None)
        }
    }
}

/// By what bases are multiplied, and the cents that amounts add up to.
fn factor(scenario: &Scenario, known: &[Known], envelope: f64) -> Result<(f64, i64), Faulty> {
    let sum = |factor: f64| known.iter().map(|known| known.bounded(factor).0).sum::<f64>();
    let all = sum(1.0);
    match scenario.rule {
        Rule::SelfBalancing => Ok((1.0, 0)),
        // Nobody to raise it from.
        Rule::Levy { .. } if all <= 0.0 => Ok((0.0, 0)),
        Rule::Levy { .. } => Ok((envelope / all, cents(envelope))),
        Rule::Needs { .. } if all <= envelope => Ok((1.0, cents(all))),
        Rule::Needs { clamp: None } => Ok((envelope / all, cents(envelope))),
        Rule::Needs { clamp: Some(_) } => {
            let guaranteed = sum(0.0);
            if guaranteed > envelope {
                let (envelope_cents, guaranteed_cents) = (cents(envelope), cents(guaranteed));
                return Err(Faulty::BelowClamp { envelope_cents, guaranteed_cents });
            }
            // The sum rises with the factor: whoever is held by a bound leaves the others more, or less.
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..HALVINGS {
                let middle = 0.5 * (low + high);
                if sum(middle) <= envelope { low = middle } else { high = middle }
            }
            Ok((low, cents(envelope)))
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be below 2^53 cents")]
pub(super) fn cents(euros: f64) -> i64 {
    (euros * 100.0).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 cents, or last year's, which only bounds")]
pub(super) fn euros(cents: i64) -> f64 {
    cents as f64 / 100.0
}

#[cfg(test)]
mod tests;
