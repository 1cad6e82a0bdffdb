//! Listening, and one task for each client.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use desserte_lake::{Audience, Engine, LakeError, LakeOptions, Moments};
use desserte_store::Store;
use desserte_territory::Locator;
use pgwire::error::PgWireResult;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::config::SqlConfig;
use crate::fault::{code, fatal};
use crate::slots::Slots;
use crate::{catalog, conversation, tls};

/// Clients that are on their way in, beside those that `connections` counts: enough for a page of panels that all connect at once.
const ARRIVING_MAX: usize = 64;

/// Why the history cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for PostgreSQL's protocol")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Passwords' proofs and answers would go over the network in clear.
    #[error(
        "sql.listen has {0}, which other machines reach: set sql.tls_certificate and sql.tls_key, or listen on 127.0.0.1"
    )]
    NeedsTls(SocketAddr),
    /// One of certificate and key is missing.
    #[error("sql.tls_certificate and sql.tls_key go together")]
    HalfTls,
    /// Certificate or key cannot be used.
    #[error("cannot use {}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Two users have one name, or a name is empty.
    #[error("sql.users: {0:?} is listed twice, or is no name")]
    Users(String),
    /// A limit is zero: nothing could be asked.
    #[error("sql.{0} is 0: nothing could be asked")]
    Zero(&'static str),
    /// The system gives no thread, or does not tell an address.
    #[error("cannot start the threads that answer questions")]
    Thread(#[source] io::Error),
    /// There is no chance to be had.
    #[error("the system gives no random numbers")]
    Chance,
    /// The engine cannot be started.
    #[error(transparent)]
    Engine(#[from] LakeError),
    /// The system's tables cannot be made.
    #[error("cannot prepare the system's tables: {0}")]
    Catalog(String),
}

/// What a server answers from.
pub struct Source {
    /// The data directory.
    pub data: PathBuf,
    /// Its store.
    pub store: Arc<Store>,
    /// Where `commune_at` looks.
    pub territory: Option<Arc<Locator>>,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: SqlConfig,
    pub(crate) moments: Moments,
    pub(crate) engines: BTreeMap<Audience, Arc<Engine>>,
    pub(crate) parser: PostgresCompatibilityParser,
    pub(crate) running: Arc<Semaphore>,
    pub(crate) slots: Arc<Slots>,
    /// Of what verifiers of nobody are made.
    pub(crate) nobody: [u8; 32],
}

impl Shared {
    /// Octets that nobody can guess.
    pub(crate) fn chance<const N: usize>() -> PgWireResult<[u8; N]> {
        random().map_err(|failed| fatal(code::INTERNAL, failed.to_string()))
    }
}

/// Octets that nobody can guess, as for the salt of a password.
///
/// # Errors
/// When the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], SqlError> {
    let mut octets = [0; N];
    SystemRandom::new().fill(&mut octets).map_err(|_| SqlError::Chance)?;
    Ok(octets)
}

/// The history over PostgreSQL's protocol, ready to serve.
pub(crate) struct SqlServer {
    shared: Arc<Shared>,
    listeners: Vec<TcpListener>,
    tls: Option<TlsAcceptor>,
}

impl SqlServer {
    /// Listens on the addresses of `config`.
    ///
    /// # Errors
    /// When the configuration does not allow it, or an address, a certificate or the engine cannot be used.
    pub(crate) async fn bind(config: SqlConfig, source: Source) -> Result<Self, SqlError> {
        check(&config)?;
        let tls = tls::acceptor(&config)?;
        let mut listeners = Vec::new();
        for &address in &config.listen {
            if tls.is_none() && !address.ip().is_loopback() {
                return Err(SqlError::NeedsTls(address));
            }
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|source| SqlError::Listen { address, source })?);
        }
        let mut engines = BTreeMap::new();
        for audience in [Audience::Operators, Audience::Public] {
            let engine = Engine::new(audience, source.territory.clone()).await?;
            catalog::install(engine.template())
                .map_err(|error| SqlError::Catalog(error.strip_backtrace()))?;
            engines.insert(audience, Arc::new(engine));
        }
        let shared = Shared {
            running: Arc::new(Semaphore::new(config.statements)),
            config,
            moments: Moments::new(source.store, source.data, LakeOptions::default()),
            engines,
            parser: PostgresCompatibilityParser::new(),
            slots: Arc::default(),
            nobody: random()?,
        };
        Ok(Self { shared: Arc::new(shared), listeners, tls })
    }

    /// The addresses listened on.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(TcpListener::local_addr).collect()
    }

    /// Serves until `stop` changes; what runs then is dropped, for nothing can be lost by it.
    pub(crate) async fn run(self, stop: watch::Receiver<bool>) {
        let arriving = Arc::new(Semaphore::new(self.shared.config.connections.saturating_add(ARRIVING_MAX)));
        let mut tasks = tokio::task::JoinSet::new();
        for listener in self.listeners {
            let (shared, tls, arriving) = (self.shared.clone(), self.tls.clone(), arriving.clone());
            tasks.spawn(accept(listener, shared, tls, arriving, stop.clone()));
        }
        while tasks.join_next().await.is_some() {}
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    arriving: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                // Beyond that nobody is told why: whoever connects so often is no client.
                let Ok(place) = arriving.clone().try_acquire_owned() else { continue };
                let talk = serve(stream, address, shared.clone(), tls.clone(), stop.clone());
                tokio::spawn(async move {
                    talk.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                // Out of descriptors, most likely: it passes when others end.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let talk = conversation::hold(stream, address, shared, tls);
    tokio::select! {
        ended = talk => if let Err(error) = ended {
            tracing::debug!(%address, %error, "a connection broke off");
        },
        _ = stop.changed() => {}
    }
}

fn check(config: &SqlConfig) -> Result<(), SqlError> {
    let limits = [
        ("connections", config.connections as u64),
        ("connections_per_user", config.connections_per_user as u64),
        ("idle_timeout_s", config.idle_timeout_s),
        ("statements", config.statements as u64),
        ("statement_timeout_s", config.statement_timeout_s),
        ("memory_mib", config.memory_mib as u64),
        ("rows", config.rows),
        ("answer_mib", config.answer_mib),
    ];
    if let Some((name, _)) = limits.iter().find(|(_, value)| *value == 0) {
        return Err(SqlError::Zero(name));
    }
    let mut names: Vec<&str> = config.users.iter().map(|user| user.name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    match twice.or_else(|| names.first().copied().filter(|name| name.is_empty())) {
        Some(name) => Err(SqlError::Users(name.to_owned())),
        None => Ok(()),
    }
}
