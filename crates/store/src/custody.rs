//! The daily seal over everything received: sealing, notes, proofs (docs/spec/custody.md).

mod evidence;
mod leaves;
mod notes;
mod proofs;
mod stamps;

use desserte_custody::{Day, Hash, Leaf, Statement, seal};
use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::probes::text;
use crate::query::unsigned;
use crate::{Store, StoreError};
pub use evidence::{Evidence, Kept};
use leaves::Origin;
pub(crate) use notes::insert_note;
pub use notes::{NewNote, Note};
pub use proofs::Wanted;
pub use stamps::Stamp;

/// A sealed day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDay {
    /// What is published of it.
    pub statement: Statement,
    /// When it was sealed, by the collector's clock.
    pub sealed: Timestamp,
}

/// A sealed day that no longer agrees with what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSeal {
    /// The seal as it was made.
    pub sealed: Statement,
    /// What the same rows give now.
    pub found: Statement,
}

/// A row of the table `seal`.
struct SealRow {
    number: i64,
    day: SealedDay,
}

/// What became of an attempt to seal.
enum Step {
    /// A day was sealed.
    Sealed(SealedDay),
    /// Another process was first; there may be more to do.
    Overtaken,
    /// Nothing is left.
    Done,
}

/// A day that can be sealed.
struct NextDay {
    day: Day,
    /// Its last moment.
    end: Timestamp,
    /// The seal before it.
    previous: Option<Statement>,
}

impl Store {
    /// Seals every day up to `through` that has something to seal and is not sealed yet, each in a transaction of its own, and
    /// gives what was sealed. The days have to be over: the caller knows the clock.
    ///
    /// A batch belongs to the day on which it was received. One that comes dated on a sealed day, by a clock that went backwards, is in
    /// the next seal; one that is dated ahead waits until that day is over.
    ///
    /// # Errors
    /// When the database fails; days sealed before that stay sealed.
    pub fn seal_through(&self, through: Day, now: Timestamp) -> Result<Vec<SealedDay>, StoreError> {
        let mut sealed = Vec::new();
        loop {
            match self.seal_next(through, now)? {
                Step::Sealed(day) => sealed.push(day),
                Step::Overtaken => {}
                Step::Done => return Ok(sealed),
            }
        }
    }

    fn seal_next(&self, through: Day, now: Timestamp) -> Result<Step, StoreError> {
        // Bodies are read and hashed outside the writer's thread: they cannot change.
        let prepared = self.read("reading what is to be sealed", |connection| {
            let transaction = connection.unchecked_transaction()?;
            let Some(next) = next_day(&transaction, through)? else { return Ok(None) };
            let entries = leaves::waiting(&transaction, next.end)?;
            Ok(Some((next, entries)))
        })?;
        let Some((next, entries)) = prepared else { return Ok(Step::Done) };
        let (origins, leaves): (Vec<Origin>, Vec<Leaf>) = entries.into_iter().unzip();
        let statement = seal(leaves::previous(next.previous.as_ref()).chain(leaves)).statement(next.day);
        let previous = next.previous.map(|statement| statement.day);
        let kept = self.writer().run(move |transaction| {
            let keep = || {
                // Another process may have sealed since: what was read is not what waits any more.
                if last_seal(transaction)?.map(|row| row.day.statement.day) != previous {
                    return Ok(false);
                }
                keep(transaction, &statement, now, &origins).map(|()| true)
            };
            keep().map_err(StoreError::database("keeping a seal"))
        })?;
        Ok(if kept { Step::Sealed(SealedDay { statement, sealed: now }) } else { Step::Overtaken })
    }

    /// Every sealed day, the first one first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn seals(&self) -> Result<Vec<SealedDay>, StoreError> {
        let rows = self.read("reading the seals", all_seals)?;
        Ok(rows.into_iter().map(|row| row.day).collect())
    }

    /// Computes every seal again from what is kept, and gives those that differ.
    ///
    /// # Errors
    /// When the database fails.
    pub fn check_seals(&self) -> Result<Vec<BrokenSeal>, StoreError> {
        let mut broken = Vec::new();
        let mut previous: Option<Statement> = None;
        for row in self.read("reading the seals", all_seals)? {
            let entries =
                self.read("reading what was sealed", |connection| leaves::of_seal(connection, row.number))?;
            let leaves = entries.into_iter().map(|(_, leaf)| leaf);
            let sealed = row.day.statement;
            let found = seal(leaves::previous(previous.as_ref()).chain(leaves)).statement(sealed.day);
            if found != sealed {
                broken.push(BrokenSeal { sealed, found });
            }
            previous = Some(sealed);
        }
        Ok(broken)
    }
}

fn next_day(connection: &Connection, through: Day) -> rusqlite::Result<Option<NextDay>> {
    let last = last_seal(connection)?;
    let first: Option<i64> = connection
        .prepare_cached(
            "SELECT min (us) FROM (\
             SELECT min (received_us) AS us FROM batch_seal JOIN batch ON batch.no = batch_seal.batch WHERE seal IS NULL \
             UNION ALL \
             SELECT min (noted_us) FROM event_seal JOIN custody_event ON custody_event.no = event_seal.event WHERE seal IS NULL)",
        )?
        .query_row([], |row| row.get(0))?;
    let previous = last.map(|row| row.day.statement);
    let Some(first) = first.and_then(|us| Day::of(Timestamp::from_unix_micros(us))) else { return Ok(None) };
    let after = previous.and_then(|statement| statement.day.tomorrow());
    let day = after.map_or(first, |after| first.max(after));
    let end = day.end().filter(|_| day <= through);
    Ok(end.map(|end| NextDay { day, end, previous }))
}

fn keep(
    transaction: &Transaction<'_>,
    statement: &Statement,
    now: Timestamp,
    origins: &[Origin],
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO seal (day, sealed_us, size, root) VALUES (?1, ?2, ?3, ?4)",
        params![
            statement.day.to_string(),
            now.as_unix_micros(),
            i64::try_from(statement.size).unwrap_or(i64::MAX),
            statement.root.0.as_slice(),
        ],
    )?;
    let number = transaction.last_insert_rowid();
    let mut batches = transaction.prepare_cached("UPDATE batch_seal SET seal = ?2 WHERE batch = ?1")?;
    let mut notes = transaction.prepare_cached("UPDATE event_seal SET seal = ?2 WHERE event = ?1")?;
    for origin in origins {
        match origin {
            Origin::Batch(batch) => batches.execute([*batch, number])?,
            Origin::Note(note) => notes.execute([*note, number])?,
        };
    }
    Ok(())
}

const SELECT_SEALS: &str = "SELECT no, day, size, root, sealed_us FROM seal";

fn read_seal(row: &Row<'_>) -> rusqlite::Result<SealRow> {
    let statement = Statement { day: text(row, 1)?, size: unsigned(row, 2)?, root: Hash(row.get(3)?) };
    let sealed = Timestamp::from_unix_micros(row.get(4)?);
    Ok(SealRow { number: row.get(0)?, day: SealedDay { statement, sealed } })
}

fn all_seals(connection: &Connection) -> rusqlite::Result<Vec<SealRow>> {
    connection.prepare_cached(&format!("{SELECT_SEALS} ORDER BY no"))?.query_map([], read_seal)?.collect()
}

fn last_seal(connection: &Connection) -> rusqlite::Result<Option<SealRow>> {
    connection
        .prepare_cached(&format!("{SELECT_SEALS} ORDER BY no DESC LIMIT 1"))?
        .query_row([], read_seal)
        .optional()
}
