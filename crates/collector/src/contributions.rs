//! Tests that residents make with their own browser and choose to give: what is taken, what is kept, what may be told.
//!
//! Rules for readers: `docs/spec/contributions.md`. They are class C: told beside what probes measured, never mixed with it.

mod code;
mod given;
mod released;

use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::Offset;
use tokio::sync::watch;

pub(crate) use code::{Code, NoCode};
pub(crate) use given::{BODY_BYTES_MAX, Giving};
pub(crate) use released::{Released, Residents, residents, window};

use crate::api::blocking;
use crate::state::{Shared, now};
use desserte_units::Timestamp;

/// How often tests are forgotten whose time is over: they are kept by the hour, and by the month.
const EVERY: Duration = Duration::from_secs(3_600);

/// Forgets tests whose time is over, until the collector ends. What failed is tried again.
pub(crate) async fn forget(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    loop {
        let worker = Arc::clone(&shared);
        let forgotten = blocking(move || {
            let months = worker.config.contributions.keep_months;
            let Some(before) = months_before(now(), months) else { return Ok(0) };
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

/// The moment that many months earlier, by the calendar of UTC; `None` before the calendar begins.
fn months_before(moment: Timestamp, months: u16) -> Option<Timestamp> {
    let time = jiff::Timestamp::from_microsecond(moment.as_unix_micros()).ok()?;
    let earlier = Offset::UTC.to_datetime(time).checked_sub(i32::from(months).months()).ok()?;
    Some(Timestamp::from_unix_micros(Offset::UTC.to_timestamp(earlier).ok()?.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let at = |text: &str| {
            Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
        };
        let end = at("2026-03-31T10:00:00Z");
        assert_eq!(months_before(end, 1), Some(at("2026-02-28T10:00:00Z")));
        assert_eq!(months_before(end, 13), Some(at("2025-02-28T10:00:00Z")));
    }
}
