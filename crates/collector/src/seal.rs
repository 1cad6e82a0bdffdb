//! Sealing each day once it is over, beside everything else.

use std::sync::Arc;
use std::time::Duration;

use desserte_custody::Day;
use tokio::sync::watch;

use crate::api::blocking;
use crate::state::{Shared, now};

/// How often it is looked whether a day is over.
const EVERY: Duration = Duration::from_secs(600);

/// Seals until the collector ends. A day that could not be sealed is tried again; meanwhile nothing is lost, its batches wait.
pub(crate) async fn keep(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    loop {
        let worker = Arc::clone(&shared);
        let sealed = blocking(move || {
            let moment = now();
            match Day::of(moment).and_then(Day::yesterday) {
                Some(yesterday) => Ok(worker.store.seal_through(yesterday, moment)?),
                None => Ok(Vec::new()),
            }
        });
        match sealed.await {
            Ok(sealed) => {
                shared.metrics.seals.passed(now().as_unix_secs());
                for day in sealed {
                    let statement = day.statement;
                    tracing::info!(day = %statement.day, entries = statement.size, root = %statement.root, "sealed a day");
                }
            }
            Err(error) => {
                shared.metrics.seals.failed();
                tracing::error!(error = error.kind(), "a day could not be sealed; trying again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            // The sender is dropped when the collector ends.
            _ = ending.changed() => return,
        }
    }
}
