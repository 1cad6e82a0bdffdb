//! Cells of a declared map, and what their tests say.

use desserte_equity::intraclass_correlation;

use crate::binomial::tail;
use crate::correction::holm;
use crate::parameters::ContradictionRule;

/// Tests that go together: of one probe on one day, of one drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// Tests that count: inside declared coverage, not excluded.
    pub tests: u32,
    /// Of those, how many failed.
    pub failures: u32,
}

/// A part of a declared map that is judged by itself: a commune, a hexagon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its name or code.
    pub name: String,
    /// Its tests. A cluster without a test counts for nothing.
    pub clusters: Vec<Cluster>,
}

/// What is said of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// Too few tests to say anything; no probability is given.
    NotEnough(Vec<Lack>),
    /// The tests do not contradict the declaration. That is not to say that it holds.
    NotContradicted {
        /// Probability of so many failures or more if the declaration holds.
        probability: f64,
        /// The same after Holm, over every cell judged.
        adjusted: f64,
    },
    /// The tests contradict the declaration for this cell.
    Contradicted {
        /// Probability of so many failures or more if the declaration holds.
        probability: f64,
        /// The same after Holm, over every cell judged.
        adjusted: f64,
    },
}

/// What a cell lacks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lack {
    /// Effective tests.
    Tests {
        /// What there are.
        found: f64,
        /// What is asked for.
        wanted: f64,
    },
    /// Clusters that are independent of each other.
    Clusters {
        /// What there are.
        found: u32,
        /// What is asked for.
        wanted: u32,
    },
}

/// A cell with what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellVerdict {
    /// Its name or code.
    pub name: String,
    /// Tests that count.
    pub tests: u32,
    /// Of those, how many failed.
    pub failures: u32,
    /// Clusters that they come from.
    pub clusters: u32,
    /// Independent tests that they are worth.
    pub effective_tests: f64,
    /// What is said.
    pub judgement: Judgement,
}

/// Holds every cell against the declaration that a test succeeds with probability `required` or more; the second value is the
/// correlation within clusters that was reckoned with.
///
/// Tests of a cluster that go together with correlation ρ are worth `m / (1 + (m − 1) ρ)`, where ρ is estimated over all cells, each
/// held against its own mean, and is at least what the rule says. Failures are taken in the same proportion, both rounded
/// down: rounding never speaks against the declaration.
#[must_use]
pub fn judge(cells: &[Cell], required: f64, rule: &ContradictionRule) -> (Vec<CellVerdict>, f64) {
    let failed = cells.iter().flat_map(|cell| &cell.clusters).any(|cluster| cluster.failures > 0);
    // Outcomes that do not differ have no correlation to estimate: if all failed they may be one event, if none did it does not matter.
    let unknown = if failed { 1.0 } else { 0.0 };
    let correlation = correlation(cells).unwrap_or(unknown).max(rule.correlation_min.value);
    let mut verdicts: Vec<CellVerdict> = cells.iter().map(|cell| count(cell, correlation)).collect();
    let judged: Vec<(usize, f64)> = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| lacks(verdict, rule).is_empty())
        .filter_map(|(index, verdict)| Some((index, probability(verdict, required)?)))
        .collect();
    let probabilities: Vec<f64> = judged.iter().map(|&(_, probability)| probability).collect();
    for verdict in &mut verdicts {
        verdict.judgement = Judgement::NotEnough(lacks(verdict, rule));
    }
    for (&(index, probability), adjusted) in judged.iter().zip(holm(&probabilities)) {
        verdicts[index].judgement = if adjusted <= rule.level.value {
            Judgement::Contradicted { probability, adjusted }
        } else {
            Judgement::NotContradicted { probability, adjusted }
        };
    }
    (verdicts, correlation)
}

/// What a cell has, without a judgement.
pub(crate) fn count(cell: &Cell, correlation: f64) -> CellVerdict {
    let clusters = cell.clusters.iter().filter(|cluster| cluster.tests > 0);
    let mut verdict = CellVerdict {
        name: cell.name.clone(),
        tests: 0,
        failures: 0,
        clusters: 0,
        effective_tests: 0.0,
        judgement: Judgement::NotEnough(Vec::new()),
    };
    for cluster in clusters {
        let tests = f64::from(cluster.tests);
        verdict.tests += cluster.tests;
        verdict.failures += cluster.failures.min(cluster.tests);
        verdict.clusters += 1;
        verdict.effective_tests += tests / (1.0 + (tests - 1.0) * correlation);
    }
    verdict
}

