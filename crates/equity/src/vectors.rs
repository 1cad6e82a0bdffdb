//! The test vectors of the project's domain rules to their printed digits, and the properties that indices must have.
#![allow(clippy::float_cmp, reason = "the same octets are asked for")]

use proptest::prelude::*;

use super::*;

fn distribution(units: &[(f64, f64)]) -> Distribution {
    let units: Vec<Unit> =
        units.iter().map(|(value, weight)| Unit { value: Some(*value), weight: *weight }).collect();
    Distribution::new(&units).unwrap()
}

fn figures(of: &Distribution, line: Option<f64>) -> Figures {
    Prepared::new(of, &Asked::by(&Parameters::built_in(), line)).figures()
}

/// Holds a number against one that is printed with some decimals.
fn printed(found: impl Into<Option<f64>>, expected: &str) {
    let decimals = expected.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let found = found.into().expect("defined");
    assert_eq!(format!("{found:.decimals$}"), expected);
}

const RATES: [(f64, f64); 4] = [(8.0, 400.0), (30.0, 300.0), (100.0, 200.0), (300.0, 100.0)];

#[test]
fn the_vector_of_equal_weights_is_met() {
    let found = figures(&distribution(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0), (5.0, 1.0)]), None);
    printed(found.gini, "0.266667");
    printed(found.theil_t, "0.119688");
    printed(found.theil_l, "0.141114");
    for (found, expected) in found.atkinson.iter().zip(["0.063153", "0.131610", "0.270073"]) {
        printed(*found, expected);
    }
}

#[test]
fn the_vector_of_rates_is_met() {
    let of = distribution(&RATES);
    let found = figures(&of, Some(30.0));
    printed(found.mean, "62.2");
    printed(found.gini, "0.610611");
    printed(figures(&of.top_coded(100.0).unwrap(), None).gini, "0.473460");
    printed(found.theil_t, "0.700543");
    printed(found.theil_l, "0.786807");
    for (found, expected) in found.atkinson.iter().zip(["0.319362", "0.544704", "0.742077"]) {
        printed(*found, expected);
    }
    printed(found.palma, "9.375");
    printed(of.palma(Parameters::built_in().palma.value), "9.375");
    for (line, expected) in [(30.0, ["0.4", "0.293333", "0.215111"]), (100.0, ["0.7", "0.578", "0.48556"])] {
        for (found, expected) in figures(&of, Some(line)).fgt.unwrap().into_iter().zip(expected) {
            printed(found, expected);
        }
    }
    let split = Split::new(&of, &[0, 0, 1, 1], 2);
    let (t, l) = (split.theil_t.unwrap(), split.theil_l.unwrap());
    printed(t.between, "0.542776");
    printed(t.within, "0.157767");
    printed(l.between, "0.594879");
    printed(l.within, "0.191928");
}

#[test]
fn the_vectors_of_uncertainty_are_met() {
    printed(effective_count(720.0, 0.6), "1.67");
    printed(kish(&[400.0, 300.0, 200.0, 100.0]), "3.33");
    for (successes, count, low, high) in
        [(3.0, 30.0, "0.0346", "0.2562"), (27.0, 30.0, "0.7438", "0.9654"), (0.0, 10.0, "0", "0.2775")]
    {
        let found = wilson(successes, count, 0.95).unwrap();
        printed(found.low, low);
        printed(found.high, high);
    }
    assert_eq!(wilson(0.0, 0.0, 0.95), None);
}

#[test]
fn what_is_not_defined_is_no_number() {
    let nothing = figures(&distribution(&[(0.0, 1.0), (0.0, 2.0)]), Some(1.0));
    assert_eq!((nothing.gini, nothing.theil_t, nothing.theil_l, nothing.palma), (None, None, None, None));
    assert_eq!((nothing.atkinson, nothing.fgt), (vec![None; 3], Some([1.0; 3])));
    let of = distribution(&[(0.0, 1.0), (4.0, 1.0)]);
    let half = figures(&of, None);
    assert_eq!((half.gini, half.theil_l, half.fgt, half.palma), (Some(0.5), None, None, None));
    assert_eq!(half.atkinson[1..], [Some(1.0), Some(1.0)]);
    printed(half.theil_t, "0.693147");
    let split = Split::new(&of, &[0, 1], 3);
    printed(split.theil_t.unwrap().between, "0.693147");
    assert_eq!((split.theil_l, split.classes[2].mean), (None, None));
}

