//! Sessions of people who have logged in, known here by hashes of what their browsers hold.

use std::time::Duration;

use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::accounts::{self, Account};
use crate::audit::AuditEntry;
use crate::{Store, StoreError};

/// How exactly it is kept when a session was last used: a page has no need to write each time.
const USED_EVERY_US: i64 = 60_000_000;

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// Without being used.
    pub idle: Duration,
    /// At the most.
    pub most: Duration,
}

impl Store {
    /// Keeps a session of an account that has just logged in, and forgets those that are over.
    ///
    /// # Errors
    /// When the account has ended, or the database fails.
    pub fn begin_session(
        &self,
        sha256: String,
        account: i64,
        times: SessionTimes,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("keeping a session");
            let (made, used) = oldest(times, now);
            transaction
                .execute("DELETE FROM session WHERE made_us <= ?1 OR used_us <= ?2", [made, used])
                .map_err(&wrap)?;
            let at = now.as_unix_micros();
            let kept = transaction
                .execute(
                    "INSERT INTO session (sha256, account, made_us, used_us) \
                     SELECT ?1, no, ?3, ?3 FROM account WHERE no = ?2 AND ended_us IS NULL",
                    params![sha256, account, at],
                )
                .map_err(&wrap)?;
            if kept == 0 {
                return Err(StoreError::NoAccount(account));
            }
            let actor = format!("account {account}");
            AuditEntry { actor, ..AuditEntry::done(now, "login", "") }.write(transaction)
        })
    }

    /// The account of a session that is not over, and marks that it was used.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn session(
        &self,
        sha256: &str,
        times: SessionTimes,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let (made, used) = oldest(times, now);
        let found = self.read("reading a session", |connection| {
            connection
                .prepare_cached(&format!(
                    "{} JOIN session ON session.account = account.no \
                     WHERE session.sha256 = ?1 AND session.made_us > ?2 AND session.used_us > ?3 AND ended_us IS NULL",
                    accounts::SELECT
                ))?
                .query_row(params![sha256, made, used], accounts::row)
                .optional()
        })?;
        if found.is_some() {
            self.mark_used(sha256, now)?;
        }
        Ok(found)
    }

    fn mark_used(&self, sha256: &str, now: Timestamp) -> Result<(), StoreError> {
        let at = now.as_unix_micros();
        let fresh: bool = self.read("reading a session", |connection| {
            connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM session WHERE sha256 = ?1 AND used_us > ?2)",
                params![sha256, at - USED_EVERY_US],
                |row| row.get(0),
            )
        })?;
        if fresh {
            return Ok(());
        }
        let sha256 = sha256.to_owned();
        self.writer().run(move |transaction| {
            transaction
                .execute("UPDATE session SET used_us = ?2 WHERE sha256 = ?1", params![sha256, at])
                .map_err(StoreError::database("marking a session"))?;
            Ok(())
        })
    }

    /// Ends a session. Nothing happens when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn end_session(&self, sha256: String, now: Timestamp) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("ending a session");
            let account: Option<i64> = transaction
                .query_row("SELECT account FROM session WHERE sha256 = ?1", [&sha256], |row| row.get(0))
                .optional()
                .map_err(&wrap)?;
            let Some(account) = account else { return Ok(()) };
            transaction.execute("DELETE FROM session WHERE sha256 = ?1", [&sha256]).map_err(&wrap)?;
            let actor = format!("account {account}");
            AuditEntry { actor, ..AuditEntry::done(now, "logout", "") }.write(transaction)
        })
    }
}

/// The latest moments of making and of use at which a session is over, microseconds.
fn oldest(times: SessionTimes, now: Timestamp) -> (i64, i64) {
    let before = |time: Duration| {
        now.as_unix_micros().saturating_sub(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
    };
    (before(times.most), before(times.idle))
}
