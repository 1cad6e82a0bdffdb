//! Tests that residents make with their own browser and choose to give: what is taken, what is kept, what may be told.
//!
//! Rules for readers: `docs/spec/contributions.md`. They are class C: told beside what probes measured, never mixed with it.

mod code;
mod given;
mod released;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub(crate) use code::{Code, NoCode};
pub(crate) use given::{BODY_BYTES_MAX, Giving};
pub(crate) use released::{Released, Residents, residents, window};

use crate::api::blocking;
use crate::state::{Shared, now};

/// How often tests are forgotten whose time is over: they are kept by the hour, and by the month.
const EVERY: Duration = Duration::from_secs(3_600);

/// Forgets tests whose time is over, until the collector ends. What failed is tried again.
pub(crate) async fn forget(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    loop {
        let worker = Arc::clone(&shared);
        let forgotten = blocking(move || {
            let months = worker.config.contributions.keep_months;
            let Some(before) = desserte_retention::months_before(now(), months) else { return Ok(0) };
            Ok(worker.store.forget_contributions(before)?)
        });
        match forgotten.await {
            Ok(0) => {}
            Ok(tests) => tracing::info!(tests, "forgot residents' tests whose time was over"),
            Err(error) => {
                tracing::error!(error = error.kind(), "residents' tests could not be forgotten; trying again")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            // The sender is dropped when the collector ends.
            _ = ending.changed() => return,
        }
    }
}
