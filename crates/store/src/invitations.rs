//! Invitations: one-time codes by which probes are enrolled, known here by their public keys alone.

use desserte_model::{CommuneCode, LonLat, ProbeId};
use desserte_units::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::audit::AuditEntry;
use crate::probes::{number, text};
use crate::{Store, StoreError};

/// Invitations open at once. With more of them a guess would hit one more often than docs/spec/enrolment.md reckons.
pub const OPEN_INVITATIONS_MAX: i64 = 1_000;

/// An invitation to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInvitation {
    /// Public half of the key that grows from its code.
    pub public_key: String,
    /// What the probe is to be called; never published.
    pub name: String,
    /// The site it is for; never published.
    pub site: Option<String>,
    /// The site's commune.
    pub commune: Option<CommuneCode>,
    /// Where the site is; never published.
    pub position: Option<LonLat>,
    /// The probe whose place the new one takes.
    pub replaces: Option<ProbeId>,
    /// Now.
    pub created: Timestamp,
    /// From when on it is refused.
    pub expires: Timestamp,
}

/// An invitation as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// Its number, by which people speak of it.
    pub number: i64,
    /// What it was made with.
    pub made: NewInvitation,
    /// Since when it is withdrawn.
    pub withdrawn: Option<Timestamp>,
    /// When a probe was enrolled with it, and which.
    pub used: Option<(Timestamp, ProbeId)>,
}

/// What can be done with an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// A probe can be enrolled with it.
    Open,
    /// One was.
    Used,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Withdrawn,
}

impl Invitation {
    /// What can be done with it at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> InvitationState {
        if self.used.is_some() {
            InvitationState::Used
        } else if self.withdrawn.is_some() {
            InvitationState::Withdrawn
        } else if now >= self.made.expires {
            InvitationState::Expired
        } else {
            InvitationState::Open
        }
    }
}

impl Store {
    /// Keeps an invitation that `actor` made, and gives its number.
    ///
    /// # Errors
    /// When the probe to be replaced is not registered, when too many invitations are open, or the database fails.
    pub fn invite(&self, new: NewInvitation, actor: &str) -> Result<i64, StoreError> {
        let actor = actor.to_owned();
        self.writer().run(move |transaction| {
            let wrap = StoreError::database("keeping an invitation");
            let replaces = match &new.replaces {
                Some(id) => {
                    Some(number(transaction, id)?.ok_or_else(|| StoreError::UnknownProbe(id.to_string()))?)
                }
                None => None,
            };
            let open: i64 = transaction
                .query_row(
                    "SELECT count(*) FROM invitation WHERE used_us IS NULL AND withdrawn_us IS NULL AND expires_us > ?1",
                    [new.created.as_unix_micros()],
                    |row| row.get(0),
                )
                .map_err(&wrap)?;
            if open >= OPEN_INVITATIONS_MAX {
                return Err(StoreError::TooManyInvitations(open));
            }
            transaction
                .execute(
                    "INSERT INTO invitation (public_key, name, site, commune, lon, lat, replaces, created_us, expires_us) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    params![
                        new.public_key,
                        new.name,
                        new.site,
                        new.commune.map(|code| code.to_string()),
                        new.position.map(LonLat::lon),
                        new.position.map(LonLat::lat),
                        replaces,
                        new.created.as_unix_micros(),
                        new.expires.as_unix_micros(),
                    ],
                )
                .map_err(&wrap)?;
            let number = transaction.last_insert_rowid();
            let entry = AuditEntry::done(new.created, "invite", subject(number));
            AuditEntry { actor, ..entry }.write(transaction)?;
            Ok(number)
        })
    }

    /// Takes an invitation back, for `actor`. Gives whether there was one of this number that could be used.
    ///
    /// # Errors
    /// When the database fails.
    pub fn withdraw_invitation(&self, number: i64, actor: &str, now: Timestamp) -> Result<bool, StoreError> {
        let actor = actor.to_owned();
        self.writer().run(move |transaction| {
            let changed = transaction
                .execute(
                    "UPDATE invitation SET withdrawn_us = ?2 WHERE no = ?1 AND used_us IS NULL AND withdrawn_us IS NULL",
                    params![number, now.as_unix_micros()],
                )
                .map_err(StoreError::database("withdrawing an invitation"))?;
            if changed > 0 {
                AuditEntry { actor, ..AuditEntry::done(now, "withdraw", subject(number)) }.write(transaction)?;
            }
            Ok(changed > 0)
        })
    }

    /// The invitation with this public key.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn invitation(&self, public_key: &str) -> Result<Option<Invitation>, StoreError> {
        self.read("reading an invitation", |connection| by_key(connection, public_key))
    }

    /// Every invitation, in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.read("listing the invitations", |connection| {
            connection
                .prepare_cached(&format!("{SELECT} ORDER BY invitation.no"))?
                .query_map([], row)?
                .collect()
        })
    }
}

/// How the audit log and the notes name an invitation.
pub(crate) fn subject(number: i64) -> String {
    format!("invitation {number}")
}

pub(crate) fn by_key(connection: &Connection, public_key: &str) -> rusqlite::Result<Option<Invitation>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE invitation.public_key = ?1"))?
        .query_row([public_key], row)
        .optional()
}

pub(crate) const SELECT: &str = "SELECT invitation.no, invitation.public_key, invitation.name, invitation.site, commune, lon, lat, \
     old.id, invitation.created_us, expires_us, withdrawn_us, used_us, new.id \
     FROM invitation LEFT JOIN probe AS old ON old.no = invitation.replaces \
     LEFT JOIN probe AS new ON new.no = invitation.probe";

pub(crate) fn row(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    let time = |index| row.get::<_, Option<i64>>(index).map(|us| us.map(Timestamp::from_unix_micros));
    let position = match (row.get::<_, Option<f64>>(5)?, row.get::<_, Option<f64>>(6)?) {
        (Some(lon), Some(lat)) => LonLat::new(lon, lat).ok(),
        _ => None,
    };
    Ok(Invitation {
        number: row.get(0)?,
        made: NewInvitation {
            public_key: row.get(1)?,
            name: row.get(2)?,
            site: row.get(3)?,
            commune: optional(row, 4)?,
            position,
            replaces: optional(row, 7)?,
            created: Timestamp::from_unix_micros(row.get(8)?),
            expires: Timestamp::from_unix_micros(row.get(9)?),
        },
        withdrawn: time(10)?,
        used: time(11)?.zip(optional(row, 12)?),
    })
}

/// As [`text`], of a column that may be empty.
fn optional<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.get_ref(index)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => text(row, index).map(Some),
    }
}
