//! Rows derived from one record by the published methods of `desserte-measure`.

use desserte_measure::{Estimate, METHOD_VERSION, MinuteState, minute_state};
use desserte_model::{
    CogVintage, CommuneCode, CountingLayer, Interruption, Medium, Minute, Observation, PositionSource,
    ReachFailure, ReachStep, Reachability, Record, TargetEchoes, Throughput,
};
use desserte_units::{BitRate, Timestamp};
use rusqlite::{ToSql, Transaction, params};
use serde_json::json;

use crate::StoreError;
use crate::passage::{Passage, Way};
use crate::radio::{self, DerivedRadio};

/// Where and when a derived row belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) record: i64,
    pub(crate) probe: i64,
    pub(crate) commune: CommuneCode,
    pub(crate) vintage: CogVintage,
    pub(crate) event: Option<Timestamp>,
}

/// What one record gives.
#[derive(Debug)]
pub(crate) enum Derived {
    Throughput(Box<DerivedThroughput>),
    Minute(DerivedMinute),
    Interruption(DerivedInterruption),
    /// Signs of life are kept with the probe, see `probes`.
    Health,
    Reachability(DerivedReachability),
}

#[derive(Debug)]
pub(crate) struct DerivedThroughput {
    direction: &'static str,
    outcome: &'static str,
    medium: &'static str,
    operator: Option<String>,
    technology: Option<&'static str>,
    family: Option<&'static str>,
    server: Option<String>,
    layer: Option<&'static str>,
    mean: Option<f64>,
    steady: Option<f64>,
    way: Option<Way>,
    radio: Vec<DerivedRadio>,
}

#[derive(Debug)]
pub(crate) struct DerivedMinute {
    pub(crate) state: &'static str,
    pub(crate) cause: Option<&'static str>,
    pub(crate) window_us: i64,
    pub(crate) sent: i64,
    pub(crate) lost: i64,
    pub(crate) rtt_median_us: Option<u32>,
    pub(crate) targets: String,
}

#[derive(Debug)]
pub(crate) struct DerivedReachability {
    url: String,
    tried: bool,
    failure: Option<&'static str>,
    dns_us: Option<i64>,
    connect_us: Option<i64>,
    tls_us: Option<i64>,
    first_byte_us: Option<i64>,
    total_us: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct DerivedInterruption {
    cause: &'static str,
    target: Option<String>,
    /// From the record's moment to the likeliest start.
    start_us: Option<i64>,
    duration_us: Option<i64>,
    uncertainty_us: Option<i64>,
}

pub(crate) fn derive(record: &Record, passages: &[Passage]) -> Derived {
    match &record.observation {
        Observation::Throughput(run) => Derived::Throughput(Box::new(throughput(record, run, passages))),
        Observation::Minute(seen) => Derived::Minute(minute(seen)),
        Observation::Health(_) => Derived::Health,
        Observation::Reachability(seen) => Derived::Reachability(reachability(seen)),
        Observation::Interruption(seen) => Derived::Interruption(interruption(seen)),
    }
}

fn throughput(record: &Record, run: &Throughput, passages: &[Passage]) -> DerivedThroughput {
    let estimate = Estimate::of(&run.samples);
    // A run on the way read what the way carried, not what a line does: it has a mean and enters no figure of lines
    // (docs/spec/mobile.md).
    let steady = match record.position.source {
        PositionSource::Declared => estimate.steady,
        PositionSource::Gnss => None,
    };
    let line = run.access_line.as_ref();
    DerivedThroughput {
        direction: run.direction.code(),
        outcome: run.outcome.code(),
        medium: medium_code(&run.medium),
        operator: line.and_then(|line| line.operator.clone()),
        technology: line.and_then(|line| line.technology).map(|technology| technology.code()),
        family: run.connection.family.map(|family| family.code()),
        server: run.server.id.as_ref().map(ToString::to_string),
        layer: run.counted_by.map(|counted| match counted.layer {
            CountingLayer::Application => "application",
            CountingLayer::Kernel => "kernel",
        }),
        mean: estimate.mean.map(BitRate::as_bits_per_second),
        steady: steady.map(BitRate::as_bits_per_second),
        way: Way::of(passages),
        radio: radio::derive(record, run, passages),
    }
}

fn medium_code(medium: &Medium) -> &'static str {
    match medium {
        Medium::Wired { .. } => "wired",
        Medium::Wifi { .. } => "wifi",
        Medium::Mobile => "mobile",
        Medium::Unknown => "unknown",
    }
}

