//! What people note about probes. A note is never changed: a wrong one is followed by a correction.

use desserte_custody::EventKind;
use desserte_model::ProbeId;
use desserte_units::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Transaction, params};

use crate::probes::{number, text};
use crate::{Store, StoreError};

/// A note to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    /// What happened.
    pub kind: EventKind,
    /// The probe concerned; `None` for the collector itself.
    pub probe: Option<ProbeId>,
    /// When it happened.
    pub happened: Timestamp,
    /// Now.
    pub noted: Timestamp,
    /// What there is to say, in words.
    pub text: String,
}

/// A note as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its number.
    pub number: i64,
    /// What was noted.
    pub note: NewNote,
}

impl Store {
    /// Keeps a note and gives its number.
    ///
    /// # Errors
    /// When the probe is not registered, or the database fails.
    pub fn note(&self, note: NewNote) -> Result<i64, StoreError> {
        self.writer().run(move |transaction| insert_note(transaction, &note))
    }

    /// Every note, in the order in which they were kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn notes(&self) -> Result<Vec<Note>, StoreError> {
        self.read("reading the notes", |connection| {
            connection
                .prepare_cached(
                    "SELECT custody_event.no, kind, probe.id, happened_us, noted_us, text \
                     FROM custody_event LEFT JOIN probe ON probe.no = custody_event.probe ORDER BY custody_event.no",
                )?
                .query_map([], |row| {
                    Ok(Note {
                        number: row.get(0)?,
                        note: NewNote {
                            kind: text(row, 1)?,
                            probe: probe_of(row, 2)?,
                            happened: Timestamp::from_unix_micros(row.get(3)?),
                            noted: Timestamp::from_unix_micros(row.get(4)?),
                            text: row.get(5)?,
                        },
                    })
                })?
                .collect()
        })
    }
}

/// Keeps a note together with what it tells of, and gives its number.
pub(crate) fn insert_note(transaction: &Transaction<'_>, note: &NewNote) -> Result<i64, StoreError> {
    let probe = match &note.probe {
        Some(id) => Some(number(transaction, id)?.ok_or_else(|| StoreError::UnknownProbe(id.to_string()))?),
        None => None,
    };
    transaction
        .execute(
            "INSERT INTO custody_event (kind, probe, happened_us, noted_us, text) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                note.kind.as_str(),
                probe,
                note.happened.as_unix_micros(),
                note.noted.as_unix_micros(),
                note.text
            ],
        )
        .map_err(StoreError::database("keeping a note"))?;
    Ok(transaction.last_insert_rowid())
}

/// The probe that a note is about, if it is about one.
pub(super) fn probe_of(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<ProbeId>> {
    match row.get_ref(index)? {
        ValueRef::Null => Ok(None),
        _ => text(row, index).map(Some),
    }
}
