//! Throughput of a group of runs.

use std::collections::BTreeSet;

use desserte_model::{Direction, ProbeId};
use desserte_store::RunRow;
use desserte_units::BitRate;

use super::quantile;
use crate::config::Publication;

/// Fewest runs for the rate that eight runs in ten reach.
///
/// # Source
/// 14 independent readings bound the 20th percentile from one side at 95 % (order statistics, DOMAIN parameters of
/// 2026-11-21).
const MINIMUM_RUNS_P20: u64 = 14;

/// What can be said of the throughput of a group of runs in one direction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RateFigure {
    /// No run was tried.
    NotMeasured,
    /// Runs were tried, fewer complete than it takes.
    NotEnough {
        /// Complete runs.
        runs: u64,
    },
    /// Enough to say.
    Measured(RateNumbers),
}

/// Throughput of the complete runs of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RateNumbers {
    /// Half of the runs reached this steady goodput.
    pub(crate) median: BitRate,
    /// Eight runs in ten reached this steady goodput; `None` with fewer runs than that takes.
    pub(crate) p20: Option<BitRate>,
    /// Complete runs.
    pub(crate) runs: u64,
    /// Probes that made them.
    pub(crate) probes: u64,
}

impl RateFigure {
    pub(crate) fn measured(&self) -> Option<&RateNumbers> {
        match self {
            Self::Measured(numbers) => Some(numbers),
            Self::NotMeasured | Self::NotEnough { .. } => None,
        }
    }

    /// Complete runs behind the figure.
    pub(crate) fn runs(&self) -> u64 {
        match self {
            Self::NotMeasured => 0,
            Self::NotEnough { runs } => *runs,
            Self::Measured(numbers) => numbers.runs,
        }
    }
}

/// Whether a run may enter a figure: complete, not over Wi-Fi, and counted at the application layer.
pub(crate) fn counts(run: &RunRow) -> bool {
    run.outcome == "complete" && run.medium != "wifi" && run.layer.as_deref() == Some("application")
}

/// The figure of one direction.
pub(crate) fn rate<'a>(
    runs: impl Iterator<Item = &'a RunRow>,
    direction: Direction,
    rules: &Publication,
) -> RateFigure {
    let mut tried = false;
    let mut rates = Vec::new();
    let mut probes: BTreeSet<&ProbeId> = BTreeSet::new();
    for run in runs.filter(|run| run.direction == direction) {
        tried = true;
        if let Some(steady) = run.steady.filter(|_| counts(run)) {
            rates.push(steady.as_bits_per_second());
            probes.insert(&run.probe);
        }
    }
    let runs = as_u64(rates.len());
    let median = quantile(&mut rates, 0.5).and_then(BitRate::from_bits_per_second);
    match median {
        _ if !tried => RateFigure::NotMeasured,
        Some(median) if runs >= rules.minimum_runs => RateFigure::Measured(RateNumbers {
            median,
            p20: quantile(&mut rates, 0.2)
                .filter(|_| runs >= MINIMUM_RUNS_P20)
                .and_then(BitRate::from_bits_per_second),
            runs,
            probes: as_u64(probes.len()),
        }),
        _ => RateFigure::NotEnough { runs },
    }
}

pub(super) fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use desserte_units::Timestamp;

    use super::*;

    fn run(megabits: f64, medium: &str, outcome: &str) -> RunRow {
        RunRow {
            commune: "23096".parse().unwrap(),
            probe: "00112233445566778899aabbccddeeff".parse().unwrap(),
            event: Timestamp::from_unix_secs(0),
            direction: Direction::Download,
            outcome: outcome.to_owned(),
            medium: medium.to_owned(),
            operator: None,
            technology: None,
            layer: Some("application".to_owned()),
            server: None,
            mean: None,
            steady: BitRate::from_mbit_per_s(megabits),
        }
    }

    fn check(runs: &[RunRow]) -> RateFigure {
        rate(runs.iter(), Direction::Download, &Publication::default())
    }

    #[test]
    fn nothing_tried_too_little_and_enough_are_three_things() {
        assert_eq!(check(&[]), RateFigure::NotMeasured);
        assert_eq!(check(&vec![run(8.0, "wired", "complete"); 5]), RateFigure::NotEnough { runs: 5 });
        assert_eq!(check(&vec![run(8.0, "wired", "unreachable"); 9]), RateFigure::NotEnough { runs: 0 });
        let enough = check(&vec![run(8.0, "wired", "complete"); 6]);
        assert_eq!(enough.measured().map(|numbers| numbers.p20), Some(None), "six runs have no lower tail");
    }

    #[test]
    fn a_dead_line_measured_is_zero_not_missing() {
        let figure = check(&vec![run(0.0, "wired", "complete"); 6]);
        assert_eq!(figure.measured().map(|numbers| numbers.median), BitRate::from_bits_per_second(0.0));
    }

    #[test]
    fn wifi_never_enters_a_figure_with_wired() {
        let mut runs = vec![run(100.0, "wired", "complete"); 14];
        runs.extend(vec![run(1.0, "wifi", "complete"); 40]);
        let figure = check(&runs);
        let numbers = figure.measured().unwrap();
        assert_eq!(numbers.runs, 14);
        assert!((numbers.p20.unwrap().as_mbit_per_s() - 100.0).abs() < 1e-9);
    }
}
