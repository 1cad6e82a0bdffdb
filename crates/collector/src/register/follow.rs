//! Following the register while the collector runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::api::blocking;
use crate::state::{Shared, now};

/// How often it is looked what other collectors changed: as long as a person takes from making a code to typing it.
const EVERY: Duration = Duration::from_secs(5);

/// Longest wait after looks that failed: what was changed meanwhile is a minute late at the most.
const EVERY_MAX: Duration = Duration::from_secs(60);

/// Looks before anything is answered, so that a collector whose probes were taken over while it was away knows. Goes on without when
/// the database does not answer: what probes measure must not wait for it.
pub(crate) async fn look_first(shared: &Arc<Shared>) {
    if shared.register.is_shared() {
        look(shared).await;
    }
}

/// Looks until the collector ends.
pub(crate) async fn keep(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    let mut wait = EVERY;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // The sender is dropped when the collector ends.
            _ = ending.changed() => return,
        }
        wait = if look(&shared).await { EVERY } else { EVERY_MAX.min(wait * 2) };
    }
}

/// Gives whether it could be looked.
async fn look(shared: &Arc<Shared>) -> bool {
    let worker = Arc::clone(shared);
    let looked = blocking(move || Ok(worker.register.look(&worker.store, now())));
    match looked.await {
        Ok(Ok(change)) => {
            shared.metrics.register.looked(now().as_unix_secs(), change);
            true
        }
        Ok(Err(error)) => {
            shared.metrics.register.failed();
            tracing::error!(%error, "the register could not be followed; trying again");
            false
        }
        Err(error) => {
            tracing::error!(error = error.kind(), "following the register ended badly; trying again");
            false
        }
    }
}
