//! Gauges of what happened in a commune: interruptions, time of unknown state, attempts to reach services.

use prometheus::proto::MetricFamily;

use super::families::{Family, float};
use crate::config::Publication;
use crate::figures::{Happenings, InterruptionFigure};

/// The families; what is not known has no series.
pub(super) struct HappeningFamilies {
    interruptions: Family,
    interrupted: Family,
    unknown: Family,
    attempts: Family,
    reached: Family,
}

impl HappeningFamilies {
    pub(super) fn new() -> prometheus::Result<Self> {
        const PLACE: [&str; 2] = ["insee", "dept"];
        const CAUSE: [&str; 3] = ["insee", "dept", "cause"];
        Ok(Self {
            interruptions: Family::new(
                "desserte_commune_interruptions",
                "Interruptions recorded over the period, all probes together, by the nearest thing that failed; only beyond speaks of the line.",
                &CAUSE,
            )?,
            interrupted: Family::new(
                "desserte_commune_interruption_seconds",
                "Sum of the known lengths of the same; absent when none is known.",
                &CAUSE,
            )?,
            unknown: Family::new(
                "desserte_commune_unknown_seconds",
                "Recorded time of unknown state over the period, all probes together.",
                &CAUSE,
            )?,
            attempts: Family::new(
                "desserte_commune_reach_attempts",
                "Attempts made to reach public services over the period; absent when none was made.",
                &PLACE,
            )?,
            reached: Family::new(
                "desserte_commune_reached_ratio",
                "Share of these attempts in which the page came.",
                &PLACE,
            )?,
        })
    }

    pub(super) fn set(&self, place: [&str; 2], seen: &Happenings, rules: &Publication) {
        if let InterruptionFigure::Measured(causes) = &seen.interruptions {
            for (cause, numbers) in causes {
                let labels = [place[0], place[1], cause.code()];
                self.interruptions.set(&labels, float(numbers.count));
                if let Some(total) = numbers.known_total().filter(|_| numbers.count > 0) {
                    self.interrupted.set(&labels, total.as_secs_f64());
                }
            }
        }
        for (cause, time) in &seen.unknown {
            self.unknown.set(&[place[0], place[1], cause.code()], time.as_secs_f64());
        }
        if seen.reach.tried > 0 {
            self.attempts.set(&place, float(seen.reach.tried));
        }
        if let Some(ratio) = seen.reach.ratio(rules) {
            self.reached.set(&place, ratio);
        }
    }

    pub(super) fn collect(&self) -> Vec<MetricFamily> {
        let all = [&self.interruptions, &self.interrupted, &self.unknown, &self.attempts, &self.reached];
        all.into_iter().flat_map(Family::collect).collect()
    }
}
