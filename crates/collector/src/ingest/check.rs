//! The checks each record passes alone, so that a bad one does not stop the others.

use std::time::Duration;

use desserte_model::{
    BatchHeader, ClockSource, Observation, RECORD_SCHEMA, Record, RecordId, Refusal, RefusalReason,
};
use desserte_signing::BatchLine;
use desserte_store::IncomingRecord;
use desserte_territory::{Location, Territory};
use desserte_units::Timestamp;
use serde::Deserialize;

use super::{passages, position};
use crate::config::Ingest;

/// Octets of one record: a throughput run with all its kernel counters takes about 30 KB.
pub(crate) const MAX_LINE_BYTES: usize = 256 * 1024;

/// Characters of a name or version in a record; they appear on pages and in metrics.
const TEXT_CHARS_MAX: usize = 64;

/// Longest window of a `minute`: the wire format allows one minute; the rest is for timers that fire late.
const MAX_MINUTE: Duration = Duration::from_secs(120);

/// Nothing can have been measured before this program existed: 2020-01-01T00:00:00Z.
const EARLIEST_EVENT: Timestamp = Timestamp::from_unix_secs(1_577_836_800);

/// What a batch's records are checked against.
pub(super) struct Rules<'a> {
    territory: &'a Territory,
    header: &'a BatchHeader,
    latest: Timestamp,
    tolerance_s: u32,
}

/// What can be read of a line that is not a record.
#[derive(Deserialize)]
struct Stub {
    id: RecordId,
}

impl<'a> Rules<'a> {
    pub(super) fn new(
        territory: &'a Territory,
        ingest: &Ingest,
        now: Timestamp,
        header: &'a BatchHeader,
    ) -> Self {
        Self { territory, header, latest: latest(ingest, now), tolerance_s: ingest.future_tolerance_s }
    }

    pub(super) fn check(&self, line: BatchLine<'_>) -> Result<IncomingRecord, Refusal> {
        if line.octets.len() > MAX_LINE_BYTES {
            let detail = format!("the line has {} octets, the limit is {MAX_LINE_BYTES}", line.octets.len());
            return Err(refusal(line, None, RefusalReason::TooLarge, detail));
        }
        let record = Self::read(line)?;
        let refuse = |reason, detail| refusal(line, Some(record.id), reason, detail);
        if record.probe != self.header.probe {
            let detail =
                format!("the record is of probe {}, the batch of {}", record.probe, self.header.probe);
            return Err(refuse(RefusalReason::ForeignProbe, detail));
        }
        self.check_time(&record).map_err(|(reason, detail)| refuse(reason, detail))?;
        let point = record
            .position
            .point()
            .map_err(|error| refuse(RefusalReason::PositionNotFinite, error.to_string()))?;
        let Location::Inside(commune) = self.territory.locate(point) else {
            // The exact position came from the probe itself; it is said back to it and to nobody else.
            let detail = format!("{point} lies in no commune of this collector's territory (sea, abroad?)");
            return Err(refuse(RefusalReason::OutsideTerritory, detail));
        };
        let passages = passages::of_record(self.territory, &record, point);
        Ok(IncomingRecord {
            line: line.number,
            octets: line.octets.to_vec(),
            commune: commune.code,
            vintage: self.territory.vintage(),
            passages,
            record,
        })
    }

