//! From a scenario to amounts.

use super::cents::{CENTS_MAX, largest_remainder};
use super::scenario::{Faulty, Rule, Scenario, Territory};

/// Months of a year.
const MONTHS: f64 = 12.0;

/// Halvings after which a factor between 0 and 1 is as exact as a double.
const HALVINGS: u32 = 64;

/// What a territory gets, or that nothing can be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Code of the territory.
    pub code: String,
    /// The amount; `None` because lines or cost are not known.
    pub amount: Option<Amount>,
}

/// An amount, with all that it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// Cents; below zero if the territory pays under a self-balancing rule. A levy is what it pays.
    pub cents: i64,
    /// The formula, with the numbers in it.
    pub formula: String,
    /// What the formula gives before the factor, in euros.
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
}

/// A territory of which all is known that the rule needs.
struct Known {
    at: usize,
    base: f64,
    formula: String,
    lowest: f64,
    highest: f64,
}

/// Makes the amounts of a scenario.
///
/// # Missing data
/// A territory without lines or (but for a levy) without a cost has no amount; it counts in no sum and no mean.
///
/// # Errors
/// See [`Faulty`].
pub fn allocate(scenario: &Scenario, territories: &[Territory]) -> Result<Allocation, Faulty> {
    let mut territories: Vec<&Territory> = territories.iter().collect();
    // In the order of codes every sum is the same, however the territories come.
    territories.sort_by(|a, b| a.code.cmp(&b.code));
    if let Some(twice) = territories.windows(2).find(|pair| pair[0].code == pair[1].code) {
        return Err(Faulty::Twice(twice[0].code.clone()));
    }
    for territory in &territories {
        for (what, value) in [("lines", territory.lines), ("operating_cost", territory.operating_cost)] {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
                return Err(Faulty::Territory { code: territory.code.clone(), what, value });
            }
        }
    }
    let known = known(scenario, &territories)?;
    let size: f64 = known.iter().map(|known| 100.0 * known.base.abs()).sum();
    if size.is_nan() || size >= CENTS_MAX {
        return Err(Faulty::TooLarge);
    }
    let (factor, total_cents) = factor(scenario, &known)?;
    let exact: Vec<f64> = known.iter().map(|known| 100.0 * known.bounded(factor).0).collect();
    let cents = largest_remainder(&exact, total_cents);
    let mut shares: Vec<Share> =
        territories.iter().map(|of| Share { code: of.code.clone(), amount: None }).collect();
    for ((known, exact), cents) in known.into_iter().zip(exact).zip(cents) {
        let bound = known.bounded(factor).1;
        let rounding_euros = (euros(cents) * 100.0 - exact) / 100.0;
        let Known { at, base, formula, .. } = known;
        shares[at].amount = Some(Amount { cents, formula, base_euros: base, factor, bound, rounding_euros });
    }
    let (scenario, status) = (scenario.name.clone(), scenario.status.clone());
    Ok(Allocation { scenario, status, shares, total_cents })
}

