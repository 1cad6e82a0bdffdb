//! Asks a collector over PostgreSQL's protocol (docs/spec/sql.md) and gives its rows as Arrow's.

mod column;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use desserte_lake::State;
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::{Field, Schema};
use futures_util::StreamExt as _;
use futures_util::stream::Fuse;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Error, RowStream};

use self::column::Column;
use desserte_registry::Tls;

/// Rows that are put together before they are written.
const ROWS_AT_ONCE: usize = 8_192;

/// Time for a connection to come about: a slow line's, with a name to resolve.
const CONNECT: Duration = Duration::from_secs(15);

/// The one database that a collector has.
const DATABASE: &str = "desserte";

/// What holds for the question.
pub(super) struct Settings {
    /// Only rows up to this number in the hand-over.
    pub(super) as_of: Option<State>,
    /// Seconds that it may take; `None` leaves it to the collector.
    pub(super) seconds: Option<u64>,
}

/// An answer that comes row by row.
pub(crate) struct Remote {
    // The connection is held open for as long as rows come.
    _client: Client,
    // Asked once more after its end, the library's own stream would say that the connection is closed.
    rows: Pin<Box<Fuse<RowStream>>>,
    schema: Arc<Schema>,
    types: Vec<Type>,
}

impl Remote {
    /// Asks; the rows come later.
    ///
    /// # Errors
    /// When the collector cannot be reached, does not let in, or refuses the question; the text says what to do and holds no password.
    pub(super) async fn ask(
        url: &str,
        ca: Option<&Path>,
        settings: &Settings,
        sql: &str,
    ) -> anyhow::Result<Self> {
        let config = config(url)?;
        let (client, connection) = config.connect(Tls::new(ca)?).await.map_err(|error| told(&error))?;
        // It ends with the client; what goes wrong with it, the client tells.
        tokio::spawn(async move { drop(connection.await) });
        if let Some(state) = &settings.as_of {
            let sql = format!("SET desserte.as_of = '{state}'");
            client.batch_execute(&sql).await.map_err(|error| told(&error))?;
        }
        if let Some(seconds) = settings.seconds {
            let sql = format!("SET statement_timeout = '{seconds}s'");
            client.batch_execute(&sql).await.map_err(|error| told(&error))?;
        }
        let statement = client.prepare(sql).await.map_err(|error| told(&error))?;
        let mut fields = Vec::new();
        let mut types = Vec::new();
        for column in statement.columns() {
            let kind = column::data_type(column.type_()).with_context(|| {
                let (name, of) = (column.name(), column.type_());
                format!("column {name:?} is of type {of}, which is not read here: cast it, such as CAST({name} AS TEXT)")
            })?;
            fields.push(Field::new(column.name(), kind, true));
            types.push(column.type_().clone());
        }
        let none: [i64; 0] = [];
        let rows = client.query_raw(&statement, none).await.map_err(|error| told(&error))?;
        Ok(Self {
            _client: client,
            rows: Box::pin(rows.fuse()),
            schema: Arc::new(Schema::new(fields)),
            types,
        })
    }

    /// Names and types of the columns; all may be null, since the protocol does not tell.
    pub(super) fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema)
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// When the collector stopped the question, or went away.
    pub(super) async fn next_rows(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        let mut columns: Vec<Column> = self.types.iter().filter_map(Column::new).collect();
        let mut count = 0;
        while count < ROWS_AT_ONCE {
            let Some(row) = self.rows.next().await else { break };
            let row = row.map_err(|error| told(&error))?;
            for (index, column) in columns.iter_mut().enumerate() {
                column.push(&row, index).map_err(|error| told(&error))?;
            }
            count += 1;
        }
        if count == 0 {
            return Ok(None);
        }
        let arrays = columns.into_iter().map(Column::finish).collect();
        Ok(Some(RecordBatch::try_new(self.schema(), arrays)?))
    }
}

/// Where and as whom to ask.
fn config(url: &str) -> anyhow::Result<Config> {
    // The error of the library may hold a part of the address, and the address a password.
    let mut config: Config =
        url.parse().map_err(|_| anyhow!("--url is no address such as postgresql://NAME@HOST:5433"))?;
    if config.get_hosts().is_empty() {
        return Err(anyhow!("--url names no host, such as postgresql://NAME@HOST:5433"));
    }
    if config.get_dbname().is_none() {
        config.dbname(DATABASE);
    }
    if config.get_password().is_none()
        && let Some(password) = std::env::var_os("PGPASSWORD").and_then(|text| text.into_string().ok())
    {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    // A password is proved and not sent; what is answered would be read by everybody on the way.
    if config.get_ssl_mode() == SslMode::Prefer && !config.get_hosts().iter().all(here) {
        config.ssl_mode(SslMode::Require);
    }
    config.application_name(concat!("desserte ", env!("CARGO_PKG_VERSION")));
    Ok(config)
}

/// Whether a host is this machine.
fn here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// What went wrong, in the collector's words where it said some.
fn told(error: &Error) -> anyhow::Error {
    if let Some(refused) = error.as_db_error() {
        let hint = refused.hint().map(|hint| format!(": {hint}")).unwrap_or_default();
        return anyhow!("the collector refused: {}{hint}", refused.message());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    anyhow!("the collector could not be asked: {text}")
}
