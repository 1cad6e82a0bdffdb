//! How often a declaration that holds is called contradicted, and one that does not hold is noticed, when tests go together:
//! the table of docs/measurements/contradiction.md. `cargo run --profile demo -p desserte-evidence --example wrong_verdicts`.

#![expect(clippy::print_stdout, reason = "a study prints its table")]

use desserte_evidence::{Cell, Cluster, ContradictionRule, Judgement, judge, tail};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Maps of each kind.
const MAPS: u32 = 2_000;
/// Cells of a map.
const CELLS: u32 = 20;
const REQUIRED: f64 = 0.95;

/// A world: how tests of a cluster go together, and how many there are.
#[derive(Clone, Copy)]
struct World {
    correlation: f64,
    clusters: u32,
    tests: u32,
}

fn main() {
    let rule = ContradictionRule::built_in();
    println!(
        "correlation  clusters  tests | maps wrongly contradicted: naive, ours | cells noticed at 85 %, 70 %"
    );
    for correlation in [0.0, 0.05, 0.1, 0.2, 0.4, 0.6] {
        for (clusters, tests) in [(5, 10), (10, 10), (10, 30), (30, 10), (60, 20)] {
            let world = World { correlation, clusters, tests };
            let (naive, ours) = wrong(world, &rule);
            let noticed = [0.85, 0.7].map(|succeeding| power(world, succeeding, &rule));
            println!(
                "{correlation:>11.2}  {clusters:>8}  {tests:>5} | {:>6.1} %  {:>6.1} % | {:>6.1} %  {:>6.1} %",
                100.0 * naive,
                100.0 * ours,
                100.0 * noticed[0],
                100.0 * noticed[1]
            );
        }
    }
}

/// Shares of maps, of which every declaration holds, with a cell called: by a binomial test that takes every test as independent
/// (with Holm's correction by its first step), and by ours.
fn wrong(world: World, rule: &ContradictionRule) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(23);
    let (mut naive, mut ours) = (0_u32, 0_u32);
    for _ in 0..MAPS {
        let cells: Vec<Cell> = (0..CELLS).map(|_| draw(world, REQUIRED, &mut random)).collect();
        let smallest = cells.iter().filter_map(|cell| {
            let tests = cell.clusters.iter().map(|cluster| cluster.tests).sum();
            let failures = cell.clusters.iter().map(|cluster| cluster.failures).sum();
            tail(tests, failures, 1.0 - REQUIRED)
        });
        let smallest = smallest.fold(1.0, f64::min);
        naive += u32::from(smallest * f64::from(CELLS) <= rule.level.value);
        let called = |verdict: &desserte_evidence::CellVerdict| {
            matches!(verdict.judgement, Judgement::Contradicted { .. })
        };
        ours += u32::from(judge(&cells, REQUIRED, rule).0.iter().any(called));
    }
    (f64::from(naive) / f64::from(MAPS), f64::from(ours) / f64::from(MAPS))
}

/// Share of bad cells that are called, when one in four cells of a map is bad.
fn power(world: World, succeeding: f64, rule: &ContradictionRule) -> f64 {
    let mut random = ChaCha8Rng::seed_from_u64(24);
    let (mut called, mut bad) = (0_u32, 0_u32);
    for _ in 0..MAPS / 10 {
        let is_bad = |index: u32| index.is_multiple_of(4);
        let cells: Vec<Cell> = (0..CELLS)
            .map(|index| draw(world, if is_bad(index) { succeeding } else { 0.98 }, &mut random))
            .collect();
        for (index, verdict) in (0..).zip(judge(&cells, REQUIRED, rule).0) {
            if is_bad(index) {
                bad += 1;
                called += u32::from(matches!(verdict.judgement, Judgement::Contradicted { .. }));
            }
        }
    }
    f64::from(called) / f64::from(bad)
}

/// A cell whose clusters each fail or hold together: a test repeats its cluster's first outcome with a probability whose square root
/// is the correlation's, else has its own. That gives the correlation exactly, whatever the share of failures.
fn draw(world: World, succeeding: f64, random: &mut ChaCha8Rng) -> Cell {
    let repeats = world.correlation.sqrt();
    let clusters = (0..world.clusters).map(|_| {
        let common = random.random::<f64>() >= succeeding;
        let failed = |random: &mut ChaCha8Rng| {
            if random.random::<f64>() < repeats { common } else { random.random::<f64>() >= succeeding }
        };
        let failures = (0..world.tests).map(|_| u32::from(failed(random))).sum();
        Cluster { tests: world.tests, failures }
    });
    Cell { name: String::new(), clusters: clusters.collect() }
}
