//! Rows of what a modem said around a run, each at its own moment and in its own place.

use desserte_measure::{METHOD_VERSION, RadioReading, radio_readings};
use desserte_model::{PositionSource, Record, Throughput};
use desserte_units::Monotonic;
use rusqlite::{Transaction, params};

use crate::derive::Place;
use crate::passage::{Passage, PassageRole};

#[derive(Debug)]
pub(crate) struct DerivedRadio {
    /// From the record's moment; negative before it.
    after_us: i64,
    /// Where the modem was, of a probe on the way; one that stands still was where its record says.
    place: Option<Passage>,
    reading: RadioReading,
}

/// What the modem said. Of a probe on the way, what it said where its place is not known is left out: it belongs to no commune.
pub(crate) fn derive(record: &Record, run: &Throughput, passages: &[Passage]) -> Vec<DerivedRadio> {
    let Some(mobile) = &run.course.mobile else { return Vec::new() };
    radio_readings(mobile)
        .into_iter()
        .filter_map(|reading| {
            let place = passed(passages, reading.at);
            if place.is_none() && record.position.source == PositionSource::Gnss {
                return None;
            }
            let after_us = signed(reading.at).saturating_sub(signed(record.clock.monotonic_us));
            Some(DerivedRadio { after_us, place, reading })
        })
        .collect()
}

fn passed(passages: &[Passage], at: Monotonic) -> Option<Passage> {
    passages.iter().find(|passage| passage.at == at && passage.role != PassageRole::Position).cloned()
}

pub(crate) fn insert(
    transaction: &Transaction<'_>,
    place: &Place,
    rows: &[DerivedRadio],
) -> rusqlite::Result<usize> {
    for DerivedRadio { after_us, place: passed, reading } in rows {
        let (commune, vintage) =
            passed.as_ref().map_or((place.commune, place.vintage), |at| (at.commune, at.vintage));
        transaction.prepare_cached(include_str!("../sql/insert-radio.sql"))?.execute(params![
            place.record,
            after_us,
            commune.as_str(),
            vintage.as_year(),
            passed.as_ref().map(|at| &at.h3),
            passed.as_ref().map(|at| at.uncertainty_m),
            passed.as_ref().map(|at| at.border),
            reading.during,
            reading.registration.map(desserte_model::Registration::code),
            reading.operator,
            reading.technology.map(desserte_model::RadioTechnology::code),
            reading.in_use,
            reading.cell.map(|cell| i64::try_from(cell).unwrap_or(i64::MAX)),
            reading.area,
            reading.physical_cell,
            reading.channel,
            reading.band,
            reading.rssi_dbm,
            reading.rsrp_dbm,
            reading.rsrq_db,
            reading.snr_db,
            reading.rscp_dbm,
            reading.ecio_db,
            reading.level_age_max_us.map(|age| i64::try_from(age).unwrap_or(i64::MAX)),
            METHOD_VERSION,
        ])?;
    }
    Ok(rows.len())
}

fn signed(moment: Monotonic) -> i64 {
    i64::try_from(moment.as_micros()).unwrap_or(i64::MAX)
}
