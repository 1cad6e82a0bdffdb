//! Outages of a commune.

use std::collections::BTreeMap;
use std::time::Duration;

use desserte_measure::{Period, StatedMinute, outages};
use desserte_model::ProbeId;
use desserte_store::{DownMinute, MinuteTotals};

use super::rate::as_u64;
use crate::config::Publication;

/// What can be said of the outages of a commune.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OutageFigure {
    /// No minute was recorded.
    NotMeasured,
    /// No probe knew the state of its line for long enough.
    NotEnough {
        /// The longest that one probe knew.
        known: Duration,
    },
    /// Enough to say.
    Measured(OutageNumbers),
}

/// Outages as seen by the probes that knew the state of their line for long enough.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutageNumbers {
    /// Mean over the probes of the time that each saw in outage. Time of unknown state is in neither sum: it is a
    /// lower bound of what happened.
    pub(crate) mean: Duration,
    /// Outages, all probes together.
    pub(crate) count: u64,
    /// The longest of them; `None` without an outage.
    pub(crate) longest: Option<Duration>,
    /// Share of the period in which the state was known, mean over the probes.
    pub(crate) known_ratio: f64,
    /// Share of the known time without outage, all probes together.
    pub(crate) availability_ratio: f64,
    /// Share of the known time in outage, all probes together: the rest of the availability.
    pub(crate) lost_ratio: f64,
    /// Known time, all probes together.
    pub(crate) known: Duration,
    /// Probes that count.
    pub(crate) probes: u64,
    /// Probes that knew too little to count.
    pub(crate) probes_left_out: u64,
}

impl OutageFigure {
    pub(crate) fn measured(&self) -> Option<&OutageNumbers> {
        match self {
            Self::Measured(numbers) => Some(numbers),
            Self::NotMeasured | Self::NotEnough { .. } => None,
        }
    }
}

/// The figure of one commune from its probes' sums and down minutes.
pub(crate) fn outage(
    totals: &[MinuteTotals],
    down: &[DownMinute],
    period: Period,
    rules: &Publication,
) -> OutageFigure {
    let Some(longest_known) = totals.iter().map(MinuteTotals::known).max() else {
        return OutageFigure::NotMeasured;
    };
    let mut minutes: BTreeMap<&ProbeId, Vec<StatedMinute>> = BTreeMap::new();
    for row in down {
        minutes.entry(&row.probe).or_default().push(row.minute);
    }
    let (counted, left_out): (Vec<_>, Vec<_>) =
        totals.iter().partition(|totals| totals.known() >= rules.minimum_known());
    let Ok(probes @ 1..) = u32::try_from(counted.len()) else {
        return OutageFigure::NotEnough { known: longest_known };
    };
    let mut total = Duration::ZERO;
    let mut known = Duration::ZERO;
    let mut count = 0;
    let mut longest = None;
    for totals in counted {
        known += totals.known();
        if let Some(minutes) = minutes.get(&totals.probe) {
            let summary = outages(minutes, period);
            total += summary.total;
            count += as_u64(summary.count());
            longest = longest.max(summary.longest);
        }
    }
    let share = |part: Duration, whole: Duration| (part.as_secs_f64() / whole.as_secs_f64()).clamp(0.0, 1.0);
    OutageFigure::Measured(OutageNumbers {
        mean: total / probes,
        count,
        longest,
        known_ratio: share(known, period.length() * probes),
        availability_ratio: 1.0 - share(total, known),
        lost_ratio: share(total, known),
        known,
        probes: u64::from(probes),
        probes_left_out: as_u64(left_out.len()),
    })
}

#[cfg(test)]
mod tests {
    use desserte_measure::MinuteState;
    use desserte_units::Timestamp;

    use super::*;

    const PERIOD: Period =
        Period { start: Timestamp::from_unix_secs(0), end: Timestamp::from_unix_secs(30 * 86_400) };
    const HOUR: Duration = Duration::from_secs(3_600);

    fn probe(n: u8) -> ProbeId {
        format!("{n:032x}").parse().unwrap()
    }

    fn totals(n: u8, up: Duration, down: Duration) -> MinuteTotals {
        MinuteTotals {
            commune: "23096".parse().unwrap(),
            probe: probe(n),
            up,
            degraded: Duration::ZERO,
            down,
            unknown: Duration::ZERO,
            sent: 0,
            lost: 0,
        }
    }

    fn down(n: u8, from_minute: i64, minutes: i64) -> Vec<DownMinute> {
        (from_minute..from_minute + minutes)
            .map(|minute| DownMinute {
                commune: "23096".parse().unwrap(),
                probe: probe(n),
                minute: StatedMinute {
                    start: Timestamp::from_unix_secs(minute * 60),
                    window: Duration::from_secs(60),
                    state: MinuteState::Down,
                },
            })
            .collect()
    }

    #[test]
    fn outage_hours_are_the_mean_over_the_probes_that_know_enough() {
        let rows =
            [totals(1, 200 * HOUR, 2 * HOUR), totals(2, 300 * HOUR, Duration::ZERO), totals(3, HOUR, HOUR)];
        let mut minutes = down(1, 0, 120);
        minutes.extend(down(3, 0, 60));
        let figure = outage(&rows, &minutes, PERIOD, &Publication::default());
        let numbers = figure.measured().unwrap();
        assert_eq!((numbers.mean, numbers.count, numbers.longest), (HOUR, 1, Some(2 * HOUR)));
        assert_eq!((numbers.probes, numbers.probes_left_out), (2, 1));
        assert!((numbers.known_ratio - 502.0 / 1440.0).abs() < 1e-9);
        assert!((numbers.availability_ratio - 500.0 / 502.0).abs() < 1e-9);
    }

    #[test]
    fn silence_is_not_availability() {
        assert_eq!(outage(&[], &[], PERIOD, &Publication::default()), OutageFigure::NotMeasured);
        let little = [totals(1, HOUR, Duration::ZERO)];
        assert_eq!(
            outage(&little, &[], PERIOD, &Publication::default()),
            OutageFigure::NotEnough { known: HOUR }
        );
        let enough = [totals(1, 24 * HOUR, Duration::ZERO)];
        let figure = outage(&enough, &[], PERIOD, &Publication::default());
        assert_eq!(figure.measured().unwrap().mean, Duration::ZERO, "known and without outage is zero");
    }
}
