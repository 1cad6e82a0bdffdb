//! Following the register that several collectors share (docs/spec/registry.md).
//!
//! The register decides; this store is brought after it, change by change, and answers from what it has. Each row says of which change it
//! is, so that the same change may be followed twice and by two processes at once.

use desserte_custody::EventKind;
use desserte_model::{LonLat, ProbeId, SharedInvitation, SharedProbe};
use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::audit::AuditEntry;
use crate::custody::insert_note;
use crate::invitations::{Invitation, SELECT as INVITATIONS, row as invitation_row};
use crate::probes::{number, text};
use crate::{NewNote, Store, StoreError};

/// Key of the number of the last change that was followed.
const META_CHANGE: &str = "register_change";

/// Key under which the store keeps that a probe is this collector's in the history, with the probe's identifier behind it; the value is
/// the place.
pub const META_HOME: &str = "history_home:";

/// Who did what other collectors decided, in the audit log.
const REGISTER: &str = "register";

/// What the name of a probe becomes when its time is over, or its owner wants it gone.
const FORGOTTEN: &str = "erased";

/// Changes of the register, to be followed.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterNews {
    /// Number of its last change.
    pub change: i64,
    /// Probes that changed, as they are now.
    pub probes: Vec<SharedProbe>,
    /// Invitations that changed, as they are now.
    pub invitations: Vec<SharedInvitation>,
    /// Number of this collector.
    pub own: u8,
    /// Now.
    pub at: Timestamp,
}

/// A record that another collector had handed to the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedElsewhere {
    /// Its identifier.
    pub id: [u8; 16],
    /// Digest of its octets.
    pub sha256: [u8; 32],
}

impl Store {
    /// Number of the last change of the register that was followed; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn register_change(&self) -> Result<i64, StoreError> {
        Ok(self.meta(META_CHANGE)?.and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    /// Brings probes and invitations after the register. What others decided of this collector's own probes is noted in the log of
    /// custody and in the audit log.
    ///
    /// What is known here for good and not there (out of service, withdrawn, used, forgotten) stays, and is to be published.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub fn follow_register(&self, news: RegisterNews) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            set_back(transaction, news.change).map_err(StoreError::database("following the register"))?;
            for probe in &news.probes {
                follow_probe(transaction, probe, &news)?;
            }
            for invitation in &news.invitations {
                follow_invitation(transaction, invitation)
                    .map_err(StoreError::database("following an invitation"))?;
            }
            transaction
                .execute(
                    "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    params![META_CHANGE, news.change.to_string()],
                )
                .map_err(StoreError::database("following the register"))?;
            Ok(())
        })
    }

    /// What the register does not have as it is here: probes that are known to be this collector's, and invitations whose probes the
    /// register has. `own` is this collector's number.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub fn unpublished(&self, own: u8) -> Result<(Vec<SharedProbe>, Vec<SharedInvitation>), StoreError> {
        self.read("looking for what the register lacks", |connection| {
            let probes = connection
                .prepare_cached(
                    "SELECT id, public_key, name, site, host, created_us, retired_us, coalesce (home, ?1), change FROM probe \
                     WHERE change IS NULL AND (home IS NOT NULL OR EXISTS (SELECT 1 FROM meta WHERE key = ?2 || probe.id)) \
                     ORDER BY no",
                )?
                .query_map(params![own, META_HOME], shared_probe)?
                .collect::<rusqlite::Result<_>>()?;
            let invitations = connection
                .prepare_cached(&format!(
                    "{INVITATIONS} WHERE invitation.change IS NULL AND (replaces IS NULL OR old.change IS NOT NULL) \
                     AND (invitation.probe IS NULL OR new.change IS NOT NULL) ORDER BY invitation.no"
                ))?
                .query_map([], |row| invitation_row(row).map(shared_invitation))?
                .collect::<rusqlite::Result<_>>()?;
            Ok((probes, invitations))
        })
    }

    /// Notes records that another collector handed over, so that they are known when they come again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_elsewhere(&self, records: Vec<HandedElsewhere>) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            let mut statement = transaction
                .prepare_cached("INSERT INTO elsewhere (id, sha256) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
                .map_err(StoreError::database("noting records of another collector"))?;
            for HandedElsewhere { id, sha256 } in &records {
                statement
                    .execute([id.as_slice(), sha256.as_slice()])
                    .map_err(StoreError::database("noting records of another collector"))?;
            }
            Ok(())
        })
    }

    /// Goes on with a probe's chain behind `sequence`, which another collector has seen: what is before it is not missing here.
    ///
    /// # Errors
    /// When the database fails.
    pub fn continue_chain(&self, probe: &ProbeId, sequence: i64) -> Result<(), StoreError> {
        let probe = probe.clone();
        self.writer().run(move |transaction| {
            transaction
                .execute(
                    "INSERT INTO chain (probe, head, linked) SELECT no, ?2, 0 FROM probe WHERE id = ?1 \
                     ON CONFLICT (probe) DO UPDATE SET head = max (head, excluded.head)",
                    params![probe.as_str(), sequence],
                )
                .map_err(StoreError::database("going on with a chain"))?;
            Ok(())
        })
    }
}