fn minute(seen: &Minute) -> DerivedMinute {
    let state = minute_state(seen);
    let mut answered: Vec<u32> =
        seen.targets.iter().flat_map(|target| &target.rtt_us).flatten().copied().collect();
    let sent: usize = seen.targets.iter().map(|target| target.rtt_us.len()).sum();
    let lost = sent - answered.len();
    DerivedMinute {
        state: state.code(),
        cause: match state {
            MinuteState::Unknown(cause) => Some(cause.code()),
            _ => None,
        },
        window_us: i64::try_from(seen.window_us).unwrap_or(i64::MAX),
        sent: i64::try_from(sent).unwrap_or(i64::MAX),
        lost: i64::try_from(lost).unwrap_or(i64::MAX),
        rtt_median_us: lower_median(&mut answered),
        targets: serde_json::Value::from_iter(seen.targets.iter().map(target)).to_string(),
    }
}

fn reachability(seen: &Reachability) -> DerivedReachability {
    let signed = |micros: u64| i64::try_from(micros).unwrap_or(i64::MAX);
    let duration = |step: Option<ReachStep>| {
        step.filter(|step| step.failure.is_none()).map(|step| signed(step.duration_us))
    };
    DerivedReachability {
        url: seen.url.clone(),
        tried: seen.not_tried.is_none(),
        failure: seen.failure().map(ReachFailure::code),
        dns_us: duration(seen.dns),
        connect_us: duration(seen.connect),
        tls_us: duration(seen.tls),
        first_byte_us: seen.page.as_ref().and_then(|page| page.first_byte_us).map(signed),
        total_us: seen.page.as_ref().filter(|page| page.failure.is_none()).map(|page| signed(page.total_us)),
    }
}

fn interruption(seen: &Interruption) -> DerivedInterruption {
    let signed = |micros: u64| i64::try_from(micros).unwrap_or(i64::MAX);
    DerivedInterruption {
        cause: seen.cause.code(),
        target: seen.target.as_ref().map(ToString::to_string),
        start_us: seen.start_us().map(signed),
        duration_us: seen.duration_us().map(signed),
        uncertainty_us: seen.uncertainty_us().map(signed),
    }
}

fn target(echoes: &TargetEchoes) -> serde_json::Value {
    let mut answered: Vec<u32> = echoes.rtt_us.iter().flatten().copied().collect();
    json!({
        "target": echoes.target,
        "sent": echoes.rtt_us.len(),
        "lost": echoes.rtt_us.len() - answered.len(),
        "rtt_median_us": lower_median(&mut answered),
    })
}

/// The median, the lower of the two middle values when their number is even: a round trip that really happened.
fn lower_median(values: &mut [u32]) -> Option<u32> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

impl Derived {
    pub(crate) fn insert(&self, transaction: &Transaction<'_>, place: &Place) -> Result<(), StoreError> {
        let event = place.event.map(Timestamp::as_unix_micros);
        let commune = place.commune.as_str();
        let insert = |sql: &str, values: &[&dyn ToSql]| {
            transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values))
        };
        match self {
            Self::Throughput(run) => insert(
                include_str!("../sql/insert-throughput.sql"),
                params![
                    place.record,
                    place.probe,
                    commune,
                    event,
                    run.direction,
                    run.outcome,
                    run.medium,
                    run.operator,
                    run.technology,
                    run.family,
                    run.server,
                    run.layer,
                    run.mean,
                    run.steady,
                    METHOD_VERSION,
                    run.way.as_ref().map(|way| &way.h3),
                    run.way.as_ref().map(|way| way.border),
                    run.way.as_ref().map(|way| way.cells),
                    run.way.as_ref().map(|way| way.communes),
                ],
            )
            .and_then(|_| radio::insert(transaction, place, &run.radio)),
            Self::Minute(minute) => insert(
                include_str!("../sql/insert-minute.sql"),
                params![
                    place.record,
                    place.probe,
                    commune,
                    event,
                    minute.window_us,
                    minute.state,
                    minute.cause,
                    minute.sent,
                    minute.lost,
                    minute.rtt_median_us,
                    minute.targets,
                    METHOD_VERSION,
                ],
            ),
            Self::Interruption(seen) => insert(
                include_str!("../sql/insert-interruption.sql"),
                params![
                    place.record,
                    place.probe,
                    commune,
                    event,
                    seen.cause,
                    seen.target,
                    seen.start_us,
                    seen.duration_us,
                    seen.uncertainty_us,
                    METHOD_VERSION,
                ],
            ),
            Self::Reachability(seen) => insert(
                include_str!("../sql/insert-reachability.sql"),
                params![
                    place.record,
                    place.probe,
                    commune,
                    event,
                    seen.url,
                    seen.tried,
                    seen.failure,
                    seen.dns_us,
                    seen.connect_us,
                    seen.tls_us,
                    seen.first_byte_us,
                    seen.total_us,
                    METHOD_VERSION,
                ],
            ),
            Self::Health => Ok(0),
        }
        .map_err(StoreError::database("writing derived rows"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_round_trips_is_one_that_happened() {
        assert_eq!(lower_median(&mut []), None);
        assert_eq!(lower_median(&mut [7]), Some(7));
        assert_eq!(lower_median(&mut [9, 1]), Some(1));
        assert_eq!(lower_median(&mut [9, 1, 5]), Some(5));
    }
}
