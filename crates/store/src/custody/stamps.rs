//! Time-stamps of seals by others (RFC 3161), as received.

use desserte_custody::Day;
use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::probes::text;
use crate::{Store, StoreError};

/// An authority's answer over the statement of a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The sealed day.
    pub day: Day,
    /// Who was asked: the address, without user or password.
    pub authority: String,
    /// When the answer came, by the collector's clock; the time that counts stands in the answer.
    pub received: Timestamp,
    /// The answer, DER.
    pub response: Vec<u8>,
}

impl Store {
    /// Keeps an answer; a second one of the same authority for the same day is left alone.
    ///
    /// # Errors
    /// When the day is not sealed or the database fails.
    pub fn keep_stamp(&self, stamp: Stamp) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("keeping a time-stamp");
            let seal: Option<i64> = transaction
                .query_row("SELECT no FROM seal WHERE day = ?1", [stamp.day.to_string()], |row| row.get(0))
                .optional()
                .map_err(&wrap)?;
            let seal = seal.ok_or_else(|| StoreError::NotSealed(stamp.day.to_string()))?;
            transaction
                .execute(
                    "INSERT INTO seal_stamp (seal, authority, received_us, response) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO NOTHING",
                    params![seal, stamp.authority, stamp.received.as_unix_micros(), stamp.response],
                )
                .map_err(&wrap)?;
            Ok(())
        })
    }

    /// Every answer kept, by day.
    ///
    /// # Errors
    /// When the database fails.
    pub fn stamps(&self) -> Result<Vec<Stamp>, StoreError> {
        self.read("reading the time-stamps", |connection| {
            connection
                .prepare_cached(
                    "SELECT day, authority, received_us, response FROM seal_stamp \
                     JOIN seal ON seal.no = seal_stamp.seal ORDER BY seal.no, authority",
                )?
                .query_map([], |row| {
                    Ok(Stamp {
                        day: text(row, 0)?,
                        authority: row.get(1)?,
                        received: Timestamp::from_unix_micros(row.get(2)?),
                        response: row.get(3)?,
                    })
                })?
                .collect()
        })
    }
}