    fn read(line: BatchLine<'_>) -> Result<Record, Refusal> {
        let record: Record = serde_json::from_slice(line.octets).map_err(|error| {
            let id = serde_json::from_slice(line.octets).ok().map(|stub: Stub| stub.id);
            match position::not_finite(line.octets) {
                Some(detail) => refusal(line, id, RefusalReason::PositionNotFinite, detail),
                None => refusal(line, id, RefusalReason::Malformed, error.to_string()),
            }
        })?;
        let malformed = |detail| refusal(line, Some(record.id), RefusalReason::Malformed, detail);
        if record.schema != RECORD_SCHEMA {
            let schema: String = record.schema.chars().take(64).collect();
            return Err(malformed(format!(
                "the record says schema {schema:?}; this collector reads {RECORD_SCHEMA:?}"
            )));
        }
        if let Some(what) = too_long(&record) {
            return Err(malformed(format!("{what} has more than {TEXT_CHARS_MAX} characters")));
        }
        if let Some(what) = passages::too_many(&record) {
            return Err(malformed(format!("more than {} {what} around one run", passages::READINGS_MAX)));
        }
        if let Observation::Minute(minute) = &record.observation
            && Duration::from_micros(minute.window_us) > MAX_MINUTE
        {
            return Err(malformed(format!(
                "a minute of {} µs is longer than {MAX_MINUTE:?}",
                minute.window_us
            )));
        }
        Ok(record)
    }

    fn check_time(&self, record: &Record) -> Result<(), (RefusalReason, String)> {
        let stated = record.clock.utc_us.filter(|_| record.clock.source != ClockSource::Unsynchronised);
        let Some(event) = stated.or_else(|| self.anchored(record)) else { return Ok(()) };
        if event > self.latest {
            let ahead = event.micros_since(self.latest) / 1_000_000 + i64::from(self.tolerance_s);
            let detail = format!(
                "dated {ahead} s ahead of the collector's clock; {} s are tolerated",
                self.tolerance_s
            );
            return Err((RefusalReason::InTheFuture, detail));
        }
        if event < EARLIEST_EVENT {
            let detail =
                "dated before 2020 by a clock that says it is set; send it as unsynchronised".to_owned();
            return Err((RefusalReason::Malformed, detail));
        }
        Ok(())
    }

    /// Event time by the anchors of this batch; those kept earlier were plausible then and are so now.
    fn anchored(&self, record: &Record) -> Option<Timestamp> {
        let anchor = self
            .header
            .anchors
            .iter()
            .filter(|anchor| anchor.boot == record.clock.boot && anchor.source != ClockSource::Unsynchronised)
            .filter(|anchor| is_plausible(anchor.utc_us, self.latest))
            .min_by_key(|anchor| anchor.uncertainty_us)?;
        let micros =
            |monotonic: desserte_units::Monotonic| i64::try_from(monotonic.as_micros()).unwrap_or(i64::MAX);
        let since = micros(record.clock.monotonic_us).saturating_sub(micros(anchor.monotonic_us));
        Some(anchor.utc_us.saturating_add_micros(since))
    }
}

/// A text of the record that is longer than any honest one.
fn too_long(record: &Record) -> Option<&'static str> {
    let long = |text: &String| text.chars().count() > TEXT_CHARS_MAX;
    if long(&record.software.name) || long(&record.software.version) {
        return Some("the name or version of the software");
    }
    let Observation::Throughput(run) = &record.observation else { return None };
    let operator = run.access_line.as_ref().and_then(|line| line.operator.as_ref());
    if operator.is_some_and(long) {
        return Some("the operator's name");
    }
    let control = [&run.congestion_control.probe, &run.congestion_control.server];
    let texts = control.into_iter().chain([&run.connection.tls, &run.server.software]).flatten();
    let long_one = texts.chain([&run.protocol.name, &run.protocol.version]).any(long);
    long_one.then_some("a text of the run")
}

/// The latest event time accepted at `now`.
pub(super) fn latest(ingest: &Ingest, now: Timestamp) -> Timestamp {
    now.saturating_add_micros(i64::from(ingest.future_tolerance_s) * 1_000_000)
}

/// Whether a moment can be true: neither ahead of the clock nor before there was anything to measure with.
pub(super) fn is_plausible(moment: Timestamp, latest: Timestamp) -> bool {
    (EARLIEST_EVENT..=latest).contains(&moment)
}

fn refusal(line: BatchLine<'_>, id: Option<RecordId>, reason: RefusalReason, detail: String) -> Refusal {
    Refusal { line: line.number, id, reason, detail }
}