/// A register that was restored from a copy counts from an earlier number: what came after it here is no longer there.
fn set_back(transaction: &Transaction<'_>, change: i64) -> rusqlite::Result<()> {
    for table in ["probe", "invitation"] {
        transaction.execute(&format!("UPDATE {table} SET change = NULL WHERE change > ?1"), [change])?;
    }
    Ok(())
}

/// A probe as it is here.
struct Known {
    name: String,
    retired: bool,
    home: Option<u8>,
    change: Option<i64>,
}

fn follow_probe(
    transaction: &Transaction<'_>,
    probe: &SharedProbe,
    news: &RegisterNews,
) -> Result<(), StoreError> {
    let wrap = StoreError::database("following a probe");
    let home = (probe.home != news.own).then_some(probe.home);
    let known = transaction
        .prepare_cached("SELECT name, retired_us IS NOT NULL, home, change FROM probe WHERE id = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([probe.id.as_str()], |row| {
                    Ok(Known {
                        name: row.get(0)?,
                        retired: row.get(1)?,
                        home: row.get(2)?,
                        change: row.get(3)?,
                    })
                })
                .optional()
        })
        .map_err(&wrap)?;
    if let Some(known) = &known {
        let for_good =
            known.retired && probe.retired.is_none() || known.name == FORGOTTEN && probe.name != FORGOTTEN;
        let own = known.home.is_none() && home.is_none();
        if known.change >= probe.change || own && for_good {
            return Ok(());
        }
    }
    transaction
        .prepare_cached(
            "INSERT INTO probe (id, public_key, name, site, host, created_us, retired_us, home, change) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET name = excluded.name, site = excluded.site, \
             host = excluded.host, retired_us = excluded.retired_us, home = excluded.home, change = excluded.change",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                probe.id.as_str(),
                probe.public_key,
                probe.name,
                probe.site,
                probe.host,
                probe.created.as_unix_micros(),
                probe.retired.map(Timestamp::as_unix_micros),
                home,
                probe.change,
            ])
        })
        .map_err(&wrap)?;
    note_what_happened(transaction, probe, home, known.as_ref(), news.at)
}

