//! Making the tables.

use crate::connection::known;
use crate::error::failed;
use crate::{Registry, RegistryError};

/// Version of the tables.
pub(crate) const VERSION: i32 = 1;

const TABLES: &str = include_str!("../sql/001-register.sql");

/// SQL that makes the tables, for whoever may make them.
#[must_use]
pub const fn tables() -> &'static str {
    TABLES
}

/// SQL that gives a role what a collector needs, and nothing more: it deletes nothing and makes nothing.
#[must_use]
pub fn grants(role: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    format!(
        "GRANT USAGE ON SCHEMA desserte TO {role};\n\
         GRANT SELECT, UPDATE ON desserte.register TO {role};\n\
         GRANT SELECT, INSERT, UPDATE ON desserte.probe, desserte.invitation, desserte.collector TO {role};\n"
    )
}

impl Registry {
    /// Makes the tables, unless they are there. Gives whether they were made.
    ///
    /// # Errors
    /// When they are of another version, the role may not make them, or the database cannot be reached.
    pub async fn make(&self) -> Result<bool, RegistryError> {
        self.run(async |client| {
            let transaction = client.transaction().await.map_err(|error| failed(&error))?;
            // Two that make them at once: the second waits and finds them.
            let lock = "SELECT pg_advisory_xact_lock (hashtextextended ('desserte register', 0))";
            transaction.batch_execute(lock).await.map_err(|error| failed(&error))?;
            let there: bool = transaction
                .query_one("SELECT to_regclass ('desserte.register') IS NOT NULL", &[])
                .await
                .map_err(|error| failed(&error))?
                .get(0);
            if there {
                let row = transaction
                    .query_one("SELECT version FROM desserte.register", &[])
                    .await
                    .map_err(|error| failed(&error))?;
                known(row.get(0))?;
                return Ok(false);
            }
            transaction.batch_execute(TABLES).await.map_err(|error| failed(&error))?;
            transaction.commit().await.map_err(|error| failed(&error))?;
            Ok(true)
        })
        .await
    }
}
