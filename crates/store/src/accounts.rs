//! People who log in to the pages of the administration.

use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::audit::AuditEntry;
use crate::probes::text;
use crate::{Role, Store, StoreError};

/// An account to make.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What is typed to log in, lower case.
    pub login: String,
    /// What it allows.
    pub role: Role,
    /// INSEE code of the commune or département that it is for.
    pub territory: Option<String>,
    /// Hash of the password in the PHC string format; `None`: no password opens it.
    pub password: Option<String>,
    /// What the OpenID provider says of this person; `None`: no provider opens it.
    pub openid: Option<String>,
    /// Now.
    pub made: Timestamp,
}

/// Without the password's hash and the person.
impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount")
            .field("role", &self.role)
            .field("territory", &self.territory)
            .finish_non_exhaustive()
    }
}

/// An account as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number, by which logs speak of it.
    pub number: i64,
    /// What it was made with, and how one logs in now.
    pub made: NewAccount,
    /// Since when nobody can log in with it.
    pub ended: Option<Timestamp>,
}

/// How an account is looked for.
#[derive(Debug, Clone, Copy)]
pub enum AccountKey<'a> {
    /// By what was typed.
    Login(&'a str),
    /// By what the OpenID provider said.
    Openid(&'a str),
}

impl Store {
    /// Keeps an account and gives its number.
    ///
    /// # Errors
    /// When another account that has not ended has this login or this person, or the database fails.
    pub fn add_account(&self, new: NewAccount) -> Result<i64, StoreError> {
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("keeping an account");
            let taken: bool = transaction
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM account WHERE ended_us IS NULL AND (login = ?1 OR openid = ?2))",
                    params![new.login, new.openid],
                    |row| row.get(0),
                )
                .map_err(&wrap)?;
            if taken {
                return Err(StoreError::AccountTaken(new.login));
            }
            transaction
                .execute(
                    "INSERT INTO account (login, role, territory, password, openid, made_us) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        new.login,
                        new.role.as_str(),
                        new.territory,
                        new.password,
                        new.openid,
                        new.made.as_unix_micros()
                    ],
                )
                .map_err(&wrap)?;
            let number = transaction.last_insert_rowid();
            AuditEntry::done(new.made, "account-add", format!("account {number}, {}", new.role.as_str()))
                .write(transaction)?;
            Ok(number)
        })
    }

    /// Gives an account another password, and ends its sessions. Gives whether there was such an account.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_password(&self, login: &str, password: String, now: Timestamp) -> Result<bool, StoreError> {
        let login = login.to_owned();
        self.change(login, "account-password", now, move |transaction, number| {
            transaction.execute("UPDATE account SET password = ?2 WHERE no = ?1", params![number, password])
        })
    }

    /// Ends an account and its sessions. Gives whether there was such an account.
    ///
    /// # Errors
    /// When the database fails.
    pub fn end_account(&self, login: &str, now: Timestamp) -> Result<bool, StoreError> {
        let login = login.to_owned();
        self.change(login, "account-end", now, move |transaction, number| {
            transaction.execute(
                "UPDATE account SET ended_us = ?2 WHERE no = ?1",
                params![number, now.as_unix_micros()],
            )
        })
    }

    fn change(
        &self,
        login: String,
        action: &'static str,
        now: Timestamp,
        change: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<usize> + Send + 'static,
    ) -> Result<bool, StoreError> {
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("changing an account");
            let found = by(transaction, AccountKey::Login(&login)).map_err(&wrap)?;
            let Some(account) = found else { return Ok(false) };
            change(transaction, account.number).map_err(&wrap)?;
            transaction.execute("DELETE FROM session WHERE account = ?1", [account.number]).map_err(&wrap)?;
            AuditEntry::done(now, action, format!("account {}", account.number)).write(transaction)?;
            Ok(true)
        })
    }

    /// The account of this person that has not ended.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn account(&self, key: AccountKey<'_>) -> Result<Option<Account>, StoreError> {
        self.read("reading an account", |connection| by(connection, key))
    }

    /// Every account, ended or not, in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read("listing the accounts", |connection| {
            connection.prepare_cached(&format!("{SELECT} ORDER BY no"))?.query_map([], row)?.collect()
        })
    }
}

/// What every list of accounts reads.
pub(crate) const SELECT: &str =
    "SELECT account.no, login, role, territory, password, openid, account.made_us, ended_us FROM account";

fn by(connection: &Connection, key: AccountKey<'_>) -> rusqlite::Result<Option<Account>> {
    let (column, value) = match key {
        AccountKey::Login(login) => ("login", login),
        AccountKey::Openid(openid) => ("openid", openid),
    };
    connection
        .prepare_cached(&format!("{SELECT} WHERE {column} = ?1 AND ended_us IS NULL"))?
        .query_row([value], row)
        .optional()
}

pub(crate) fn row(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        number: row.get(0)?,
        made: NewAccount {
            login: row.get(1)?,
            role: text(row, 2)?,
            territory: row.get(3)?,
            password: row.get(4)?,
            openid: row.get(5)?,
            made: Timestamp::from_unix_micros(row.get(6)?),
        },
        ended: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_unix_micros),
    })
}
