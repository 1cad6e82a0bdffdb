//! Tokens of the administration interface, known here by their hashes alone.

use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::audit::AuditEntry;
use crate::probes::text;
use crate::{Store, StoreError};

/// Whose part a token gives. Who has none is the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An association.
    Association,
    /// A commune.
    Commune,
    /// Who runs the probes of a département.
    Departement,
    /// Who runs the collector.
    Administrator,
}

/// The word names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role: association, commune, departement, administrator")]
pub struct UnknownRole(String);

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Association, Self::Commune, Self::Departement, Self::Administrator];

    /// The word that is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Association => "association",
            Self::Commune => "commune",
            Self::Departement => "departement",
            Self::Administrator => "administrator",
        }
    }

    /// Whether a token of this role is for one territory.
    #[must_use]
    pub const fn has_territory(self) -> bool {
        matches!(self, Self::Commune | Self::Departement)
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let unknown = || UnknownRole(text.chars().take(32).collect());
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(unknown)
    }
}

/// A token to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// SHA-256 of the token, lower-case hexadecimal.
    pub sha256: String,
    /// Whose it is.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// INSEE code of the commune or département that it is for.
    pub territory: Option<String>,
    /// Now.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Timestamp,
}

/// A token as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number, by which people speak of it.
    pub number: i64,
    /// What it was made with.
    pub made: NewToken,
    /// Since when it is revoked.
    pub revoked: Option<Timestamp>,
}

impl Token {
    /// Whether it is good at `now`.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.made.expires
    }
}

impl Store {
    /// Keeps a token and gives its number.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_token(&self, new: NewToken) -> Result<i64, StoreError> {
        self.writer().run(move |transaction| {
            transaction
                .execute(
                    "INSERT INTO api_token (sha256, name, role, territory, created_us, expires_us) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![
                        new.sha256,
                        new.name,
                        new.role.as_str(),
                        new.territory,
                        new.created.as_unix_micros(),
                        new.expires.as_unix_micros()
                    ],
                )
                .map_err(StoreError::database("keeping a token"))?;
            let number = transaction.last_insert_rowid();
            AuditEntry::done(new.created, "token-add", format!("token {number}, {}", new.role.as_str()))
                .write(transaction)?;
            Ok(number)
        })
    }

    /// Refuses a token from now on. Gives whether there was such a token that was not revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revoke_token(&self, number: i64, now: Timestamp) -> Result<bool, StoreError> {
        self.writer().run(move |transaction| {
            let changed = transaction
                .execute(
                    "UPDATE api_token SET revoked_us = ?2 WHERE no = ?1 AND revoked_us IS NULL",
                    params![number, now.as_unix_micros()],
                )
                .map_err(StoreError::database("revoking a token"))?;
            if changed > 0 {
                AuditEntry::done(now, "token-revoke", format!("token {number}")).write(transaction)?;
            }
            Ok(changed > 0)
        })
    }

    /// The token with this hash, good or not.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn token(&self, sha256: &str) -> Result<Option<Token>, StoreError> {
        self.read("reading a token", |connection| {
            connection
                .prepare_cached(&format!("{SELECT} WHERE sha256 = ?1"))?
                .query_row([sha256], row)
                .optional()
        })
    }

    /// Every token, in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.read("listing the tokens", |connection| {
            connection.prepare_cached(&format!("{SELECT} ORDER BY no"))?.query_map([], row)?.collect()
        })
    }
}

const SELECT: &str =
    "SELECT no, sha256, name, role, territory, created_us, expires_us, revoked_us FROM api_token";

fn row(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        number: row.get(0)?,
        made: NewToken {
            sha256: row.get(1)?,
            name: row.get(2)?,
            role: text(row, 3)?,
            territory: row.get(4)?,
            created: Timestamp::from_unix_micros(row.get(5)?),
            expires: Timestamp::from_unix_micros(row.get(6)?),
        },
        revoked: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_unix_micros),
    })
}
