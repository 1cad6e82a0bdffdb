//! What changed since a collector looked last.

use desserte_model::{SharedInvitation, SharedProbe};
use tokio_postgres::IsolationLevel;

use crate::connection::known;
use crate::error::failed;
use crate::{Registry, RegistryError, rows};

/// What a look found.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Number of the last change of the register.
    pub change: i64,
    /// Probes with a later change than was known, the earliest first.
    pub probes: Vec<SharedProbe>,
    /// Invitations likewise.
    pub invitations: Vec<SharedInvitation>,
}

/// A collector, as the register knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectorSeen {
    /// Its number.
    pub number: u8,
    /// Whole seconds since it looked last, by the server's clock; `None`: it never did.
    pub looked_seconds_ago: Option<i64>,
    /// Probes in service that are its own.
    pub probes: i64,
}

impl Registry {
    /// Everything that changed after number `since`. A register that was set back to an earlier state, from a copy, gives all of it.
    ///
    /// # Errors
    /// When the database cannot be reached or holds what cannot be read.
    pub async fn look(&self, since: i64) -> Result<Look, RegistryError> {
        let own = i16::from(self.own());
        self.run(async |client| {
            let looked = "INSERT INTO desserte.collector (number, looked) VALUES ($1, now()) \
                          ON CONFLICT (number) DO UPDATE SET looked = excluded.looked";
            client.execute(looked, &[&own]).await.map_err(|error| failed(&error))?;
            // One state of all tables.
            let transaction = client
                .build_transaction()
                .read_only(true)
                .isolation_level(IsolationLevel::RepeatableRead)
                .start()
                .await
                .map_err(|error| failed(&error))?;
            let row = transaction
                .query_one("SELECT version, change FROM desserte.register", &[])
                .await
                .map_err(|error| failed(&error))?;
            known(row.get(0))?;
            let change: i64 = row.get(1);
            let since = if change < since { 0 } else { since };
            let mut look = Look { change, probes: Vec::new(), invitations: Vec::new() };
            if change > since {
                let later = "WHERE change > $1 ORDER BY change";
                let probes = transaction
                    .query(&format!("{} {later}", rows::PROBE), &[&since])
                    .await
                    .map_err(|error| failed(&error))?;
                let invitations = transaction
                    .query(&format!("{} {later}", rows::INVITATION), &[&since])
                    .await
                    .map_err(|error| failed(&error))?;
                look.probes = probes.iter().map(rows::probe).collect::<Result<_, _>>()?;
                look.invitations = invitations.iter().map(rows::invitation).collect::<Result<_, _>>()?;
            }
            Ok(look)
        })
        .await
    }

    /// Every collector that has looked or has a probe, by number.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn collectors(&self) -> Result<Vec<CollectorSeen>, RegistryError> {
        self.run(async |client| {
            let found = client
                .query(
                    "SELECT coalesce (number, home), floor (extract (epoch FROM now() - looked))::bigint, coalesce (probes, 0) \
                     FROM desserte.collector FULL JOIN (SELECT home, count(*) AS probes FROM desserte.probe \
                     WHERE retired_us IS NULL GROUP BY home) AS homes ON home = number ORDER BY 1",
                    &[],
                )
                .await
                .map_err(|error| failed(&error))?;
            let seen = |row: &tokio_postgres::Row| {
                Ok(CollectorSeen {
                    number: rows::number(row.get(0))?,
                    looked_seconds_ago: row.get(1),
                    probes: row.get(2),
                })
            };
            found.iter().map(seen).collect()
        })
        .await
    }
}