fn lacks(verdict: &CellVerdict, rule: &ContradictionRule) -> Vec<Lack> {
    let (tests, clusters) = (rule.effective_tests_min.value, rule.clusters_min.value);
    let mut lacks = Vec::new();
    if verdict.effective_tests < tests {
        lacks.push(Lack::Tests { found: verdict.effective_tests, wanted: tests });
    }
    if verdict.clusters < clusters {
        lacks.push(Lack::Clusters { found: verdict.clusters, wanted: clusters });
    }
    lacks
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "both are between 0 and the number of tests, which is of this type"
)]
fn probability(verdict: &CellVerdict, required: f64) -> Option<f64> {
    let share = f64::from(verdict.failures) / f64::from(verdict.tests);
    let effective = verdict.effective_tests.floor();
    tail(effective as u32, (share * effective).floor() as u32, 1.0 - required)
}

/// Correlation of tests of one cluster within a cell, over all cells: outcomes are taken less their cell's mean, so that cells that
/// differ do not count as clusters that do.
fn correlation(cells: &[Cell]) -> Option<f64> {
    let mut outcomes: Vec<Vec<f64>> = Vec::new();
    for cell in cells {
        let (mut tests, mut failures) = (0.0, 0.0);
        for cluster in &cell.clusters {
            tests += f64::from(cluster.tests);
            failures += f64::from(cluster.failures.min(cluster.tests));
        }
        for cluster in cell.clusters.iter().filter(|cluster| cluster.tests > 0) {
            let mean = failures / tests;
            let failed = cluster.failures.min(cluster.tests);
            let values = (0..cluster.tests).map(|test| if test < failed { 1.0 - mean } else { -mean });
            outcomes.push(values.collect());
        }
    }
    let clusters: Vec<&[f64]> = outcomes.iter().map(Vec::as_slice).collect();
    intraclass_correlation(&clusters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str, clusters: &[(u32, u32)]) -> Cell {
        let clusters = clusters.iter().map(|&(tests, failures)| Cluster { tests, failures }).collect();
        Cell { name: name.to_owned(), clusters }
    }

    fn independent(name: &str, tests: usize, failures: usize) -> Cell {
        let one = |index: usize| (1, u32::from(index < failures));
        cell(name, &(0..tests).map(one).collect::<Vec<_>>())
    }

    #[test]
    fn independent_tests_reject_from_the_number_of_the_table_on() {
        let rule = ContradictionRule::built_in();
        for (failures, contradicted) in [(4, false), (5, true)] {
            let (verdicts, _) = judge(&[independent("a", 30, failures)], 0.95, &rule);
            assert_eq!(
                matches!(verdicts[0].judgement, Judgement::Contradicted { .. }),
                contradicted,
                "{failures}"
            );
        }
    }

    #[test]
    fn the_more_cells_are_looked_at_the_more_it_takes() {
        let rule = ContradictionRule::built_in();
        let mut cells = vec![independent("bad", 30, 5)];
        cells.extend((0..19).map(|index| independent(&format!("good {index}"), 30, 1)));
        let (verdicts, _) = judge(&cells, 0.95, &rule);
        assert!(matches!(verdicts[0].judgement, Judgement::NotContradicted { probability, adjusted }
            if probability < 0.05 && adjusted > 0.05));
    }

    #[test]
    fn a_thousand_tests_of_one_bad_day_say_nothing() {
        let rule = ContradictionRule::built_in();
        let (verdicts, correlation) = judge(&[cell("a", &[(1_000, 1_000), (5, 0), (5, 0)])], 0.95, &rule);
        assert!(correlation > 0.9, "{correlation}");
        let Judgement::NotEnough(lacks) = &verdicts[0].judgement else { panic!("{:?}", verdicts[0]) };
        assert!(matches!(lacks[..], [Lack::Tests { found, .. }] if found < 5.0));
    }

    #[test]
    fn where_nothing_failed_nothing_is_contradicted_and_where_all_did_it_may_be_one_event() {
        let rule = ContradictionRule::built_in();
        let all = |failures| judge(&[cell("a", &[(20, failures); 5])], 0.95, &rule).0.remove(0);
        assert!(matches!(all(0).judgement, Judgement::NotContradicted { .. }));
        assert!(matches!(all(20).judgement, Judgement::NotEnough(_)));
    }

    #[test]
    fn a_cell_without_tests_lacks_everything_and_gets_no_number() {
        let rule = ContradictionRule::built_in();
        let (verdicts, _) = judge(&[cell("a", &[(0, 0)]), cell("b", &[])], 0.95, &rule);
        for verdict in verdicts {
            assert!(matches!(&verdict.judgement, Judgement::NotEnough(lacks) if lacks.len() == 2));
        }
    }
}
