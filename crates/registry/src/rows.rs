//! Rows of the tables, read into types that cannot be wrong.

use std::fmt::Display;
use std::str::FromStr;

use desserte_model::{LonLat, ProbeId, SharedInvitation, SharedProbe};
use desserte_units::Timestamp;
use tokio_postgres::Row;

use crate::RegistryError;

/// Columns of [`probe`], in its order.
pub(crate) const PROBE: &str =
    "SELECT id, public_key, name, site, host, created_us, retired_us, home, change FROM desserte.probe";

/// Columns of [`invitation`], in its order.
pub(crate) const INVITATION: &str = "SELECT public_key, name, site, commune, lon, lat, replaces, created_us, expires_us, withdrawn_us, \
     used_us, probe, change FROM desserte.invitation";

pub(crate) fn probe(row: &Row) -> Result<SharedProbe, RegistryError> {
    Ok(SharedProbe {
        id: parsed(row.get::<_, &str>(0))?,
        public_key: row.get(1),
        name: row.get(2),
        site: row.get(3),
        host: row.get(4),
        created: Timestamp::from_unix_micros(row.get(5)),
        retired: time(row, 6),
        home: number(row.get(7))?,
        change: Some(row.get(8)),
    })
}

pub(crate) fn invitation(row: &Row) -> Result<SharedInvitation, RegistryError> {
    let position = match (row.get::<_, Option<f64>>(4), row.get::<_, Option<f64>>(5)) {
        (Some(lon), Some(lat)) => Some(LonLat::new(lon, lat).map_err(corrupt)?),
        _ => None,
    };
    Ok(SharedInvitation {
        public_key: row.get(0),
        name: row.get(1),
        site: row.get(2),
        commune: optional(row, 3)?,
        position,
        replaces: optional(row, 6)?,
        created: Timestamp::from_unix_micros(row.get(7)),
        expires: Timestamp::from_unix_micros(row.get(8)),
        withdrawn: time(row, 9),
        used: time(row, 10).zip(optional::<ProbeId>(row, 11)?),
        change: Some(row.get(12)),
    })
}

/// Number of a collector.
pub(crate) fn number(home: i16) -> Result<u8, RegistryError> {
    u8::try_from(home).map_err(corrupt)
}

fn time(row: &Row, index: usize) -> Option<Timestamp> {
    row.get::<_, Option<i64>>(index).map(Timestamp::from_unix_micros)
}

fn optional<T: FromStr<Err: Display>>(row: &Row, index: usize) -> Result<Option<T>, RegistryError> {
    row.get::<_, Option<&str>>(index).map(parsed).transpose()
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, RegistryError> {
    text.parse().map_err(corrupt)
}

fn corrupt(error: impl Display) -> RegistryError {
    RegistryError::Corrupt(error.to_string())
}
