//! One connection to the database, made when it is needed and kept while it is good.

use std::path::Path;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls, Transaction};

use crate::error::failed;
use crate::schema::VERSION;
use crate::{RegistryError, Tls, settings};

/// Longest that anything may take, connecting included; the server ends its own part sooner.
const OPERATION: Duration = Duration::from_secs(15);

/// The register of one data directory.
pub struct Registry {
    config: Config,
    tls: Option<Tls>,
    told: String,
    own: u8,
    /// Held by one operation at a time: a collector changes its register a few times a day and looks every few seconds.
    client: Mutex<Option<Client>>,
}

impl Registry {
    /// The register that a data directory names, for the collector of number `own`; `None` when it names none. Nothing is asked yet.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn of_data(data: &Path, own: u8) -> Result<Option<Self>, RegistryError> {
        let found = settings::read(data)?;
        Ok(found.map(|reached| Self {
            config: reached.config,
            tls: reached.tls,
            told: reached.told,
            own,
            client: Mutex::new(None),
        }))
    }

    /// Number of the collector that this is the register of.
    #[must_use]
    pub const fn own(&self) -> u8 {
        self.own
    }

    /// Database and host, as messages name them.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.told
    }

    /// Runs `work` on the connection. One on which something failed is not used again.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let whole = async {
            let mut held = self.client.lock().await;
            let mut client = match held.take().filter(|client| !client.is_closed()) {
                Some(client) => client,
                None => self.connect().await?,
            };
            let result = work(&mut client).await;
            if !matches!(result, Err(RegistryError::Unavailable(_))) {
                *held = Some(client);
            }
            result
        };
        let slow = || RegistryError::Unavailable(format!("no answer within {} s", OPERATION.as_secs()));
        timeout(OPERATION, whole).await.map_err(|_| slow())?
    }

    async fn connect(&self) -> Result<Client, RegistryError> {
        // It ends with the client; what goes wrong with it, the client tells.
        match &self.tls {
            None => {
                let (client, connection) =
                    self.config.connect(NoTls).await.map_err(|error| failed(&error))?;
                tokio::spawn(async move { drop(connection.await) });
                Ok(client)
            }
            Some(tls) => {
                let (client, connection) =
                    self.config.connect(tls.clone()).await.map_err(|error| failed(&error))?;
                tokio::spawn(async move { drop(connection.await) });
                Ok(client)
            }
        }
    }
}

/// Begins a change: the transaction, and the change's number. Other changes wait until it ends; one that is given up leaves no number.
pub(crate) async fn changing(client: &mut Client) -> Result<(Transaction<'_>, i64), RegistryError> {
    let transaction = client.transaction().await.map_err(|error| failed(&error))?;
    let row = transaction
        .query_one("UPDATE desserte.register SET change = change + 1 RETURNING version, change", &[])
        .await
        .map_err(|error| failed(&error))?;
    known(row.get(0))?;
    Ok((transaction, row.get(1)))
}

/// Refuses tables of another version.
pub(crate) fn known(found: i32) -> Result<(), RegistryError> {
    if found == VERSION { Ok(()) } else { Err(RegistryError::Version { found, known: VERSION }) }
}

/// Ends a change.
pub(crate) async fn commit(transaction: Transaction<'_>) -> Result<(), RegistryError> {
    transaction.commit().await.map_err(|error| failed(&error))
}
