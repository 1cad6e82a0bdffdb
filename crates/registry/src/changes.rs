//! Changes of the register, each one transaction.

use desserte_model::{ProbeId, SharedInvitation, SharedProbe};
use desserte_units::Timestamp;

use crate::connection::{changing, commit};
use crate::error::failed;
use crate::{Registry, RegistryError, rows};

/// How long a collector must not have looked before its probes can be taken over: six times the interval at which one that is well looks.
const LOST_AFTER_S: i64 = 30;

/// What can be said anew of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit<'a> {
    /// Another site; only of a probe in service.
    Site(&'a str),
    /// Where it stands.
    Host(&'a str),
    /// It is out of service from then on.
    Retired(Timestamp),
}

impl Registry {
    /// Registers a probe as this collector's.
    ///
    /// # Errors
    /// When it is registered, with any collector, or the database cannot be reached.
    pub async fn add(&self, probe: &SharedProbe) -> Result<(), RegistryError> {
        let own = i16::from(self.own());
        self.run(async |client| {
            let (transaction, change) = changing(client).await?;
            let known = transaction
                .query_opt(
                    "SELECT home, retired_us IS NOT NULL FROM desserte.probe WHERE id = $1",
                    &[&probe.id.as_str()],
                )
                .await
                .map_err(|error| failed(&error))?;
            if let Some(row) = known {
                return Err(RegistryError::Known {
                    probe: probe.id.clone(),
                    home: rows::number(row.get(0))?,
                    retired: row.get(1),
                });
            }
            transaction
                .execute(
                    "INSERT INTO desserte.probe (id, public_key, name, site, created_us, home, change) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    &[
                        &probe.id.as_str(),
                        &probe.public_key,
                        &probe.name,
                        &probe.site,
                        &probe.created.as_unix_micros(),
                        &own,
                        &change,
                    ],
                )
                .await
                .map_err(|error| failed(&error))?;
            commit(transaction).await
        })
        .await
    }

    /// Says something anew of a probe. Gives whether there is such a probe; of its site and its end: in service.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn edit(&self, probe: &ProbeId, edit: Edit<'_>) -> Result<bool, RegistryError> {
        self.run(async |client| {
            let (transaction, change) = changing(client).await?;
            let id = probe.as_str();
            let changed = match edit {
                Edit::Site(site) => {
                    let sql = "UPDATE desserte.probe SET site = $2, change = $3 WHERE id = $1 AND retired_us IS NULL";
                    transaction.execute(sql, &[&id, &site, &change]).await
                }
                Edit::Host(host) => {
                    let sql = "UPDATE desserte.probe SET host = $2, change = $3 WHERE id = $1";
                    transaction.execute(sql, &[&id, &host, &change]).await
                }
                Edit::Retired(at) => {
                    let sql =
                        "UPDATE desserte.probe SET retired_us = $2, change = $3 WHERE id = $1 AND retired_us IS NULL";
                    transaction.execute(sql, &[&id, &at.as_unix_micros(), &change]).await
                }
            };
            let changed = changed.map_err(|error| failed(&error))?;
            commit(transaction).await?;
            Ok(changed > 0)
        })
        .await
    }

    /// Keeps an invitation, of which at most `open_max` may be open at once.
    ///
    /// # Errors
    /// When too many are open, the probe to be replaced is not known, or the database cannot be reached.
    pub async fn invite(&self, new: &SharedInvitation, open_max: i64) -> Result<(), RegistryError> {
        self.run(async |client| {
            let (transaction, change) = changing(client).await?;
            let open: i64 = transaction
                .query_one(
                    "SELECT count(*) FROM desserte.invitation WHERE used_us IS NULL AND withdrawn_us IS NULL AND expires_us > $1",
                    &[&new.created.as_unix_micros()],
                )
                .await
                .map_err(|error| failed(&error))?
                .get(0);
            if open >= open_max {
                return Err(RegistryError::TooManyInvitations(open));
            }
            if let Some(old) = &new.replaces {
                transaction
                    .query_opt("SELECT FROM desserte.probe WHERE id = $1", &[&old.as_str()])
                    .await
                    .map_err(|error| failed(&error))?
                    .ok_or_else(|| RegistryError::UnknownProbe(old.clone()))?;
            }
            transaction
                .execute(
                    "INSERT INTO desserte.invitation \
                     (public_key, name, site, commune, lon, lat, replaces, created_us, expires_us, change) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                    &[
                        &new.public_key,
                        &new.name,
                        &new.site,
                        &new.commune.map(|code| code.to_string()),
                        &new.position.map(desserte_model::LonLat::lon),
                        &new.position.map(desserte_model::LonLat::lat),
                        &new.replaces.as_ref().map(ProbeId::as_str),
                        &new.created.as_unix_micros(),
                        &new.expires.as_unix_micros(),
                        &change,
                    ],
                )
                .await
                .map_err(|error| failed(&error))?;
            commit(transaction).await
        })
        .await
    }

    /// Takes an invitation back. Gives whether it could still be used.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn withdraw(&self, public_key: &str, at: Timestamp) -> Result<bool, RegistryError> {
        self.run(async |client| {
            let (transaction, change) = changing(client).await?;
            let changed = transaction
                .execute(
                    "UPDATE desserte.invitation SET withdrawn_us = $2, change = $3 \
                     WHERE public_key = $1 AND used_us IS NULL AND withdrawn_us IS NULL",
                    &[&public_key, &at.as_unix_micros(), &change],
                )
                .await
                .map_err(|error| failed(&error))?;
            commit(transaction).await?;
            Ok(changed > 0)
        })
        .await
    }

    /// Refuses to go on while a collector is there whose probes are to be taken over.
    ///
    /// # Errors
    /// When it looked within the last half minute, or the database cannot be reached.
    pub async fn is_lost(&self, collector: u8) -> Result<(), RegistryError> {
        let seen = self.collectors().await?.into_iter().find(|seen| seen.number == collector);
        match seen.and_then(|seen| seen.looked_seconds_ago) {
            Some(seconds) if seconds < LOST_AFTER_S => Err(RegistryError::Alive { collector, seconds }),
            _ => Ok(()),
        }
    }

    /// Makes every probe of another collector this one's. Gives how many there were, those out of service included.
    ///
    /// # Errors
    /// When the database cannot be reached; no probe has moved then.
    pub async fn take_over(&self, from: u8) -> Result<u64, RegistryError> {
        let own = i16::from(self.own());
        self.run(async |client| {
            let (transaction, change) = changing(client).await?;
            let moved = transaction
                .execute(
                    "UPDATE desserte.probe SET home = $2, change = $3 WHERE home = $1",
                    &[&i16::from(from), &own, &change],
                )
                .await
                .map_err(|error| failed(&error))?;
            commit(transaction).await?;
            Ok(moved)
        })
        .await
    }
}
