//! The chain of each probe's records: does every record name the one before it?
//!
//! Nothing is refused for it: a record that was signed is a fact, and one that does not fit is a fact about the probe or about
//! whoever has its key. What does not fit is kept beside the records and said wherever probes are listed.

use desserte_model::{ProbeId, Record};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::{Store, StoreError};

impl Store {
    /// The records of a probe as it wrote them, by their place in its chain, then in the order in which they came.
    ///
    /// # Errors
    /// When the database fails.
    pub fn records_in_chain(&self, probe: &ProbeId, each: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        self.read("following a chain", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT line FROM record INDEXED BY record_in_chain \
                 WHERE probe = (SELECT no FROM probe WHERE id = ?1) ORDER BY sequence, no",
            )?;
            let mut rows = statement.query([probe.as_str()])?;
            while let Some(row) = rows.next()? {
                each(row.get_ref(0)?.as_blob()?);
            }
            Ok(())
        })
    }
}

/// A record in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    /// Numbers of probe and record inside the store.
    pub(crate) probe: i64,
    pub(crate) record: i64,
    pub(crate) sequence: i64,
    /// The hash that it gives for the one before it.
    pub(crate) previous: Option<&'a str>,
    /// Its own.
    pub(crate) sha256: &'a [u8; 32],
}

impl<'a> Link<'a> {
    pub(crate) fn of(probe: i64, number: i64, record: &'a Record, sha256: &'a [u8; 32]) -> Self {
        let previous = record.previous_sha256.as_deref();
        Self { probe, record: number, sequence: place_of(record), previous, sha256 }
    }
}

/// The record's place as the store keeps it.
pub(crate) fn place_of(record: &Record) -> i64 {
    i64::try_from(record.sequence).unwrap_or(i64::MAX)
}

/// What is known of one probe's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainState {
    /// Records that name the one before them, or begin the chain.
    pub linked: u64,
    /// Places of the chain that no record kept here has taken.
    pub missing: u64,
    /// Records whose place another record has.
    pub forks: u64,
    /// Records that name another one before them than is kept there.
    pub broken: u64,
}

/// Checks a record that was just kept against those kept before, in whatever order they came.
pub(crate) fn check(transaction: &Transaction<'_>, link: &Link<'_>) -> Result<(), StoreError> {
    place(transaction, link)
        .and_then(|()| before(transaction, link))
        .and_then(|()| after(transaction, link))
        .map_err(StoreError::database("checking the chain of a probe's records"))
}

/// Takes the record's place in the chain.
fn place(transaction: &Transaction<'_>, link: &Link<'_>) -> rusqlite::Result<()> {
    let Link { probe, record, sequence, .. } = *link;
    let head: Option<i64> = transaction
        .prepare_cached("SELECT head FROM chain WHERE probe = ?1")?
        .query_row([probe], |row| row.get(0))
        .optional()?;
    let head = match head {
        Some(head) => head,
        None => {
            let kept: Option<i64> = transaction
                .prepare_cached("SELECT max (sequence) FROM record WHERE probe = ?1 AND no < ?2")?
                .query_row([probe, record], |row| row.get(0))?;
            let head = kept.unwrap_or(-1);
            transaction
                .prepare_cached("INSERT INTO chain (probe, head, linked) VALUES (?1, ?2, 0)")?
                .execute([probe, head])?;
            head
        }
    };
    if sequence > head {
        gap(transaction, probe, head + 1, sequence - 1)?;
        transaction
            .prepare_cached("UPDATE chain SET head = ?2 WHERE probe = ?1")?
            .execute([probe, sequence])?;
        return Ok(());
    }
    let found: Option<(i64, i64)> = transaction
        .prepare_cached(
            "SELECT first_no, last_no FROM chain_gap WHERE probe = ?1 AND first_no <= ?2 \
             ORDER BY first_no DESC LIMIT 1",
        )?
        .query_row([probe, sequence], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((first, last)) = found.filter(|(_, last)| *last >= sequence) {
        transaction
            .prepare_cached("DELETE FROM chain_gap WHERE probe = ?1 AND first_no = ?2")?
            .execute([probe, first])?;
        gap(transaction, probe, first, sequence - 1)?;
        return gap(transaction, probe, sequence.saturating_add(1), last);
    }
    // Records of before version 4 may leave the place free without a gap that says so.
    let taken = transaction
        .prepare_cached("SELECT 1 FROM record WHERE probe = ?1 AND sequence = ?2 AND no < ?3")?
        .exists([probe, sequence, record])?;
    if taken { fault(transaction, link, record, sequence, "fork") } else { Ok(()) }
}

/// Notes that places from `first` to `last` are free, if there are any.
fn gap(transaction: &Transaction<'_>, probe: i64, first: i64, last: i64) -> rusqlite::Result<()> {
    if first <= last {
        transaction
            .prepare_cached("INSERT INTO chain_gap (probe, first_no, last_no) VALUES (?1, ?2, ?3)")?
            .execute([probe, first, last])?;
    }
    Ok(())
}

/// Does it name the record before it? While that is not here, nobody can tell.
fn before(transaction: &Transaction<'_>, link: &Link<'_>) -> rusqlite::Result<()> {
    if link.sequence == 0 {
        return match link.previous {
            None => linked(transaction, link.probe),
            Some(_) => fault(transaction, link, link.record, link.sequence, "broken"),
        };
    }
    let kept: Vec<[u8; 32]> = transaction
        .prepare_cached("SELECT sha256 FROM record WHERE probe = ?1 AND sequence = ?2 AND no < ?3")?
        .query_map([link.probe, link.sequence - 1, link.record], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    if kept.iter().any(|sha256| Some(hex(sha256).as_str()) == link.previous) {
        linked(transaction, link.probe)
    } else if kept.is_empty() {
        Ok(())
    } else {
        fault(transaction, link, link.record, link.sequence, "broken")
    }
}

/// Do the records after it, which came earlier, name it?
fn after(transaction: &Transaction<'_>, link: &Link<'_>) -> rusqlite::Result<()> {
    let Some(next) = link.sequence.checked_add(1) else { return Ok(()) };
    let kept: Vec<(i64, Option<String>, bool)> = transaction
        .prepare_cached(
            "SELECT no, json_extract (cast (line AS TEXT), '$.previous_sha256'), \
                    EXISTS (SELECT 1 FROM record AS other WHERE other.probe = record.probe \
                            AND other.sequence = record.sequence - 1 AND other.no < ?3) \
             FROM record WHERE probe = ?1 AND sequence = ?2 AND no < ?3 AND line <> x''",
        )?
        .query_map([link.probe, next, link.record], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let own = hex(link.sha256);
    for (record, previous, has_other) in kept {
        if previous.as_deref() == Some(&own) {
            // It was called broken if another record had its predecessor's place.
            transaction
                .prepare_cached("DELETE FROM chain_fault WHERE record = ?1 AND kind = 'broken'")?
                .execute([record])?;
            linked(transaction, link.probe)?;
        } else if !has_other {
            fault(transaction, link, record, next, "broken")?;
        }
    }
    Ok(())
}

fn linked(transaction: &Transaction<'_>, probe: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE chain SET linked = linked + 1 WHERE probe = ?1")?.execute([probe])?;
    Ok(())
}

fn fault(
    transaction: &Transaction<'_>,
    link: &Link<'_>,
    record: i64,
    sequence: i64,
    kind: &str,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO chain_fault (record, kind, probe, sequence) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![record, kind, link.probe, sequence])?;
    Ok(())
}

fn hex(sha256: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    sha256.iter().fold(String::with_capacity(64), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}
