//! Interruptions and reachability as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::communes::State3;
use crate::config::Publication;
use crate::figures::{CauseNumbers, Happenings, InterruptionFigure, ReachFigure};

/// Interruptions that the watches of the commune's probes recorded, all probes together.
#[derive(Serialize, ToSchema)]
pub(crate) struct InterruptionsAnswer {
    /// `not_measured` also when none was recorded: records do not tell whether anybody watched.
    state: State3,
    /// By the nearest thing that failed; only `beyond` speaks of the operator's line. Null unless measured.
    causes: Option<BTreeMap<&'static str, CauseAnswer>>,
    /// Recorded time of unknown state in seconds, by cause; a cause that was not seen is absent. Time without any record is
    /// in none.
    unknown_s: BTreeMap<&'static str, f64>,
}

/// Interruptions of one cause.
#[derive(Serialize, ToSchema)]
pub(crate) struct CauseAnswer {
    count: u64,
    /// Of those, the ones of which an edge was not seen; their length is in no sum.
    without_length: u64,
    /// Sum of the lengths that are known; null when none is.
    total_s: Option<f64>,
    /// The longest; null without one of known length.
    longest_s: Option<f64>,
}

/// Attempts to reach the public services that the probes are told to try.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReachabilityAnswer {
    #[serde(flatten)]
    all: ReachAnswer,
    /// By the service's name. Services that have an address only are together in `(address)`.
    services: BTreeMap<String, ReachAnswer>,
}

/// Attempts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReachAnswer {
    state: State3,
    /// Attempts that were made.
    attempts: u64,
    /// Attempts that the data budget kept from being made: no failure.
    not_tried: u64,
    /// Share of the attempts in which the page came; null unless measured.
    reached_ratio: Option<f64>,
    /// Failed attempts by reason.
    failures: BTreeMap<&'static str, u64>,
}

impl From<&Happenings> for InterruptionsAnswer {
    fn from(seen: &Happenings) -> Self {
        let (state, causes) = match &seen.interruptions {
            InterruptionFigure::NotMeasured => (State3::NotMeasured, None),
            InterruptionFigure::NotEnough => (State3::NotEnough, None),
            InterruptionFigure::Measured(causes) => (
                State3::Measured,
                Some(causes.iter().map(|(cause, numbers)| (cause.code(), numbers.into())).collect()),
            ),
        };
        let unknown_s = seen.unknown.iter().map(|(cause, time)| (cause.code(), time.as_secs_f64())).collect();
        Self { state, causes, unknown_s }
    }
}

impl From<&CauseNumbers> for CauseAnswer {
    fn from(numbers: &CauseNumbers) -> Self {
        Self {
            count: numbers.count,
            without_length: numbers.without_length,
            total_s: numbers.known_total().map(|total| total.as_secs_f64()),
            longest_s: numbers.longest.map(|longest| longest.as_secs_f64()),
        }
    }
}

impl ReachabilityAnswer {
    pub(super) fn new(seen: &Happenings, rules: &Publication) -> Self {
        let services = seen.services.iter();
        Self {
            all: ReachAnswer::new(&seen.reach, rules),
            services: services
                .map(|(name, figure)| (name.clone(), ReachAnswer::new(figure, rules)))
                .collect(),
        }
    }
}

impl ReachAnswer {
    fn new(figure: &ReachFigure, rules: &Publication) -> Self {
        let reached_ratio = figure.ratio(rules);
        Self {
            state: match reached_ratio {
                Some(_) => State3::Measured,
                None if figure.tried > 0 => State3::NotEnough,
                None => State3::NotMeasured,
            },
            attempts: figure.tried,
            not_tried: figure.not_tried,
            reached_ratio,
            failures: figure.failures.iter().map(|(failure, count)| (failure.code(), *count)).collect(),
        }
    }
}
