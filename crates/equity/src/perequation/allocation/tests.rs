//! The vectors of the domain rules, and the properties that amounts must have.

use proptest::prelude::*;

use super::super::{Declared, allocate_years, sensitivity};
use super::*;

fn scenario(rule: &str, envelope: f64) -> Scenario {
    let text = include_str!("../../../parameters/scenarios/exemple.toml")
        .replace("kind = \"needs\"", rule)
        .replace("300000.0", &format!("{envelope:.2}"));
    Scenario::parse(&text).unwrap()
}

fn territory(code: usize, lines: f64, cost: f64) -> Territory {
    Territory {
        code: format!("{code:05}"),
        declared: [
            Declared { count: Some(lines), cost: Some(cost) },
            Declared::default(),
            Declared::default(),
        ],
        last_cents: None,
        dense: code == 2,
        pooled: false,
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
    assert_eq!(first.needs[0].formula, "10000 * max(0, 2.6 - 0.8) * 12");
    assert!((first.base_euros - 216_000.0).abs() < 1e-6 && (first.factor - 300.0 / 420.0).abs() < 1e-12);
    assert!((first.base_euros * first.factor + first.rounding_euros - 154_285.71).abs() < 1e-6);
    let plenty = allocate(&scenario("kind = \"needs\"", 500_000.0), &three()).unwrap();
    assert_eq!((amounts(&plenty), plenty.total_cents), (vec![21_600_000, 20_400_000, 0], 42_000_000));
    let balanced = allocate(&scenario("kind = \"self_balancing\"", 1.0), &three()).unwrap();
    assert_eq!((amounts(&balanced), balanced.total_cents), (vec![18_369_231, 13_938_461, -32_307_692], 0));
    let levy = scenario("kind = \"levy\"\ndense_over_rural = 5.0", 420_000.0);
    let levy = allocate(&levy, &three()).unwrap();
    // Without the largest remainder a cent would be lacking.
    assert_eq!(amounts(&levy), [792_453, 1_584_906, 39_622_641]);
}

#[test]
fn a_missing_cost_gives_no_amount_and_the_others_share() {
    let mut territories = three();
    territories[0].declared[0].cost = None;
    let found = allocate(&scenario("kind = \"needs\"", 100_000.0), &territories).unwrap();
    assert_eq!(found.shares[0].amount, None);
    assert_eq!(found.shares[1].amount.as_ref().unwrap().cents, 10_000_000);
}

/// A scenario with every kind of need and every assumption.
fn whole(envelope: f64) -> Scenario {
    let text = include_str!("../../../parameters/scenarios/exemple-complet.toml")
        .replace("value = 400000.0", &format!("value = {envelope:.2}"));
    Scenario::parse(&text).unwrap()
}

/// The three of the vector, with places to cover and connections.
fn three_whole() -> Vec<Territory> {
    let mut territories = three();
    for (territory, (places, drops)) in territories.iter_mut().zip([(120.0, 50.0), (80.0, 30.0), (0.0, 10.0)])
    {
        territory.declared[1] = Declared { count: Some(places), cost: Some(1_300.0) };
        territory.declared[2] = Declared { count: Some(drops), cost: Some(583.0) };
    }
    territories[1].pooled = true;
    territories
}

#[test]
fn needs_are_told_apart_and_one_that_is_not_known_is_no_zero() {
    let mut territories = three_whole();
    let found = allocate(&whole(1e9), &territories).unwrap();
    let second = found.shares[1].amount.as_ref().unwrap();
    let told: Vec<&str> = second.needs.iter().map(|need| need.formula.as_str()).collect();
    assert_eq!(
        told,
        [
            "20000 * max(0, 1.65 * 1 - 0.8) * 12 * (1 + 0.1)",
            "80 * max(0, 1300 * 1 - 1000) * (1 + 0.1)",
            "30 * max(0, 583 * 1 - 200) * (1 + 0.1)",
        ]
    );
    let by_hand = [20_000.0 * 0.85 * 12.0 * 1.1, 80.0 * 300.0 * 1.1, 30.0 * 383.0 * 1.1];
    for (need, expected) in second.needs.iter().zip(by_hand) {
        assert!((need.euros - expected).abs() < 1e-6, "{need:?}");
    }
    assert_eq!(second.cents, super::cents(by_hand.iter().sum()));
    territories[1].declared[2].cost = None;
    assert_eq!(allocate(&whole(1e9), &territories).unwrap().shares[1].amount, None);
}

#[test]
fn each_year_stays_near_to_the_one_before() {
    let mut territories = three_whole();
    territories[0].last_cents = Some(10_000_000);
    let years = allocate_years(&whole(400_000.0), &territories).unwrap();
    assert_eq!(years.len(), 3);
    let first = amounts(&years[0]);
    // The clamp of a fifth holds the first territory, which has a year before, and no other.
    assert_eq!(first[0], 12_000_000);
    for pair in years.windows(2) {
        let (before, after) = (amounts(&pair[0]), amounts(&pair[1]));
        assert!((pair[1].envelope_euros / pair[0].envelope_euros - 1.02).abs() < 1e-12);
        for (before, after) in before.iter().zip(&after) {
            assert!((after - before).abs() * 5 <= *before + 5, "{before} {after}");
        }
    }
}

#[test]
fn the_assumption_that_moves_most_comes_first() {
    let swings = sensitivity(&whole(400_000.0), &three_whole()).unwrap();
    let moved: Vec<i64> = swings.iter().map(super::super::Swing::moved_cents).collect();
    assert!(moved.windows(2).all(|pair| pair[0] >= pair[1]), "{moved:?}");
    let named: Vec<&str> = swings.iter().map(|swing| swing.assumption).collect();
    assert!(
        named.contains(&"envelope_euros") && named.contains(&"cost_factor") && named.len() == 6,
        "{named:?}"
    );
    let envelope = swings.iter().find(|swing| swing.assumption == "envelope_euros").unwrap();
    let high = envelope.high.as_ref().unwrap();
    // The needs take a larger envelope whole, and all of what is more goes to somebody.
    assert_eq!(high.outcome.as_ref().unwrap().moved_cents, super::cents(high.value - 400_000.0));
    // A range end that gives no scenario gives no outcome.
    let mut broken = whole(400_000.0);
    broken.operating_reference.as_mut().unwrap().low = Some(-1.0);
    let swings = sensitivity(&broken, &three_whole()).unwrap();
    let swing = swings.iter().find(|swing| swing.assumption == "operating_reference").unwrap();
    assert_eq!(swing.low.as_ref().unwrap().outcome, None);
}

#[test]
fn what_cannot_be_is_named() {
    let rules = scenario("kind = \"needs\"", 1_000.0);
    let twice = [territory(7, 1.0, 1.0), territory(7, 1.0, 1.0)];
    assert_eq!(allocate(&rules, &twice).unwrap_err().to_string(), "00007 is listed twice");
    let told = allocate(&rules, &[territory(3, 1.0, -2.0)]).unwrap_err().to_string();
    assert_eq!(told, "operating cost of 00003 is -2; it is finite and not negative");
    let zero = include_str!("../../../parameters/scenarios/exemple.toml").replace("300000.0", "0.0");
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
    let declared = || (1.0..1e5_f64, 0.0..5.0_f64);
    let one = (declared(), (0.0..1e3_f64, 0.0..3e3_f64), (0.0..1e3_f64, 0.0..1e3_f64), any::<bool>());
    prop::collection::vec(one, 2..20).prop_map(|all| {
        let of = |(code, ((lines, cost), places, drops, pooled))| {
            let more = |(count, cost)| Declared { count: Some(count), cost: Some(cost) };
            let mut territory = territory(code, lines, cost);
            (territory.declared[1], territory.declared[2]) = (more(places), more(drops));
            Territory { pooled, ..territory }
        };
        all.into_iter().enumerate().map(of).collect()
    })
}

proptest! {
    #[test]
    fn amounts_are_free_of_order_not_negative_and_add_up(
        territories in some(), envelope in 1.0..1e6_f64, turn in 0_usize..20,
    ) {
        let rules = Scenario { rule: Rule::Needs { clamp: None }, ..whole(envelope) };
        let found = allocate(&rules, &territories).unwrap();
        let mut turned = territories.clone();
        turned.rotate_left(turn % territories.len());
        assert_eq!(found, allocate(&rules, &turned).unwrap());
        let cents = amounts(&found);
        assert!(cents.iter().all(|cents| *cents >= 0));
        assert_eq!(cents.iter().sum::<i64>(), found.total_cents);
        assert_eq!(found.total_cents, super::cents(found.base_euros.min(rules.envelope().unwrap())));
        let balanced = allocate(&scenario("kind = \"self_balancing\"", 1.0), &territories).unwrap();
        assert_eq!(amounts(&balanced).iter().sum::<i64>(), 0);
        let levy = allocate(&scenario("kind = \"levy\"\ndense_over_rural = 5.0", envelope), &territories).unwrap();
        assert_eq!(amounts(&levy).iter().sum::<i64>(), levy.total_cents);
    }

    #[test]
    fn more_cost_or_a_larger_count_never_gives_less(
        territories in some(), envelope in 1.0..1e6_f64, at in 0_usize..20, kind in 0_usize..3,
        cost in 0.0..2.0_f64, count in 0.0..1e4_f64,
    ) {
        let rules = Scenario { rule: Rule::Needs { clamp: None }, ..whole(envelope) };
        let at = at % territories.len();
        let before = amounts(&allocate(&rules, &territories).unwrap())[at];
        let mut more = territories;
        let declared = &mut more[at].declared[kind];
        declared.cost = declared.cost.map(|own| own + cost);
        declared.count = declared.count.map(|own| own + count);
        assert!(amounts(&allocate(&rules, &more).unwrap())[at] >= before - 1, "beyond a cent of rounding");
    }

    #[test]
    fn a_little_more_cost_moves_amounts_a_little(
        territories in some(), envelope in 1.0..1e6_f64, at in 0_usize..20,
    ) {
        let rules = Scenario { rule: Rule::Needs { clamp: None }, ..whole(envelope) };
        let before = amounts(&allocate(&rules, &territories).unwrap());
        let mut more = territories;
        let at = at % more.len();
        // A billionth of a euro on a hundred thousand lines over a year is a tenth of a cent.
        more[at].declared[0].cost = more[at].declared[0].cost.map(|own| own + 1e-9);
        let after = amounts(&allocate(&rules, &more).unwrap());
        assert!(before.iter().zip(&after).all(|(before, after)| (after - before).abs() <= 1));
    }

    #[test]
    fn two_halves_get_what_the_whole_got(territories in some(), envelope in 1.0..1e6_f64) {
        let rules = Scenario { rule: Rule::Needs { clamp: None }, ..whole(envelope) };
        let whole = amounts(&allocate(&rules, &territories).unwrap());
        let mut halves = territories;
        for declared in &mut halves[0].declared {
            declared.count = declared.count.map(|count| count / 2.0);
        }
        let mut other = halves[0].clone();
        other.code = "99999".to_owned();
        halves.push(other);
        let parted = amounts(&allocate(&rules, &halves).unwrap());
        assert!((parted[0] + parted[parted.len() - 1] - whole[0]).abs() <= 2);
        assert!(parted[1..parted.len() - 1].iter().zip(&whole[1..]).all(|(now, then)| (now - then).abs() <= 1));
    }
}
