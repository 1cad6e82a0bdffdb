//! A probe takes up an invitation: once, whichever collectors are asked at the same moment.

use desserte_model::ProbeId;
use desserte_units::Timestamp;

use crate::connection::{changing, commit};
use crate::error::failed;
use crate::{Registry, RegistryError, rows};

/// A probe that takes up an invitation; its signatures were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take<'a> {
    /// Public half of the invitation's key.
    pub invitation: &'a str,
    /// The probe.
    pub probe: &'a ProbeId,
    /// Its public key as text.
    pub public_key: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// Why a probe is not enrolled: the same reasons as where one collector has its codes to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeRefusal {
    /// No invitation has this key.
    UnknownCode,
    /// Its time is over.
    Expired,
    /// Another probe was enrolled with it.
    Used,
    /// It was taken back.
    Withdrawn,
    /// The probe is in service already.
    InService,
    /// The probe was taken out of service.
    Retired,
}

impl Registry {
    /// Enrols a probe as this collector's. A repetition by the same probe changes nothing, wherever the first was made.
    ///
    /// # Errors
    /// When the database cannot be reached; the inner error when the probe is refused.
    pub async fn take(&self, take: &Take<'_>) -> Result<Result<(), TakeRefusal>, RegistryError> {
        let own = i16::from(self.own());
        self.run(async |client| {
            // From here on nobody else changes anything until this ends.
            let (transaction, change) = changing(client).await?;
            let found = transaction
                .query_opt(&format!("{} WHERE public_key = $1", rows::INVITATION), &[&take.invitation])
                .await
                .map_err(|error| failed(&error))?;
            let Some(row) = found else { return Ok(Err(TakeRefusal::UnknownCode)) };
            let made = rows::invitation(&row)?;
            match &made.used {
                Some((_, by)) if by == take.probe => return Ok(Ok(())),
                Some(_) => return Ok(Err(TakeRefusal::Used)),
                None if made.withdrawn.is_some() => return Ok(Err(TakeRefusal::Withdrawn)),
                None if take.at >= made.expires => return Ok(Err(TakeRefusal::Expired)),
                None => {}
            }
            let id = take.probe.as_str();
            let known = transaction
                .query_opt("SELECT retired_us IS NULL FROM desserte.probe WHERE id = $1", &[&id])
                .await
                .map_err(|error| failed(&error))?;
            if let Some(row) = known {
                return Ok(Err(if row.get(0) { TakeRefusal::InService } else { TakeRefusal::Retired }));
            }
            let at = take.at.as_unix_micros();
            let old = made.replaces.as_ref().map(ProbeId::as_str);
            // Where the one stands whose place it takes, it stands too.
            transaction
                .execute(
                    "INSERT INTO desserte.probe (id, public_key, name, site, host, created_us, home, change) \
                     VALUES ($1, $2, $3, $4, (SELECT host FROM desserte.probe WHERE id = $5), $6, $7, $8)",
                    &[&id, &take.public_key, &made.name, &made.site, &old, &at, &own, &change],
                )
                .await
                .map_err(|error| failed(&error))?;
            transaction
                .execute(
                    "UPDATE desserte.probe SET retired_us = $2, change = $3 WHERE id = $1 AND retired_us IS NULL",
                    &[&old, &at, &change],
                )
                .await
                .map_err(|error| failed(&error))?;
            transaction
                .execute(
                    "UPDATE desserte.invitation SET used_us = $2, probe = $3, change = $4 WHERE public_key = $1",
                    &[&take.invitation, &at, &id, &change],
                )
                .await
                .map_err(|error| failed(&error))?;
            commit(transaction).await?;
            Ok(Ok(()))
        })
        .await
    }
}
