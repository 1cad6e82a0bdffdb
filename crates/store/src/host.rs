//! Where probes stand, as their owners declared: what a release of figures must know.

use std::collections::BTreeMap;

use desserte_model::ProbeId;
use rusqlite::params;

use crate::{Store, StoreError};

/// Where a probe stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// A public building, whose owner agreed that figures of its commune may be those of this one site.
    PublicBuilding,
    /// Someone's home.
    Person,
}

impl Host {
    /// The word that is kept.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PublicBuilding => "public",
            Self::Person => "person",
        }
    }
}

impl Store {
    /// Notes where a probe stands. Gives whether there is such a probe.
    ///
    /// # Errors
    /// When the database fails.
    pub fn declare_host(&self, id: &ProbeId, host: Host) -> Result<bool, StoreError> {
        let id = id.to_string();
        self.writer().run(move |transaction| {
            let changed = transaction
                .execute("UPDATE probe SET host = ?2 WHERE id = ?1", params![id, host.code()])
                .map_err(StoreError::database("noting where a probe stands"))?;
            Ok(changed > 0)
        })
    }

    /// Where probes stand, of those of which it was declared, by identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub fn hosts(&self) -> Result<BTreeMap<String, Host>, StoreError> {
        self.read("reading where probes stand", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, host FROM probe WHERE host IS NOT NULL")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            let mut hosts = BTreeMap::new();
            for row in rows {
                let (id, code) = row?;
                // A code of a later version is taken for the one that is protected most.
                let public = code == Host::PublicBuilding.code();
                hosts.insert(id, if public { Host::PublicBuilding } else { Host::Person });
            }
            Ok(hosts)
        })
    }
}