#[test]
fn a_value_on_the_line_is_not_below_it() {
    assert_eq!(figures(&distribution(&[(30.0, 1.0)]), Some(30.0)).fgt, Some([0.0; 3]));
}

/// Some units with values and weights above zero, over six orders of magnitude.
fn some_units() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((1e-3..1e3_f64, 1e-3..1e3_f64), 1..40)
}

fn near(a: impl Into<Option<f64>>, b: impl Into<Option<f64>>) {
    let (a, b) = (a.into(), b.into());
    let alike = match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-11 * a.abs().max(1.0),
        _ => a == b,
    };
    assert!(alike, "{a:?} and {b:?}");
}

fn alike(a: &Figures, b: &Figures) {
    near(a.gini, b.gini);
    near(a.theil_t, b.theil_t);
    near(a.theil_l, b.theil_l);
    near(a.palma.map(f64::ln), b.palma.map(f64::ln));
    a.atkinson.iter().zip(&b.atkinson).for_each(|(a, b)| near(*a, *b));
    a.fgt.into_iter().flatten().zip(b.fgt.into_iter().flatten()).for_each(|(a, b)| near(a, b));
}

proptest! {
    #[test]
    fn the_order_of_units_changes_no_octet(units in some_units(), turn in 0_usize..40) {
        let mut turned = units.clone();
        turned.rotate_left(turn % units.len());
        turned.reverse();
        let line = Some(10.0);
        assert_eq!(figures(&distribution(&units), line), figures(&distribution(&turned), line));
    }

    #[test]
    fn indices_are_those_of_their_definitions(units in some_units()) {
        let found = figures(&distribution(&units), None);
        let weight: f64 = units.iter().map(|unit| unit.1).sum();
        let mean = units.iter().map(|unit| unit.0 * unit.1).sum::<f64>() / weight;
        let pairs = units.iter().flat_map(|a| units.iter().map(move |b| a.1 * b.1 * (a.0 - b.0).abs()));
        near(found.gini, pairs.sum::<f64>() / (2.0 * weight * weight * mean));
        let each = |of: &dyn Fn(f64) -> f64| units.iter().map(|unit| unit.1 / weight * of(unit.0 / mean)).sum::<f64>();
        near(found.theil_t, each(&|ratio| ratio * ratio.ln()));
        near(found.theil_l, each(&|ratio| -ratio.ln()));
        near(found.atkinson[0], 1.0 - each(&f64::sqrt).powi(2));
        near(found.atkinson[1], 1.0 - each(&f64::ln).exp());
        near(found.atkinson[2], 1.0 - 1.0 / each(&f64::recip));
    }

    #[test]
    fn a_population_twice_over_is_as_unequal(units in some_units(), factor in 1e-2..1e2_f64) {
        let twice: Vec<_> = units.iter().chain(&units).copied().collect();
        let heavier: Vec<_> = units.iter().map(|unit| (unit.0, unit.1 * factor)).collect();
        let richer: Vec<_> = units.iter().map(|unit| (unit.0 * factor, unit.1)).collect();
        let found = figures(&distribution(&units), Some(10.0));
        alike(&found, &figures(&distribution(&twice), Some(10.0)));
        alike(&found, &figures(&distribution(&heavier), Some(10.0)));
        alike(&found, &figures(&distribution(&richer), Some(10.0 * factor)));
    }

    #[test]
    fn giving_from_the_better_off_to_the_worse_off_never_adds_inequality(
        units in some_units(), from in 0_usize..40, to in 0_usize..40, part in 0.0..0.5_f64,
    ) {
        let (from, to) = (from % units.len(), to % units.len());
        prop_assume!(units[from].0 > units[to].0);
        let (before, mut units) = (figures(&distribution(&units), None), units);
        let each = units[from].1.min(units[to].1) * part * (units[from].0 - units[to].0);
        units[from].0 -= each / units[from].1;
        units[to].0 += each / units[to].1;
        let after = figures(&distribution(&units), None);
        let not_more = |after: Option<f64>, before: Option<f64>| assert!(after.unwrap() <= before.unwrap() + 1e-12);
        not_more(after.gini, before.gini);
        not_more(after.theil_t, before.theil_t);
        not_more(after.theil_l, before.theil_l);
        after.atkinson.iter().zip(&before.atkinson).for_each(|(after, before)| not_more(*after, *before));
    }

    #[test]
    fn between_and_within_add_up(units in some_units(), seed in 0_u32..1000, classes in 1_u32..6) {
        let of = distribution(&units);
        let class: Vec<u32> = (0..u32::try_from(of.len()).unwrap()).map(|at| (at * 7 + seed) % 13 % classes).collect();
        let (whole, split) = (figures(&of, None), Split::new(&of, &class, classes as usize));
        let (t, l) = (split.theil_t.unwrap(), split.theil_l.unwrap());
        for (parts, whole) in [(t, whole.theil_t.unwrap()), (l, whole.theil_l.unwrap())] {
            assert!((parts.between + parts.within - whole).abs() <= 1e-12 * whole.max(1.0), "{parts:?} {whole}");
            assert!(parts.between >= -1e-12 && parts.within >= -1e-12, "{parts:?}");
        }
        let shares: f64 = split.classes.iter().map(|class| class.weight_share).sum();
        near(shares, 1.0);
    }

    #[test]
    fn concentration_ranked_by_the_values_is_the_gini(units in some_units()) {
        // Few different values, so that ranks are tied.
        let coarse: Vec<_> = units.iter().map(|unit| (unit.0.ceil() % 5.0 + 1.0, unit.1)).collect();
        let ranked: Vec<_> = coarse.iter().map(|unit| (unit.0, unit.0, unit.1)).collect();
        let turned: Vec<_> = coarse.iter().map(|unit| (unit.0, -unit.0, unit.1)).collect();
        let gini = figures(&distribution(&coarse), None).gini;
        near(concentration(&ranked), gini);
        near(concentration(&turned), gini.map(|gini| -gini));
    }

    #[test]
    fn a_draw_has_the_figures_of_a_table_with_the_drawn_rows(units in some_units(), seed in 0_u64..100) {
        let of = distribution(&units);
        let asked = Asked::by(&Parameters::built_in(), Some(10.0));
        let mut counts = vec![0; of.len()];
        bootstrap::Resampling::of_units(of.len()).draw(seed, 1, &mut counts);
        let drawn = Prepared::new(&of, &asked).figures_of(&counts, &mut Scratch::default()).unwrap();
        let rows: Vec<_> = of.values().iter().zip(of.weights()).zip(&counts)
            .map(|((value, weight), count)| (*value, weight * f64::from(*count))).collect();
        let table = figures(&distribution(&rows), Some(10.0));
        near(drawn.mean, table.mean);
        alike(&drawn, &table);
    }

    #[test]
    fn the_lorenz_curve_rises_below_the_diagonal(units in some_units()) {
        let of = distribution(&units);
        let shares: Vec<f64> = (0..=20).map(|step| of.lorenz(f64::from(step) / 20.0).unwrap()).collect();
        assert!(shares.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12), "{shares:?}");
        assert!(shares.iter().zip(0..).all(|(share, step)| *share <= f64::from(step) / 20.0 + 1e-12), "{shares:?}");
        near(shares[20], 1.0);
        let of_parameters = Parameters::built_in().palma.value;
        near(of.palma(of_parameters).map(f64::ln), figures(&of, None).palma.map(f64::ln));
    }
}
