//! Hours of the week in which each use was possible on the lines of a commune.
//!
//! Formulas: `docs/spec/service.md`.

use std::collections::BTreeMap;

use desserte_model::{CommuneCode, ProbeId};
use desserte_service::{
    Declared, Minute, Page, Records, Run, Sets, SiteId, UseFigure, site_report, variation_us,
};
use desserte_store::{Period, Scope, Store, StoreError};
use jiff::civil::Date;
use jiff::tz::Offset;

use super::Window;

/// Microseconds in a day: local days reach as far beyond those of UTC.
const DAY_US: i64 = 86_400_000_000;

/// The uses of one site; who it is stays in the store.
#[derive(Debug, Clone)]
pub(crate) struct SiteUses {
    /// In the order of the set.
    pub(crate) uses: Vec<UseFigure>,
}

/// What the lines of a commune allowed, over the whole local days of the period.
pub(crate) fn uses_of_commune(
    store: &Store,
    commune: CommuneCode,
    window: &Window,
    sets: &Sets,
) -> Result<Vec<SiteUses>, StoreError> {
    let Some(days) = days(window) else { return Ok(Vec::new()) };
    let period = Period {
        start: window.period.start.saturating_add_micros(-DAY_US),
        end: window.period.end.saturating_add_micros(DAY_US),
    };
    let scope = Scope::Commune(commune);
    let mut sites: BTreeMap<ProbeId, Records> = BTreeMap::new();
    store.service_minutes(&scope, period, |row| {
        let minute = Minute {
            stated: row.stated,
            sent: row.sent,
            lost: row.lost,
            rtt_us: row.rtt_median_us,
            variation_us: variation_us(row.echoes.iter().map(Vec::as_slice)),
        };
        sites.entry(row.probe).or_default().minutes.push(minute);
    })?;
    for row in store.service_runs(&scope, period)? {
        let run =
            Run { at: row.event, direction: row.direction, rate: row.steady, subscribed: row.subscribed };
        sites.entry(row.probe).or_default().runs.push(run);
    }
    for row in store.service_pages(&scope, period)? {
        sites.entry(row.probe).or_default().pages.push(Page { at: row.event, took: row.took });
    }
    let report = |(probe, records): (ProbeId, Records)| {
        let site = SiteId { commune, probe };
        let uses = site_report(site, Declared::default(), &records, days, sets)?.uses;
        Some(SiteUses { uses })
    };
    Ok(sites.into_iter().filter_map(report).collect())
}

/// The whole days in the period, the first and the one after the last.
fn days(window: &Window) -> Option<(Date, Date)> {
    let date = |micros: i64| {
        let time = jiff::Timestamp::from_microsecond(micros).ok()?;
        Some(Offset::UTC.to_datetime(time).date())
    };
    let start = window.period.start.as_unix_micros();
    // A day that the period cuts is not whole.
    let first = date(start.saturating_add(DAY_US - 1))?;
    let last = date(window.period.end.as_unix_micros())?;
    (first < last).then_some((first, last))
}
