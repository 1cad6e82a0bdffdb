//! Who asked what of the administration: kept for ever, holding no secret.

use desserte_units::Timestamp;
use rusqlite::{Transaction, params};

use crate::{Store, StoreError};

/// Who works on the machine itself: whoever can write the store needs no other right.
pub const COMMAND: &str = "command";

/// Something that was asked of the administration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, by the collector's clock.
    pub at: Timestamp,
    /// Who: [`COMMAND`], or the network that a request came from.
    pub actor: String,
    /// What: a word such as `enrol`.
    pub action: String,
    /// `done`, or why not.
    pub outcome: String,
    /// What it was about; empty when nothing is known of it.
    pub subject: String,
}

impl AuditEntry {
    /// Something done by a command on this machine.
    pub(crate) fn done(at: Timestamp, action: &str, subject: impl Into<String>) -> Self {
        Self {
            at,
            actor: COMMAND.to_owned(),
            action: action.to_owned(),
            outcome: "done".to_owned(),
            subject: subject.into(),
        }
    }

    /// Keeps it together with what it tells of.
    pub(crate) fn write(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        transaction
            .execute(
                "INSERT INTO audit (at_us, actor, action, outcome, subject) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![self.at.as_unix_micros(), self.actor, self.action, self.outcome, self.subject],
            )
            .map_err(StoreError::database("writing the audit log"))?;
        Ok(())
    }
}

impl Store {
    /// Keeps an entry by itself, of something that changed nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.writer().run(move |transaction| entry.write(transaction))
    }

    /// The latest entries, oldest first, `most` of them at the most.
    ///
    /// # Errors
    /// When the database fails.
    pub fn audit_log(&self, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("reading the audit log", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT at_us, actor, action, outcome, subject FROM \
                 (SELECT * FROM audit ORDER BY no DESC LIMIT ?1) ORDER BY no",
            )?;
            let rows = statement.query_map([most], |row| {
                Ok(AuditEntry {
                    at: Timestamp::from_unix_micros(row.get(0)?),
                    actor: row.get(1)?,
                    action: row.get(2)?,
                    outcome: row.get(3)?,
                    subject: row.get(4)?,
                })
            })?;
            rows.collect()
        })
    }
}
