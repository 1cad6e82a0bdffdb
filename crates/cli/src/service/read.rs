//! Which places are asked for, and up to when.

use anyhow::anyhow;
use desserte_collector::META_AS_OF;
use desserte_model::ProbeId;
use desserte_store::{Scope, Store, StoreError};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ServiceArguments;
use crate::clock;
use crate::out::Failure;

/// What is asked for.
pub(super) struct Place {
    /// Its name with its code.
    pub(super) label: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) probe: Option<ProbeId>,
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

/// The day that figures end with: today, or the end of a demonstration's time.
pub(crate) fn today(store: &Store) -> Result<Date, StoreError> {
    let demonstrated =
        store.meta(META_AS_OF)?.and_then(|us| us.parse().ok()).map(Timestamp::from_unix_micros);
    // The last second of a demonstration is before the midnight that ends it.
    let now = demonstrated.map_or_else(clock::now, |at| at.saturating_add_micros(1_000_000));
    let day = jiff::Timestamp::from_second(now.as_unix_secs()).unwrap_or_default();
    Ok(day.to_zoned(TimeZone::UTC).date())
}
