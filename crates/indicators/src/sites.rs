//! From the store's rows to sites, and what each stands for.

use std::collections::BTreeMap;

use desserte_model::{CommuneCode, ProbeId};
use desserte_service::{Minute, Page, Records, Run, SiteId, SiteReport, variation_us};
use desserte_store::{Period, Scope, Store, StoreError};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Microseconds in a day: local days reach as far beyond those of UTC.
const DAY_US: i64 = 86_400_000_000;

/// The records of each site of some communes, of one probe if one is named, by commune, then probe. A day more on both ends is read, for local days.
///
/// # Errors
/// When the store cannot be read.
pub fn records(
    store: &Store,
    scopes: &[Scope],
    only: Option<&ProbeId>,
    days: (Date, Date),
) -> Result<BTreeMap<SiteId, Records>, StoreError> {
    let midnight = |day: Date, more: i64| {
        let seconds = day.to_zoned(TimeZone::UTC).map_or(0, |day| day.timestamp().as_second());
        Timestamp::from_unix_secs(seconds).saturating_add_micros(more)
    };
    let period = Period { start: midnight(days.0, -DAY_US), end: midnight(days.1, DAY_US) };
    let mut found: BTreeMap<SiteId, Records> = BTreeMap::new();
    let wanted = |probe: &ProbeId| only.is_none_or(|only| only == probe);
    let site = |commune: CommuneCode, probe: ProbeId| SiteId { commune, probe };
    for scope in scopes {
        store.service_minutes(scope, period, |row| {
            if wanted(&row.probe) {
                let minute = Minute {
                    stated: row.stated,
                    sent: row.sent,
                    lost: row.lost,
                    rtt_us: row.rtt_median_us,
                    variation_us: variation_us(row.echoes.iter().map(Vec::as_slice)),
                };
                found.entry(site(row.commune, row.probe)).or_default().minutes.push(minute);
            }
        })?;
        for row in store.service_runs(scope, period)? {
            if wanted(&row.probe) {
                let run = Run {
                    at: row.event,
                    direction: row.direction,
                    rate: row.steady,
                    subscribed: row.subscribed,
                };
                found.entry(site(row.commune, row.probe)).or_default().runs.push(run);
            }
        }
        for row in store.service_pages(scope, period)? {
            if wanted(&row.probe) {
                let page = Page { at: row.event, took: row.took };
                found.entry(site(row.commune, row.probe)).or_default().pages.push(page);
            }
        }
    }
    Ok(found)
}

/// Inhabitants that each site stands for: those of its commune, shared by the sites in it.
#[must_use]
pub fn weights(reports: &[SiteReport], territory: &Territory) -> Vec<Option<f64>> {
    let of = |commune: CommuneCode| {
        let sites: f64 = reports.iter().filter(|other| other.site.commune == commune).map(|_| 1.0).sum();
        Some(f64::from(territory.commune(commune)?.population?) / sites)
    };
    reports.iter().map(|report| of(report.site.commune)).collect()
}
