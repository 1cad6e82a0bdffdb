//! One world, every way of making intervals, and which of them hold the truth.

use desserte_equity::bootstrap::{Bootstrap, Resampling, Rule, draws};
use desserte_equity::split::{self, Drawn};
use desserte_equity::{Asked, Comparison, Distribution, Interval, Parameters, Prepared, Scratch, Unit};

use super::world::{Seen, World};

/// What intervals are made of.
pub(crate) const FIGURES: [&str; 9] = [
    "mean",
    "fgt0",
    "fgt1",
    "gini",
    "theil_t",
    "palma",
    "theil_t between zones",
    "difference of means",
    "difference of fgt0",
];

/// Ways of making them.
pub(crate) const WAYS: [&str; 6] = [
    "tests as if independent, BCa",
    "probes then days, BCa",
    "probes then days, studentised",
    "whole probes, BCa",
    "whole probes, BCa widened",
    "whole probes, studentised",
];

/// The place of the way that the program takes.
pub(crate) const OURS: usize = 5;

/// What became of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It holds the truth.
    Holds,
    /// It lies above the truth.
    Above,
    /// It lies below the truth.
    Below,
    /// There is none.
    Withheld,
    /// It was not looked for in this world.
    NotTried,
}

/// What was found in one world.
pub(crate) struct Trial {
    /// By way, then by figure.
    pub fates: [[Fate; FIGURES.len()]; WAYS.len()],
    /// What the program would say of the second zone's mean beside the first's.
    pub said: Option<Comparison>,
}

/// Statistics of a draw: the first six figures, what lies between zones, two means, two shares below the line.
const WIDTH: usize = 11;

/// Of so many worlds one is drawn in other ways than by whole probes: how far off they are shows soon.
const OTHERS_IN: u64 = 8;

/// Observes a world and makes its intervals.
pub(crate) fn trial(world: &World, seed: u64, number: u64, count: u64) -> Trial {
    let seen = world.observe(seed, number);
    let units: Vec<Unit> =
        seen.values.iter().map(|value| Unit { value: Some(*value), weight: 1.0 }).collect();
    let of = Distribution::new(&units).expect("values are above zero");
    let truth = world.truth();
    let asked = Asked {
        aversions: vec![],
        poverty_line: Some(truth.line),
        ..Asked::by(&Parameters::built_in(), None)
    };
    let prepared = Prepared::new(&of, &asked);
    let zones: Vec<u32> = of.rows().map(|row| seen.zones[row]).collect();
    let statistics = || {
        let (mut scratch, mut sums) = (Scratch::default(), vec![Drawn::default(); 2]);
        let (prepared, of, zones) = (&prepared, &of, &zones);
        move |counts: &[u32], row: &mut [f64]| {
            let Some(found) = prepared.figures_of(counts, &mut scratch) else { return };
            let or = |value: Option<f64>| value.unwrap_or(f64::NAN);
            let fgt = found.fgt.unwrap_or([f64::NAN; 3]);
            split::drawn(of, zones, counts, truth.line, &mut sums);
            row.copy_from_slice(&[
                found.mean,
                fgt[0],
                fgt[1],
                or(found.gini),
                or(found.theil_t),
                or(found.palma),
                split::between(&sums).0,
                sums[0].mean(),
                sums[1].mean(),
                sums[0].poor_share(),
                sums[1].poor_share(),
            ]);
        }
    };
    let labels = |label: &dyn Fn(&Seen, usize) -> (u32, u32)| -> Vec<(u32, u32)> {
        of.rows().map(|row| label(&seen, row)).collect()
    };
    let ways = [
        Resampling::of_units(of.len()),
        Resampling::of_clusters(&labels(&|seen, row| seen.labels[row])),
        Resampling::of_clusters(&labels(&|seen, row| (seen.labels[row].0, 0))),
    ];
    let truths = [truth.mean, truth.fgt0, truth.fgt1, truth.gini, truth.theil, truth.palma, 0.0, 0.0, 0.0];
    // The fewest clusters are what the study is to find: here nothing is withheld for them.
    let rule = Rule { clusters_min: 2.0, ..Rule::by(&Parameters::built_in()) };
    let mut found = Trial { fates: [[Fate::NotTried; FIGURES.len()]; WAYS.len()], said: None };
    for (drawing, resampling) in ways.iter().enumerate() {
        if drawing < 2 && !number.is_multiple_of(OTHERS_IN) {
            continue;
        }
        let drawn = draws(resampling, seed, number * count..(number + 1) * count, WIDTH, statistics());
        let bootstrap = Bootstrap::new(resampling, drawn, WIDTH, statistics());
        let own = |zone: u32| {
            let weights: Vec<f64> = zones.iter().map(|of| f64::from(u8::from(*of == zone))).collect();
            resampling.effective_clusters(&weights)
        };
        let (all, sides) = (resampling.effective_clusters(of.weights()), [own(0), own(1)]);
        let difference = |from: usize| {
            bootstrap.difference(&rule, [sides[1], sides[0]], |row| row[from + 1], |row| row[from])
        };
        let differ = difference(7).is_some_and(|interval| interval.compared() != Comparison::Tie);
        for figure in 0..FIGURES.len() {
            let place = |row: &[f64]| match figure {
                7 | 8 => row[2 * figure - 6] - row[2 * figure - 7],
                _ => row[figure],
            };
            let plain = bootstrap.bca(rule.level, place);
            let wide = bootstrap.widened(&rule, all, place);
            let ours = match figure {
                7 | 8 => difference(2 * figure - 7),
                _ => bootstrap.interval(&rule, all, place),
            };
            // What lies between classes is never below zero, so that no draw says that it is zero.
            let ours = ours.map(|ours| if figure == 6 && !differ { ours.down_to_zero() } else { ours });
            let fates = [plain, wide, ours].map(|interval| fate(interval, truths[figure]));
            match drawing {
                0 => found.fates[0][figure] = fates[0],
                1 => (found.fates[1][figure], found.fates[2][figure]) = (fates[0], fates[2]),
                _ => (found.fates[3][figure], found.fates[4][figure], found.fates[5][figure]) = fates.into(),
            }
            if drawing == 2 && figure == 7 {
                found.said = ours.map(|interval| interval.compared());
            }
        }
    }
    found
}

fn fate(interval: Option<Interval>, truth: f64) -> Fate {
    match interval {
        None => Fate::Withheld,
        Some(interval) if interval.low > truth => Fate::Above,
        Some(interval) if interval.high < truth => Fate::Below,
        Some(_) => Fate::Holds,
    }
}
