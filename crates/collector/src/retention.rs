//! Erasing what its time is over, once an hour, beside everything else (docs/spec/retention.md).

use std::sync::Arc;
use std::time::Duration;

use desserte_retention::{Limits, Retention};
use desserte_store::{KeptFrom, RetentionPass, StoreError};
use desserte_units::Timestamp;
use tokio::sync::watch;

use crate::api::blocking;
use crate::state::{Shared, now};

/// How often a pass is made. Each goes on by one day: a store that was never looked after catches up twenty-four days a day, and a
/// clock that jumped ahead has as long to be noticed.
const EVERY: Duration = Duration::from_secs(3_600);

/// Erases until the collector ends. What failed is tried again; nothing but what its time is over is touched.
pub(crate) async fn keep(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    let retention = Arc::new(Retention::built_in());
    loop {
        let (worker, rules) = (Arc::clone(&shared), Arc::clone(&retention));
        match blocking(move || Ok(pass(&worker.store, &rules, now())?)).await {
            Ok(pass) => {
                shared.metrics.retention.passed(now().as_unix_secs(), &pass);
                let RetentionPass { batches, records, hours, lines, probes, behind } = pass;
                if batches + hours + lines + probes > 0 {
                    tracing::info!(
                        batches,
                        records,
                        hours,
                        lines,
                        probes,
                        behind,
                        "erased what its time was over"
                    );
                }
            }
            Err(error) => {
                shared.metrics.retention.failed();
                tracing::error!(
                    error = error.kind(),
                    "what its time is over could not be erased; trying again"
                );
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            // The sender is dropped when the collector ends.
            _ = ending.changed() => return,
        }
    }
}

/// One pass by the rules at a moment.
fn pass(
    store: &desserte_store::Store,
    rules: &Retention,
    moment: Timestamp,
) -> Result<RetentionPass, StoreError> {
    let Some(Limits { raw, hourly, log }) = Limits::at(&rules.terms, moment) else {
        return Ok(RetentionPass::default());
    };
    store.keep_within(KeptFrom { raw, hourly, log }, &rules.set, moment)
}

#[cfg(test)]
mod tests {
    use desserte_retention::Place;
    use desserte_store::{Store, StoreOptions};

    use super::*;

    #[test]
    fn every_column_of_the_store_has_a_purpose_and_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), StoreOptions::default()).unwrap();
        let found = store.columns().unwrap();
        let told = Retention::built_in();
        let told: Vec<_> = told
            .columns(Place::Store)
            .into_iter()
            .map(|(table, column)| (table.to_owned(), column.to_owned()))
            .collect();
        assert_eq!(found, told, "the table of crates/retention/parameters is not that of the store");
    }

    #[test]
    fn a_new_store_has_nothing_to_erase() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), StoreOptions::default()).unwrap();
        let done = pass(&store, &Retention::built_in(), now()).unwrap();
        assert_eq!(done, RetentionPass::default());
    }
}
