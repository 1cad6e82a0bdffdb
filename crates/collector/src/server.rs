//! From configuration to a running server, and its end.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use desserte_boot::build::BuildInfo;
use desserte_store::{DirectoryLock, Store, StoreError, StoreOptions};
use desserte_territory::Territory;
use http::{HeaderMap, Method, Uri};
use hyper_util::server::graceful::GracefulShutdown;
use prometheus::Registry;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::config::Config;
use crate::guard::{Guard, guard};
use crate::listen::Listeners;
use crate::map::{self, MapError, MapFiles};
use crate::metrics::Metrics;
use crate::problem::ApiError;
use crate::register::Register;
use crate::state::Shared;
use crate::{
    access, api, connection, contributions, dossiers, indicators, open_data, register, retention, seal, ui,
};

/// Why the collector could not start or went down.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store cannot be used.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// The OpenID provider cannot be used as it is configured.
    #[error("cannot prepare logging in")]
    Openid(#[from] desserte_login::openid::OpenidError),
    /// The metrics are declared twice.
    #[error("cannot declare the metrics")]
    Metrics(#[from] prometheus::Error),
    /// The files of the map cannot be used.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A collector that listens and does not answer yet.
pub struct Collector {
    listeners: Listeners,
    router: Router,
    drain: Duration,
    /// For the tasks beside it.
    shared: Arc<Shared>,
    /// Held until the end: a second collector on the same directory is refused.
    _lock: DirectoryLock,
}

impl Collector {
    /// Opens the store in `data` and listens on every one of `addresses`. What changes probes and codes is decided in `register`.
    ///
    /// # Errors
    /// When the store, the registry or the address cannot be used, or another collector works in `data`.
    pub async fn bind(
        config: Config,
        data: &Path,
        territory: Territory,
        addresses: &[SocketAddr],
        register: Register,
        registry: Registry,
        build: BuildInfo,
    ) -> Result<Self, ServeError> {
        let drain = Duration::from_secs(config.server.drain_s);
        let lock = DirectoryLock::take(data)?;
        let store = Store::open(data, StoreOptions::default())?;
        // A store that can only be read must not wait for the first probe to be found out.
        store.check_writable()?;
        let metrics = Metrics::new(registry, build.version)?;
        let map_files = MapFiles::open(&config.map.tiles, &config.map.library).await?;
        let shared =
            Shared::new(config, data, store, territory, map_files, metrics, build)?.sharing(register);
        let shared = Arc::new(shared);
        register::look_first(&shared).await;
        let refused = |(address, source)| ServeError::Listen { address, source };
        let listeners = Listeners::bind(addresses).await.map_err(refused)?;
        Ok(Self { listeners, router: router(Arc::clone(&shared)), drain, shared, _lock: lock })
    }

    /// The addresses listened on, with the ports that the system chose where 0 was asked for.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        self.listeners.addresses()
    }

    /// Answers until `shutdown` is done, then finishes the requests under way, within the configured time.
    ///
    /// # Errors
    /// None today: an error of one connection is not one of the collector.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let Self { listeners, router, drain, shared, _lock } = self;
        let (connections, tasks) = (GracefulShutdown::new(), TaskTracker::new());
        let (end, ending) = watch::channel(());
        start_beside(shared, &tasks, &ending);
        let mut shutdown = pin!(shutdown);
        loop {
            let (stream, place) = tokio::select! {
                accepted = listeners.accept() => accepted,
                () = &mut shutdown => break,
            };
            let watcher = connections.watcher();
            tasks.spawn(connection::serve(stream, place, router.clone(), watcher, ending.clone()));
        }
        // From here on nobody is let in; whoever has asked is answered.
        drop((listeners, router, end, ending));
        let finished = async {
            connections.shutdown().await;
            tasks.close();
            tasks.wait().await;
        };
        if tokio::time::timeout(drain, finished).await.is_err() {
            tracing::warn!(
                seconds = drain.as_secs(),
                "requests were still under way at the end of the drain"
            );
        }
        Ok(())
    }
}

/// Every route with what is around it.
fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(api::router())
        .merge(open_data::router())
        .merge(map::router())
        .merge(ui::router())
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .fallback(no_route)
        .layer(from_fn_with_state(Arc::clone(&shared), access::check))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(Guard::new(Arc::clone(&shared)), guard))
        .with_state(shared)
}

async fn no_route(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let for_people = method == Method::GET && !uri.path().starts_with("/api/");
    if for_people {
        ui::not_found(&uri, &headers)
    } else {
        ApiError::not_found("no such address").into_response()
    }
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text");
    ApiError::internal(text).into_response()
}

/// Starts what the collector does beside answering, as its operator wants it; each ends with `ending`.
fn start_beside(shared: Arc<Shared>, tasks: &TaskTracker, ending: &watch::Receiver<()>) {
    let config = &shared.config;
    if config.custody.seal {
        tasks.spawn(seal::keep(Arc::clone(&shared), ending.clone()));
    }
    if config.indicators.keep {
        tasks.spawn(indicators::keep(Arc::clone(&shared), ending.clone()));
    }
    if config.dossiers.offer {
        tasks.spawn(dossiers::keep(Arc::clone(&shared), ending.clone()));
    }
    // What a demonstration shows was made up, and is to be there whenever it is looked at.
    if config.retention.erase && !shared.demonstration {
        tasks.spawn(retention::keep(Arc::clone(&shared), ending.clone()));
    }
    if shared.register.is_shared() {
        tasks.spawn(register::keep(Arc::clone(&shared), ending.clone()));
    }
    tasks.spawn(contributions::forget(shared, ending.clone()));
}
