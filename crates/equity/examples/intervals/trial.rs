//! One world, every way of making intervals, and which of them hold the truth.

use desserte_equity::bootstrap::{Bootstrap, Of, Resampling, Rule, draws};
use desserte_equity::split::{self, Drawn};
use desserte_equity::{Asked, Comparison, Distribution, Interval, Parameters, Prepared, Scratch, Unit};

use super::world::{Seen, World};

/// What intervals are made of, and as what the program takes it.
pub(crate) const FIGURES: [(&str, Of); 12] = [
    ("mean", Of::Mean),
    ("fgt0", Of::Share),
    ("fgt1", Of::Depth),
    ("fgt2", Of::Depth),
    ("gini", Of::Index),
    ("palma", Of::Index),
    ("theil_t", Of::TheilT),
    ("theil_l", Of::Index),
    ("atkinson_2", Of::Index),
    ("theil_t between zones", Of::Index),
    ("difference of means", Of::Mean),
    ("difference of fgt0", Of::Share),
];

/// Ways of making them: those that are compared, and whole probes at each of [`LEVELS`], which is what calibration reads.
pub(crate) const WAYS: [&str; COMPARED + LEVELS.len()] = [
    "tests as if independent, BCa",
    "probes then days, as the program reads draws",
    "whole probes, BCa",
    "whole probes, draws read at 95 %",
    "whole probes, as the program reads draws",
    "as the program tells",
    "whole probes, draws read at 96 %",
    "whole probes, draws read at 96.5 %",
    "whole probes, draws read at 97 %",
    "whole probes, draws read at 97.5 %",
    "whole probes, draws read at 98 %",
    "whole probes, draws read at 98.5 %",
];

/// How many ways are compared with each other.
pub(crate) const COMPARED: usize = 6;

/// Levels at which draws are tried.
const LEVELS: [f64; 6] = [0.96, 0.965, 0.97, 0.975, 0.98, 0.985];

/// The place of what the program tells: as it reads draws, and nothing where clusters are too few.
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

/// Statistics of a draw: the first ten figures, two means, two shares below the line.
const WIDTH: usize = 14;

/// Places of what lies between zones, and of the first difference.
const BETWEEN: usize = 9;
const DIFFERENCES: usize = 10;

/// Aversion of the Atkinson index that is looked at: the one that hangs most on the worst-off.
const AVERSION: f64 = 2.0;

/// Of so many worlds one is drawn in other ways than by whole probes: how far off they are shows soon.
const OTHERS_IN: u64 = 8;

/// Observes a world and makes its intervals.
pub(crate) fn trial(world: &World, seed: u64, number: u64, count: u64) -> Trial {
    let seen = world.observe(seed, number);
    let units: Vec<Unit> =
        seen.values.iter().map(|value| Unit { value: Some(*value), weight: 1.0 }).collect();
    let of = Distribution::new(&units).expect("values are above zero");
    let (truth, parameters) = (world.truth(), Parameters::built_in());
    let asked =
        Asked { aversions: vec![AVERSION], poverty_line: Some(truth.line), ..Asked::by(&parameters, None) };
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
                fgt[2],
                or(found.gini),
                or(found.palma),
                or(found.theil_t),
                or(found.theil_l),
                or(found.atkinson[0]),
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
        let difference = |rule: &Rule, from: usize| {
            bootstrap.difference(rule, [sides[1], sides[0]], |row| row[from + 1], |row| row[from])
        };
        for (figure, (_, kind)) in FIGURES.into_iter().enumerate() {
            let told = Rule::of(kind, &parameters);
            // The fewest clusters are what the study is to find: only what is told asks for them.
            let ours = Rule { clusters_min: 2.0, ..told };
            let plain = Rule { read_at: ours.level, ..ours };
            let place = |row: &[f64]| match figure {
                DIFFERENCES.. => row[2 * figure - DIFFERENCES + 1] - row[2 * figure - DIFFERENCES],
                _ => row[figure],
            };
            let interval = |rule: &Rule| match figure {
                DIFFERENCES.. => difference(rule, 2 * figure - DIFFERENCES),
                _ => {
                    // What lies between classes is never below zero, so that no draw says that it is zero.
                    let differ = || {
                        difference(&Rule::of(Of::Mean, &parameters), DIFFERENCES)
                            .is_some_and(|interval| interval.compared() != Comparison::Tie)
                    };
                    if figure == BETWEEN && !differ() {
                        let share =
                            Rule { clusters_min: rule.clusters_min, ..Rule::of(Of::Share, &parameters) };
                        bootstrap.interval(&share.one_sided(), all, place).map(Interval::down_to_zero)
                    } else {
                        bootstrap.interval(rule, all, place)
                    }
                }
            };
            let truth = truth.of(figure);
            let mut put = |way: usize, interval| found.fates[way][figure] = fate(interval, truth);
            match drawing {
                0 => put(0, bootstrap.bca(ours.level, place)),
                1 => put(1, interval(&ours)),
                _ => {
                    put(2, bootstrap.bca(ours.level, place));
                    put(3, interval(&plain));
                    put(4, interval(&ours));
                    put(OURS, interval(&told));
                    for (place, read_at) in LEVELS.into_iter().enumerate() {
                        put(COMPARED + place, interval(&Rule { read_at, ..ours }));
                    }
                }
            }
            if drawing == 2 && figure == DIFFERENCES {
                found.said = interval(&told).map(|interval| interval.compared());
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