fn known(scenario: &Scenario, territories: &[&Territory]) -> Result<Vec<Known>, Faulty> {
    let reference = scenario.reference()?;
    let pairs = territories.iter().filter_map(|of| Some((of.lines?, of.operating_cost?)));
    let (lines, costs) =
        pairs.fold((0.0, 0.0), |(lines, costs), (own, cost)| (lines + own, costs + own * cost));
    let mean = if lines > 0.0 { costs / lines } else { 0.0 };
    let made = territories.iter().enumerate().filter_map(|(at, of)| {
        let lines = of.lines?;
        let (base, formula) = match scenario.rule {
            Rule::Needs { .. } => {
                let cost = of.operating_cost?;
                let base = lines * (cost - reference).max(0.0) * MONTHS;
                (base, format!("{lines} * max(0, {cost} - {reference}) * {MONTHS}"))
            }
            Rule::SelfBalancing => {
                let cost = of.operating_cost?;
                (lines * (cost - mean) * MONTHS, format!("{lines} * ({cost} - {mean}) * {MONTHS}"))
            }
            Rule::Levy { dense_over_rural } => {
                let rate = if of.dense { dense_over_rural } else { 1.0 };
                (lines * rate, format!("{lines} * {rate}"))
            }
        };
        let (lowest, highest) = match (scenario.rule, of.last_cents) {
            (Rule::Needs { clamp: Some(clamp) }, Some(last)) => {
                ((euros(last) * (1.0 - clamp)).max(0.0), euros(last) * (1.0 + clamp))
            }
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        Some(Known { at, base, formula, lowest, highest })
    });
    Ok(made.collect())
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
fn factor(scenario: &Scenario, known: &[Known]) -> Result<(f64, i64), Faulty> {
    let envelope = scenario.envelope()?;
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
fn cents(euros: f64) -> i64 {
    (euros * 100.0).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53 cents, or last year's, which only bounds")]
fn euros(cents: i64) -> f64 {
    cents as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scenario(rule: &str, envelope: f64) -> Scenario {
        let text = include_str!("../../parameters/scenarios/exemple.toml")
            .replace("kind = \"needs\"", rule)
            .replace("300000.0", &format!("{envelope:.2}"));
        Scenario::parse(&text).unwrap()
    }

    fn territory(code: usize, lines: f64, cost: f64) -> Territory {
        Territory {
            code: format!("{code:05}"),
            lines: Some(lines),
            operating_cost: Some(cost),
            last_cents: None,
            dense: code == 2,
        }
    }

    fn three() -> Vec<Territory> {
        vec![territory(0, 10_000.0, 2.60), territory(1, 20_000.0, 1.65), territory(2, 100_000.0, 0.80)]
    }

    fn amounts(allocation: &Allocation) -> Vec<i64> {
        allocation.shares.iter().map(|share| share.amount.as_ref().unwrap().cents).collect()
    }

    #[test]
    fn the_vectors_of_the_domain_rules_are_met_to_the_cent() {
        let needs = allocate(&scenario("kind = \"needs\"", 300_000.0), &three()).unwrap();
        assert_eq!(amounts(&needs), [15_428_571, 14_571_429, 0]);
        let first = needs.shares[0].amount.as_ref().unwrap();
        assert_eq!(first.formula, "10000 * max(0, 2.6 - 0.8) * 12");
        assert!((first.base_euros - 216_000.0).abs() < 1e-6 && (first.factor - 300.0 / 420.0).abs() < 1e-12);
        assert!((first.base_euros * first.factor + first.rounding_euros - 154_285.71).abs() < 1e-6);
        let plenty = allocate(&scenario("kind = \"needs\"", 500_000.0), &three()).unwrap();
        assert_eq!((amounts(&plenty), plenty.total_cents), (vec![21_600_000, 20_400_000, 0], 42_000_000));
        let balanced = allocate(&scenario("kind = \"self_balancing\"", 1.0), &three()).unwrap();
        assert_eq!(
            (amounts(&balanced), balanced.total_cents),
            (vec![18_369_231, 13_938_461, -32_307_692], 0)
        );
        let levy = scenario("kind = \"levy\"\ndense_over_rural = 5.0", 420_000.0);
        let levy = allocate(&levy, &three()).unwrap();
        // Without the largest remainder a cent would be lacking.
        assert_eq!(amounts(&levy), [792_453, 1_584_906, 39_622_641]);
    }

    #[test]
    fn a_missing_cost_gives_no_amount_and_the_others_share() {
        let mut territories = three();
        territories[0].operating_cost = None;
        let found = allocate(&scenario("kind = \"needs\"", 100_000.0), &territories).unwrap();
        assert_eq!(found.shares[0].amount, None);
        assert_eq!(found.shares[1].amount.as_ref().unwrap().cents, 10_000_000);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let rules = scenario("kind = \"needs\"", 1_000.0);
        let twice = [territory(7, 1.0, 1.0), territory(7, 1.0, 1.0)];
        assert_eq!(allocate(&rules, &twice).unwrap_err().to_string(), "00007 is listed twice");
        let told = allocate(&rules, &[territory(3, 1.0, -2.0)]).unwrap_err().to_string();
        assert_eq!(told, "operating_cost of 00003 is -2; it is finite and not negative");
        let zero = include_str!("../../parameters/scenarios/exemple.toml").replace("300000.0", "0.0");
        assert!(Scenario::parse(&zero).unwrap_err().to_string().starts_with("line 9: envelope_euros"));
        assert!(matches!(allocate(&rules, &[territory(3, 1e15, 9.0)]), Err(Faulty::TooLarge)));
    }

    #[test]
    fn the_clamp_holds_amounts_near_last_years_and_the_sum_at_the_envelope() {
        let mut territories = three();
        territories[0].last_cents = Some(10_000_000);
        territories[1].last_cents = Some(20_000_000);
        let rules = scenario("kind = \"needs\"\nclamp = 0.1", 300_000.0);
        let found = allocate(&rules, &territories).unwrap();
        // The first may rise to 110,000; the second may not fall below 180,000, and gets what is left.
        assert_eq!(amounts(&found), [11_000_000, 19_000_000, 0]);
        assert_eq!(found.shares[0].amount.as_ref().unwrap().bound, Some(Bound::Highest));
        let tight = scenario("kind = \"needs\"\nclamp = 0.1", 200_000.0);
        assert!(matches!(
            allocate(&tight, &territories),
            Err(Faulty::BelowClamp { guaranteed_cents: 27_000_000, .. })
        ));
    }

    fn some() -> impl Strategy<Value = Vec<Territory>> {
        let one = (1.0..1e5_f64, 0.0..5.0_f64);
        prop::collection::vec(one, 2..20).prop_map(|all| {
            all.into_iter().enumerate().map(|(code, (lines, cost))| territory(code, lines, cost)).collect()
        })
    }

    proptest! {
        #[test]
        fn amounts_are_free_of_order_not_negative_and_add_up(territories in some(), envelope in 1.0..1e6_f64, turn in 0_usize..20) {
            let rules = scenario("kind = \"needs\"", envelope);
            let found = allocate(&rules, &territories).unwrap();
            let mut turned = territories.clone();
            turned.rotate_left(turn % territories.len());
            assert_eq!(found, allocate(&rules, &turned).unwrap());
            let cents = amounts(&found);
            assert!(cents.iter().all(|cents| *cents >= 0));
            assert_eq!(cents.iter().sum::<i64>(), found.total_cents);
            assert!(found.total_cents <= super::cents(rules.envelope().unwrap()));
            let balanced = allocate(&scenario("kind = \"self_balancing\"", 1.0), &territories).unwrap();
            assert_eq!(amounts(&balanced).iter().sum::<i64>(), 0);
            let levy = allocate(&scenario("kind = \"levy\"\ndense_over_rural = 5.0", envelope), &territories).unwrap();
            assert_eq!(amounts(&levy).iter().sum::<i64>(), levy.total_cents);
        }

        #[test]
        fn more_cost_or_more_lines_never_give_less(
            territories in some(), envelope in 1.0..1e6_f64, at in 0_usize..20, cost in 0.0..2.0_f64, lines in 0.0..1e4_f64,
        ) {
            let rules = scenario("kind = \"needs\"", envelope);
            let at = at % territories.len();
            let before = amounts(&allocate(&rules, &territories).unwrap())[at];
            let mut more = territories;
            more[at].operating_cost = more[at].operating_cost.map(|own| own + cost);
            more[at].lines = more[at].lines.map(|own| own + lines);
            assert!(amounts(&allocate(&rules, &more).unwrap())[at] >= before - 1, "beyond a cent of rounding");
        }

        #[test]
        fn two_halves_get_what_the_whole_got(territories in some(), envelope in 1.0..1e6_f64) {
            let rules = scenario("kind = \"needs\"", envelope);
            let whole = amounts(&allocate(&rules, &territories).unwrap());
            let mut halves = territories;
            halves[0].lines = halves[0].lines.map(|lines| lines / 2.0);
            let mut other = halves[0].clone();
            other.code = "99999".to_owned();
            halves.push(other);
            let parted = amounts(&allocate(&rules, &halves).unwrap());
            assert!((parted[0] + parted[parted.len() - 1] - whole[0]).abs() <= 2);
            assert!(parted[1..parted.len() - 1].iter().zip(&whole[1..]).all(|(now, then)| (now - then).abs() <= 1));
        }
    }
}
