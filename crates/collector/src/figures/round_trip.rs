//! Idle round-trip time of a commune.

use std::time::Duration;

use super::quantile;
use super::rate::as_u64;
use crate::config::Publication;

/// What can be said of the idle round-trip time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RttFigure {
    /// No minute had an answer.
    NotMeasured,
    /// Fewer minutes than it takes.
    NotEnough {
        /// Minutes with an answer.
        minutes: u64,
    },
    /// Enough to say.
    Measured {
        /// Median of the minutes' medians.
        median: Duration,
        /// Minutes with an answer.
        minutes: u64,
    },
}

/// The figure of one commune. As many minutes are asked for as runs are for a median.
pub(crate) fn round_trip(minute_medians_us: &[u32], rules: &Publication) -> RttFigure {
    let mut micros: Vec<f64> = minute_medians_us.iter().copied().map(f64::from).collect();
    let minutes = as_u64(micros.len());
    match quantile(&mut micros, 0.5) {
        None => RttFigure::NotMeasured,
        Some(_) if minutes < rules.minimum_runs => RttFigure::NotEnough { minutes },
        Some(median) => RttFigure::Measured { median: Duration::from_secs_f64(median / 1e6), minutes },
    }
}
