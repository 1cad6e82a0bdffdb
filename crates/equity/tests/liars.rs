//! How far probes that lie move a commune's median, held against its interval (docs/measurements/liars.md).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail the test; the study reads what they found"
)]

#[path = "../examples/intervals/world.rs"]
#[allow(dead_code, reason = "the study of intervals asks more of a world")]
mod world;

use desserte_equity::bootstrap::{Bootstrap, Of, Resampling, Rule, draws};
use desserte_equity::{Interval, Parameters};
use world::{Seen, World};

/// Draws of a bootstrap.
const DRAWS: u64 = 199;

/// One probe in ten lies.
const LIARS: u32 = 10;

/// What a lying probe does to each of its results.
const LIES: [(&str, f64); 3] = [("ten times too much", 10.0), ("a tenth", 0.1), ("half", 0.5)];

fn commune(probes: u32) -> World {
    World { probes, days: 7, tests: 2, sigma: 0.8, shares: [0.6, 0.1], uneven: false, factor: 1.0 }
}

/// The median of units taken `counts` times; `order` is that of rising values.
fn median(values: &[f64], order: &[usize], counts: &[u32]) -> f64 {
    let half = counts.iter().map(|count| u64::from(*count)).sum::<u64>().div_ceil(2);
    let mut below = 0;
    for &unit in order {
        below += u64::from(counts[unit]);
        if below >= half && below > 0 {
            return values[unit];
        }
    }
    f64::NAN
}

fn mean(values: &[f64], counts: &[u32]) -> f64 {
    let weights = || counts.iter().map(|count| f64::from(*count));
    values.iter().zip(weights()).map(|(value, weight)| value * weight).sum::<f64>() / weights().sum::<f64>()
}

fn order(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

/// Median and mean of what was seen, with their intervals.
fn figures(seen: &Seen) -> [(f64, Interval); 2] {
    let resampling = Resampling::of_clusters(&seen.labels);
    let order = order(&seen.values);
    let statistics = |counts: &[u32], found: &mut [f64]| {
        found[0] = median(&seen.values, &order, counts);
        found[1] = mean(&seen.values, counts);
    };
    let drawn = draws(&resampling, 5, 0..DRAWS, 2, statistics);
    let bootstrap = Bootstrap::new(&resampling, drawn, 2, statistics);
    let rule = Rule::of(Of::Mean, &Parameters::built_in());
    let clusters = resampling.effective_clusters(&vec![1.0; seen.values.len()]);
    let whole = vec![1; seen.values.len()];
    let told = [median(&seen.values, &order, &whole), mean(&seen.values, &whole)];
    [0, 1].map(|which| (told[which], bootstrap.interval(&rule, clusters, |found| found[which]).unwrap()))
}

/// Of `worlds`, in how many percent the lie leaves median and mean within the interval that the truth would have had, and by how
/// many percent it moves them at most.
fn within(probes: u32, lie: f64, worlds: u64) -> [(f64, f64); 2] {
    let mut held = [0.0; 2];
    let mut farthest = [0.0_f64; 2];
    for number in 0..worlds {
        let honest = commune(probes).observe(23, number);
        let mut lied = commune(probes).observe(23, number);
        for (value, (probe, _)) in lied.values.iter_mut().zip(&honest.labels) {
            if probe % LIARS == 0 {
                *value *= lie;
            }
        }
        let whole = vec![1; lied.values.len()];
        let told = [median(&lied.values, &order(&lied.values), &whole), mean(&lied.values, &whole)];
        for (which, (truth, interval)) in figures(&honest).into_iter().enumerate() {
            held[which] += f64::from(u8::from((interval.low..=interval.high).contains(&told[which])));
            farthest[which] = farthest[which].max(100.0 * (told[which] / truth - 1.0).abs());
        }
    }
    let worlds = f64::from(u32::try_from(worlds).unwrap());
    [0, 1].map(|which| (100.0 * held[which] / worlds, farthest[which]))
}

#[test]
fn one_probe_in_ten_that_lies_leaves_a_commune_s_median_within_its_interval() {
    for probes in [20, 40] {
        for (lie, by) in LIES {
            let [(median, moved), (mean, mean_moved)] = within(probes, by, 40);
            println!(
                "{probes} probes, {lie}: median within its interval in {median:.0} % of worlds, moved by {moved:.0} % at most; \
                 mean in {mean:.0} %, by {mean_moved:.0} %"
            );
            assert!(median >= 95.0, "{probes} probes, {lie}: {median}");
        }
    }
}

#[test]
fn so_many_probes_that_the_interval_is_narrower_than_the_lie_and_means_are_moved_beyond_it() {
    let [(median, _), _] = within(200, 10.0, 10);
    println!("200 probes, ten times too much: median within its interval in {median:.0} % of worlds");
    let [_, (mean, moved)] = within(40, 10.0, 40);
    println!(
        "40 probes, ten times too much: mean within its interval in {mean:.0} % of worlds, moved by {moved:.0} %"
    );
    // The median is why a commune's figure is one: a mean is whatever the liars say.
    assert!(mean < 50.0, "{mean}");
    assert!(median < 95.0, "{median}");
}
