//! Months of indicators: made beside everything else once they are over, and read by whoever asks.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use desserte_indicators::{Kept, KeptError, Month, Rules, make, months};
use desserte_units::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::watch;

use crate::api::blocking;
use crate::problem::ApiError;
use crate::state::Shared;

/// How often it is looked whether a month is over. A collector that has just started has better things to do.
const EVERY: Duration = Duration::from_secs(600);

/// Months held in memory at once; beyond it all are forgotten and read again.
const HELD_MAX: usize = 12;

/// The months kept in a store's directory.
#[derive(Debug)]
pub(crate) struct Months {
    data: PathBuf,
    held: Mutex<HashMap<Month, (SystemTime, Arc<Kept>)>>,
}

impl Months {
    pub(crate) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), held: Mutex::default() }
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// All of them, the last one first.
    pub(crate) fn all(&self) -> Result<Vec<Month>, KeptError> {
        months(&self.data)
    }

    /// A month, read again if its file changed; `None` if it is not kept.
    pub(crate) fn get(&self, month: Month) -> Result<Option<Arc<Kept>>, KeptError> {
        let changed =
            std::fs::metadata(Kept::path(&self.data, month)).and_then(|found| found.modified()).ok();
        let Some(changed) = changed else { return Ok(None) };
        // A reader that panicked left what is held as it was. Of several readers at once one reads, the others wait.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kept)) = held.get(&month).filter(|(known, _)| *known == changed) {
            return Ok(Some(Arc::clone(kept)));
        }
        let Some(kept) = Kept::read(&self.data, month)?.map(Arc::new) else { return Ok(None) };
        if held.len() >= HELD_MAX {
            held.clear();
        }
        held.insert(month, (changed, Arc::clone(&kept)));
        Ok(Some(kept))
    }
}

/// The last month that is over, with the days of grace, at a moment (UTC).
fn due(now: Timestamp, grace_days: i8) -> Option<Month> {
    // The last second of a demonstration is before the midnight that ends it.
    let moment = jiff::Timestamp::from_second(now.as_unix_secs()).ok()?.checked_add(1.second()).ok()?;
    let day: Date = moment.to_zoned(TimeZone::UTC).date();
    Month::over_before(day.checked_sub(grace_days.days()).ok()?)
}

/// Makes months until the collector ends. One that is kept is left as it is: what came late enters when the operator has it made anew.
pub(crate) async fn keep(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    let rules = Arc::new(Rules::built_in());
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            // The sender is dropped when the collector ends.
            _ = ending.changed() => return,
        }
        let (worker, rules) = (Arc::clone(&shared), Arc::clone(&rules));
        match blocking(move || once(&worker, &rules)).await {
            Ok(Some(month)) => tracing::info!(%month, "kept the indicators of a month"),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(error = error.kind(), "a month's indicators could not be kept; trying again");
            }
        }
    }
}

/// Makes the last month if it is over and not kept.
fn once(shared: &Shared, rules: &Rules) -> Result<Option<Month>, ApiError> {
    let Some(month) = due(shared.as_of(), rules.spread.grace_days.value) else { return Ok(None) };
    if Kept::path(shared.months.data(), month).exists() {
        return Ok(None);
    }
    let made = make(&shared.store, &shared.territory, month, rules, &BTreeMap::new())?;
    let kept = Kept { demonstration: shared.demonstration, ..made };
    kept.write(shared.months.data()).map_err(ApiError::internal)?;
    Ok(Some(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_due_when_it_is_over_and_its_grace_with_it() {
        let at = |text: &str| {
            let moment: jiff::Timestamp = text.parse().unwrap();
            due(Timestamp::from_unix_secs(moment.as_second()), 2).map(|month| month.to_string())
        };
        assert_eq!(at("2026-11-02T23:59:58Z").as_deref(), Some("2026-09"));
        assert_eq!(at("2026-11-02T23:59:59Z").as_deref(), Some("2026-10"));
        assert_eq!(at("2026-11-30T00:00:00Z").as_deref(), Some("2026-10"));
    }

    #[test]
    fn a_month_that_was_made_anew_is_read_anew() {
        let data = tempfile::tempdir().unwrap();
        let months = Months::new(data.path());
        let month: Month = "2026-10".parse().unwrap();
        assert!(months.get(month).unwrap().is_none());
        let mut kept = Kept {
            format: desserte_indicators::FORMAT,
            month,
            demonstration: true,
            method: String::new(),
            parameters: Vec::new(),
            territory: String::new(),
            places: Vec::new(),
            withheld: [0, 0],
            seed: 1,
            measures: Vec::new(),
            stand_ins: Vec::new(),
            absent: Vec::new(),
        };
        let path = kept.write(data.path()).unwrap();
        assert_eq!(*months.get(month).unwrap().unwrap(), kept);
        kept.withheld = [1, 2];
        kept.write(data.path()).unwrap();
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(*months.get(month).unwrap().unwrap(), kept);
        assert_eq!(months.all().unwrap(), [month]);
        std::fs::write(&path, "{}").unwrap();
        assert!(months.get(month).is_err());
    }
}
