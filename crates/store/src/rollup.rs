//! Sums kept beside the rows, so that a page does not read every minute of a month.

use std::collections::BTreeMap;

use desserte_model::{CogVintage, CommuneCode};
use desserte_units::Timestamp;
use rusqlite::{Transaction, params};

use crate::StoreError;
use crate::derive::{Derived, DerivedMinute, Place};

/// Microseconds in an hour.
pub(crate) const HOUR_US: i64 = 3_600_000_000;

#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    up: i64,
    degraded: i64,
    down: i64,
    unknown: i64,
    sent: i64,
    lost: i64,
}

/// What the records of one transaction add.
#[derive(Debug, Default)]
pub(crate) struct Rollup {
    hours: BTreeMap<(CommuneCode, i64, i64), Sums>,
    communes: BTreeMap<CommuneCode, (CogVintage, Option<i64>, Option<i64>)>,
    /// By probe, the moment before which sums are kept as they are.
    closed: BTreeMap<i64, i64>,
}

impl Rollup {
    /// One that adds nothing to hours before the moment that is told of a probe.
    pub(crate) fn without(closed: BTreeMap<i64, i64>) -> Self {
        Self { closed, ..Self::default() }
    }

    pub(crate) fn add(&mut self, place: &Place, derived: &Derived) {
        let event = place.event.map(Timestamp::as_unix_micros);
        let seen = self.communes.entry(place.commune).or_insert((place.vintage, event, event));
        seen.0 = seen.0.max(place.vintage);
        if let Some(event) = event {
            seen.1 = Some(seen.1.map_or(event, |first| first.min(event)));
            seen.2 = Some(seen.2.map_or(event, |last| last.max(event)));
        }
        if let (Derived::Minute(minute), Some(event)) = (derived, event) {
            self.add_minute(place.commune, place.probe, event, minute);
        }
    }

    fn add_minute(&mut self, commune: CommuneCode, probe: i64, event: i64, minute: &DerivedMinute) {
        let hour = event.div_euclid(HOUR_US) * HOUR_US;
        if self.closed.get(&probe).is_some_and(|closed| hour < *closed) {
            return;
        }
        let sums = self.hours.entry((commune, hour, probe)).or_default();
        let column = match minute.state {
            "up" => &mut sums.up,
            "degraded" => &mut sums.degraded,
            "down" => &mut sums.down,
            _ => &mut sums.unknown,
        };
        *column += minute.window_us;
        sums.sent += minute.sent;
        sums.lost += minute.lost;
    }

    pub(crate) fn write(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let wrap = StoreError::database("adding up minutes");
        for ((commune, hour, probe), sums) in &self.hours {
            transaction
                .prepare_cached(include_str!("../sql/add-minute-hour.sql"))
                .and_then(|mut statement| {
                    statement.execute(params![
                        commune.as_str(),
                        hour,
                        probe,
                        sums.up,
                        sums.degraded,
                        sums.down,
                        sums.unknown,
                        sums.sent,
                        sums.lost
                    ])
                })
                .map_err(&wrap)?;
        }
        for (commune, (vintage, first, last)) in &self.communes {
            transaction
                .prepare_cached(include_str!("../sql/see-commune.sql"))
                .and_then(|mut statement| {
                    statement.execute(params![commune.as_str(), vintage.as_year(), first, last])
                })
                .map_err(&wrap)?;
        }
        Ok(())
    }
}

/// Adds a record that is already stored and has just been dated.
pub(crate) fn add_stored(transaction: &Transaction<'_>, record: i64) -> Result<(), StoreError> {
    let wrap = StoreError::database("adding up a late minute");
    transaction
        .prepare_cached(include_str!("../sql/see-commune-of-record.sql"))
        .and_then(|mut statement| statement.execute([record]))
        .map_err(&wrap)?;
    transaction
        .prepare_cached(include_str!("../sql/add-minute-hour-of-record.sql"))
        .and_then(|mut statement| statement.execute([record]))
        .map_err(&wrap)?;
    Ok(())
}
