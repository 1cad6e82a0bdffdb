//! From the store's rows to sites.

use std::collections::BTreeMap;

use anyhow::anyhow;
use desserte_collector::META_AS_OF;
use desserte_model::{CommuneCode, ProbeId};
use desserte_service::{Minute, Page, Records, Run, SiteId, variation_us};
use desserte_store::{Period, Scope, Store, StoreError};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ServiceArguments;
use crate::clock;
use crate::out::Failure;

/// Microseconds in a day: local days reach as far beyond those of UTC.
const DAY_US: i64 = 86_400_000_000;

/// What is asked for.
pub(super) struct Place {
    /// Its name with its code.
    pub(super) label: String,
    scopes: Vec<Scope>,
    probe: Option<ProbeId>,
}

impl Place {
    pub(super) fn of(arguments: &ServiceArguments, territory: &Territory) -> Result<Self, Failure> {
        let unknown =
            |what: &str, code: &str| Failure::no(anyhow!("{code:?} is no {what} of this territory"));
        let found = |label, scopes| Self { label, scopes, probe: None };
        Ok(if let Some(code) = arguments.commune {
            let commune = territory.commune(code).ok_or_else(|| unknown("commune", code.as_str()))?;
            found(format!("{} ({code})", commune.name), vec![Scope::Commune(code)])
        } else if let Some(siren) = &arguments.epci {
            let epci = territory.epci(siren).ok_or_else(|| unknown("intercommunality", siren))?;
            let communes = territory.communes_of_epci(siren).map(|commune| Scope::Commune(commune.code));
            found(format!("{} ({siren})", epci.label()), communes.collect())
        } else if let Some(code) = &arguments.departement {
            let departement = territory.departement(code).ok_or_else(|| unknown("département", code))?;
            found(format!("{} ({code})", departement.label()), vec![Scope::Departement(code.clone())])
        } else {
            let label = arguments.site.as_ref().map_or_else(String::new, ToString::to_string);
            Self { label, scopes: vec![Scope::All], probe: arguments.site.clone() }
        })
    }
}

/// The records of each site of a place, by commune, then probe. A day more on both ends is read, for local days.
pub(super) fn records(
    store: &Store,
    place: &Place,
    days: (Date, Date),
) -> Result<BTreeMap<SiteId, Records>, StoreError> {
    let midnight = |day: Date, more: i64| {
        let seconds = day.to_zoned(TimeZone::UTC).map_or(0, |day| day.timestamp().as_second());
        Timestamp::from_unix_secs(seconds).saturating_add_micros(more)
    };
    let period = Period { start: midnight(days.0, -DAY_US), end: midnight(days.1, DAY_US) };
    let mut found: BTreeMap<SiteId, Records> = BTreeMap::new();
    let wanted = |probe: &ProbeId| place.probe.as_ref().is_none_or(|wanted| wanted == probe);
    let site = |commune: CommuneCode, probe: ProbeId| SiteId { commune, probe };
    for scope in &place.scopes {
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

/// The day that figures end with: today, or the end of a demonstration's time.
pub(super) fn today(store: &Store) -> Result<Date, StoreError> {
    let demonstrated =
        store.meta(META_AS_OF)?.and_then(|us| us.parse().ok()).map(Timestamp::from_unix_micros);
    // The last second of a demonstration is before the midnight that ends it.
    let now = demonstrated.map_or_else(clock::now, |at| at.saturating_add_micros(1_000_000));
    let day = jiff::Timestamp::from_second(now.as_unix_secs()).unwrap_or_default();
    Ok(day.to_zoned(TimeZone::UTC).date())
}
