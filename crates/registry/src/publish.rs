//! What a collector knows and the register does not: what it had before there was a register, what was forgotten after its time, and
//! what a register lost that was set back from a copy.

use desserte_model::{SharedInvitation, SharedProbe};
use desserte_units::Timestamp;

use crate::connection::{changing, commit};
use crate::error::failed;
use crate::{Registry, RegistryError};

impl Registry {
    /// Adds what is not there, and brings what is there on: out of service, withdrawn, used and forgotten are for good. What a probe's own
    /// collector says of it holds; another's words change nothing.
    ///
    /// # Errors
    /// When the database cannot be reached; nothing is published then.
    pub async fn publish(
        &self,
        probes: &[SharedProbe],
        invitations: &[SharedInvitation],
    ) -> Result<(), RegistryError> {
        if probes.is_empty() && invitations.is_empty() {
            return Ok(());
        }
        self.run(async |client| {
            let (transaction, change) = changing(client).await?;
            for probe in probes {
                transaction
                    .execute(
                        "INSERT INTO desserte.probe AS known (id, public_key, name, site, host, created_us, retired_us, home, change) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET \
                         retired_us = coalesce (known.retired_us, excluded.retired_us), \
                         name = CASE excluded.name WHEN 'erased' THEN 'erased' ELSE known.name END, \
                         site = CASE excluded.name WHEN 'erased' THEN NULL ELSE known.site END, change = excluded.change \
                         WHERE known.home = excluded.home",
                        &[
                            &probe.id.as_str(),
                            &probe.public_key,
                            &probe.name,
                            &probe.site,
                            &probe.host,
                            &probe.created.as_unix_micros(),
                            &probe.retired.map(Timestamp::as_unix_micros),
                            &i16::from(probe.home),
                            &change,
                        ],
                    )
                    .await
                    .map_err(|error| failed(&error))?;
            }
            for invitation in invitations {
                let used = invitation.used.as_ref();
                // Of a probe that the register does not know, nothing could be said: it stays with its own collector.
                transaction
                    .execute(
                        "INSERT INTO desserte.invitation AS known (public_key, name, site, commune, lon, lat, replaces, created_us, \
                         expires_us, withdrawn_us, used_us, probe, change) \
                         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 \
                         WHERE ($7::text IS NULL OR EXISTS (SELECT FROM desserte.probe WHERE id = $7)) \
                         AND ($12::text IS NULL OR EXISTS (SELECT FROM desserte.probe WHERE id = $12)) \
                         ON CONFLICT (public_key) DO UPDATE SET \
                         withdrawn_us = CASE WHEN known.used_us IS NULL THEN coalesce (known.withdrawn_us, excluded.withdrawn_us) \
                         ELSE known.withdrawn_us END, \
                         used_us = CASE WHEN known.withdrawn_us IS NULL THEN coalesce (known.used_us, excluded.used_us) ELSE known.used_us END, \
                         probe = CASE WHEN known.withdrawn_us IS NULL THEN coalesce (known.probe, excluded.probe) ELSE known.probe END, \
                         name = CASE excluded.name WHEN '' THEN '' ELSE known.name END, \
                         site = CASE excluded.name WHEN '' THEN NULL ELSE known.site END, \
                         commune = CASE excluded.name WHEN '' THEN NULL ELSE known.commune END, \
                         lon = CASE excluded.name WHEN '' THEN NULL ELSE known.lon END, \
                         lat = CASE excluded.name WHEN '' THEN NULL ELSE known.lat END, change = excluded.change",
                        &[
                            &invitation.public_key,
                            &invitation.name,
                            &invitation.site,
                            &invitation.commune.map(|code| code.to_string()),
                            &invitation.position.map(desserte_model::LonLat::lon),
                            &invitation.position.map(desserte_model::LonLat::lat),
                            &invitation.replaces.as_ref().map(desserte_model::ProbeId::as_str),
                            &invitation.created.as_unix_micros(),
                            &invitation.expires.as_unix_micros(),
                            &invitation.withdrawn.map(Timestamp::as_unix_micros),
                            &used.map(|(at, _)| at.as_unix_micros()),
                            &used.map(|(_, probe)| probe.as_str()),
                            &change,
                        ],
                    )
                    .await
                    .map_err(|error| failed(&error))?;
            }
            commit(transaction).await
        })
        .await
    }
}
