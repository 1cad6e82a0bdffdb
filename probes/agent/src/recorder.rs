//! From an observation to a stored record.

use desserte_model::{
    BootId, ClockStamp, Observation, Position, PositionSource, ProbeId, RECORD_SCHEMA, Record, RecordId,
    Software,
};
use serde::Deserialize;

use crate::config::Site;
use crate::spool::{Spool, SpoolError, Stored};

/// This program, as records name it.
pub(crate) fn software() -> Software {
    let build = desserte_boot::build_info!("desserte-probe");
    Software { name: build.name.to_owned(), version: build.version.to_owned() }
}

/// Why an observation could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("the system gives no random octets: {0}")]
    NoRandomness(getrandom::Error),
    #[error("writing the record as JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// What is the same in every record of this probe.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    probe: ProbeId,
    position: Position,
    software: Software,
}

impl Envelope {
    pub(crate) fn new(probe: ProbeId, site: &Site) -> Self {
        let position = Position {
            lon: site.point.lon(),
            lat: site.point.lat(),
            uncertainty_m: site.uncertainty_m,
            source: PositionSource::Declared,
        };
        Self { probe, position, software: software() }
    }

    /// Where the probe stands.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Makes the next record of the chain and stores it. Its octets are final: they are what is hashed, sent and kept.
    pub(crate) fn record(
        &self,
        spool: &mut Spool,
        clock: ClockStamp,
        position: Position,
        observation: Observation,
    ) -> Result<Stored, RecordError> {
        let head = spool.head();
        let record = Record {
            schema: RECORD_SCHEMA.to_owned(),
            id: name(&clock)?,
            probe: self.probe.clone(),
            sequence: head.next_sequence,
            previous_sha256: head.previous_sha256.clone(),
            clock,
            position,
            software: self.software.clone(),
            observation,
        };
        let octets = serde_json::to_vec(&record)?;
        let stored_s = clock.utc_us.map(desserte_units::Timestamp::as_unix_secs);
        Ok(spool.append(octets, stored_s)?)
    }
}

/// A name that sorts by time where the calendar is known (UUID version 7).
fn name(clock: &ClockStamp) -> Result<RecordId, RecordError> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(RecordError::NoRandomness)?;
    let millis = clock.utc_us.map_or(0, |utc| utc.as_unix_micros() / 1000);
    let uuid = uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(0), &random);
    Ok(RecordId::from_uuid(uuid.into_uuid()))
}

/// What an upload needs to know of a stored record.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Glimpse {
    pub(crate) id: RecordId,
    clock: ClockGlimpse,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct ClockGlimpse {
    boot: BootId,
}

impl Glimpse {
    /// Reads a stored record's name and boot; `None` if it is not a record.
    pub(crate) fn of(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok()
    }

    pub(crate) fn boot(&self) -> BootId {
        self.clock.boot
    }
}