/// Tells in the logs what became of a probe that is, or was, this collector's.
fn note_what_happened(
    transaction: &Transaction<'_>,
    probe: &SharedProbe,
    home: Option<u8>,
    known: Option<&Known>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let tell = |kind, action: &str, happened, text: String| {
        insert_note(
            transaction,
            &NewNote { kind, probe: Some(probe.id.clone()), happened, noted: at, text },
        )?;
        let entry = AuditEntry::done(at, action, format!("probe {}", probe.id));
        AuditEntry { actor: REGISTER.to_owned(), ..entry }.write(transaction)
    };
    match (known.map(|known| known.home), home) {
        (None, None) => {
            tell(
                EventKind::Install,
                "add",
                probe.created,
                format!("{}, by way of the register", probe.name),
            )?;
        }
        (Some(None), Some(other)) => {
            transaction
                .execute("DELETE FROM meta WHERE key = ?1 || ?2", params![META_HOME, probe.id.as_str()])
                .map_err(StoreError::database("following a probe"))?;
            tell(EventKind::Move, "take-over", at, format!("from this collector to collector {other}"))?;
        }
        (Some(Some(other)), None) => {
            tell(EventKind::Move, "take-over", at, format!("from collector {other} to this one"))?;
        }
        _ => {}
    }
    match probe.retired {
        Some(retired) if home.is_none() && !known.is_some_and(|known| known.retired) => tell(
            EventKind::Retirement,
            "retire",
            retired,
            "taken out of service, by way of the register".to_owned(),
        ),
        _ => Ok(()),
    }
}

fn follow_invitation(transaction: &Transaction<'_>, invitation: &SharedInvitation) -> rusqlite::Result<()> {
    let numbered = |probe: Option<&ProbeId>| match probe {
        Some(probe) => number(transaction, probe)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
        None => Ok(None),
    };
    let (used, by) = match &invitation.used {
        Some((at, probe)) => (Some(at.as_unix_micros()), numbered(Some(probe))?),
        None => (None, None),
    };
    let withdrawn = invitation.withdrawn.map(Timestamp::as_unix_micros);
    let known: Option<(bool, bool, Option<i64>)> = transaction
        .prepare_cached(
            "SELECT used_us IS NOT NULL OR withdrawn_us IS NOT NULL, name = '', change FROM invitation WHERE public_key = ?1",
        )?
        .query_row([&invitation.public_key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match known {
        None => {
            transaction
                .prepare_cached(
                    "INSERT INTO invitation (public_key, name, site, commune, lon, lat, replaces, created_us, expires_us, \
                     withdrawn_us, used_us, probe, change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                )?
                .execute(params![
                    invitation.public_key,
                    invitation.name,
                    invitation.site,
                    invitation.commune.map(|code| code.to_string()),
                    invitation.position.map(LonLat::lon),
                    invitation.position.map(LonLat::lat),
                    numbered(invitation.replaces.as_ref())?,
                    invitation.created.as_unix_micros(),
                    invitation.expires.as_unix_micros(),
                    withdrawn,
                    used,
                    by,
                    invitation.change,
                ])?;
        }
        Some((_, _, change)) if change >= invitation.change => {}
        Some((over, forgotten, _)) => {
            let over_there = used.is_some() || withdrawn.is_some();
            if over && !over_there || forgotten && !invitation.name.is_empty() {
                return Ok(());
            }
            if !over && over_there {
                transaction
                    .prepare_cached(
                        "UPDATE invitation SET withdrawn_us = ?2, used_us = ?3, probe = ?4 WHERE public_key = ?1",
                    )?
                    .execute(params![invitation.public_key, withdrawn, used, by])?;
            }
            transaction
                .prepare_cached("UPDATE invitation SET change = ?2 WHERE public_key = ?1")?
                .execute(params![invitation.public_key, invitation.change])?;
        }
    }
    Ok(())
}

fn shared_probe(row: &Row<'_>) -> rusqlite::Result<SharedProbe> {
    Ok(SharedProbe {
        id: text(row, 0)?,
        public_key: row.get(1)?,
        name: row.get(2)?,
        site: row.get(3)?,
        host: row.get(4)?,
        created: Timestamp::from_unix_micros(row.get(5)?),
        retired: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_unix_micros),
        home: row.get(7)?,
        change: row.get(8)?,
    })
}

fn shared_invitation(invitation: Invitation) -> SharedInvitation {
    let Invitation { made, withdrawn, used, .. } = invitation;
    SharedInvitation {
        public_key: made.public_key,
        name: made.name,
        site: made.site,
        commune: made.commune,
        position: made.position,
        replaces: made.replaces,
        created: made.created,
        expires: made.expires,
        withdrawn,
        used,
        change: None,
    }
}
