//! Making a month's indicators.

use std::collections::BTreeMap;

use desserte_equity::ReleaseRules;
use desserte_ledger::Classes;
use desserte_measure::METHOD_VERSION;
use desserte_model::ProbeId;
use desserte_service::{AreaReport, Declared, Sets, SiteReport, SiteWeight, area_report, site_report};
use desserte_store::{Scope, Store, StoreError};
use desserte_territory::Territory;

use crate::kept::{FORMAT, Kept, Place};
use crate::release::{Contribution, Released, decide};
use crate::set::SpreadSet;
use crate::spread::Spreading;
use crate::{Month, figures, sites};

/// By what a month is made.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What service indicators and verdicts follow.
    pub sets: Sets,
    /// What is told of spreads.
    pub spread: SpreadSet,
    /// What may be told to anyone.
    pub release: ReleaseRules,
    /// How classes of communes are read.
    pub classes: desserte_ledger::Rules,
}

impl Rules {
    /// The sets that this version of the program comes with.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            sets: Sets::built_in(),
            spread: SpreadSet::built_in(),
            release: ReleaseRules::built_in(),
            classes: desserte_ledger::Rules::built_in(),
        }
    }

    fn names(&self) -> Vec<String> {
        let names = self.sets.names().into_iter();
        names
            .chain([&self.spread.set, &self.classes.set, &self.release.set].map(String::as_str))
            .map(str::to_owned)
            .collect()
    }
}

/// A site with how much it gave.
struct Measured {
    report: SiteReport,
    probe: String,
    minutes: usize,
    runs: usize,
}

/// Makes the indicators of a month from a store, by commune, so that one commune's records are in memory at a time.
///
/// # Missing data
/// A month in which nothing was measured is kept too: it has no place.
///
/// # Errors
/// When the store cannot be read.
pub fn make(
    store: &Store,
    territory: &Territory,
    month: Month,
    rules: &Rules,
    declared: &BTreeMap<ProbeId, Declared>,
) -> Result<Kept, StoreError> {
    let mut measured = Vec::new();
    if let Some(days) = month.days() {
        for seen in store.communes_seen(&Scope::All)? {
            for (site, records) in sites::records(store, &[Scope::Commune(seen.commune)], None, days)? {
                let (minutes, runs) = (records.minutes.len(), records.runs.len());
                let (probe, own) = (site.probe.to_string(), declared.get(&site.probe).copied());
                let report = site_report(site, own.unwrap_or_default(), &records, days, &rules.sets);
                measured.extend(report.map(|report| Measured { report, probe, minutes, runs }));
            }
        }
    }
    // Days beyond the month are read for local days: who gave nothing else gave nothing.
    measured.retain(|site| site.report.days > 0);
    Ok(Making { territory, month, rules, measured: &measured }.kept())
}

struct Making<'a> {
    territory: &'a Territory,
    month: Month,
    rules: &'a Rules,
    measured: &'a [Measured],
}

impl Making<'_> {
    fn kept(&self) -> Kept {
        let reports: Vec<SiteReport> = self.measured.iter().map(|site| site.report.clone()).collect();
        let weights = sites::weights(&reports, self.territory);
        let weighed: Vec<SiteWeight<'_>> =
            reports.iter().zip(weights).map(|(report, weight)| SiteWeight { report, weight }).collect();
        let departements: Vec<&str> = self.measured.iter().map(|site| self.departement(site)).collect();
        let released = self.released(&departements);
        let classes = Classes::of(self.territory, &self.rules.classes, &BTreeMap::new()).ok();
        let spreading = Spreading {
            sites: &weighed,
            sets: &self.rules.sets,
            spread: &self.rules.spread,
            release: &self.rules.release,
            territory: self.territory,
            classes: classes.as_ref(),
        };
        let known: Vec<&str> = spreading.columns().map(|column| column.rule.key.as_str()).collect();
        let wanted = &self.rules.spread.classes.value;
        let places = self.places(&weighed, &departements, &released);
        let all_of = |level: &str| places.iter().filter(|place| place.level == level).count();
        let seen = |keys: std::collections::BTreeSet<&str>| keys.len();
        let communes: std::collections::BTreeSet<_> =
            reports.iter().map(|report| report.site.commune).collect();
        Kept {
            format: FORMAT,
            month: self.month,
            demonstration: false,
            method: METHOD_VERSION.to_owned(),
            parameters: self.rules.names(),
            territory: self.territory.fingerprint().to_owned(),
            withheld: [
                seen(departements.iter().copied().collect()) - all_of("departement"),
                communes.len() - all_of("commune"),
            ],
            seed: self.rules.spread.seed.value,
            stand_ins: spreading
                .columns()
                .filter(|column| column.stand_in)
                .map(|column| column.rule.key.clone())
                .collect(),
            absent: wanted.iter().filter(|key| !known.contains(&key.as_str())).cloned().collect(),
            measures: if released.all { spreading.measures() } else { Vec::new() },
            places,
        }
    }

    fn departement(&self, site: &Measured) -> &str {
        let commune = self.territory.commune(site.report.site.commune);
        commune.map_or("", |commune| commune.departement.as_str())
    }

    fn released<'a>(&'a self, departements: &[&'a str]) -> Released<'a> {
        let contributions: Vec<Contribution<'a>> = self
            .measured
            .iter()
            .zip(departements)
            .map(|(site, departement)| Contribution {
                commune: site.report.site.commune,
                departement,
                probe: &site.probe,
                minutes: site.minutes,
                runs: site.runs,
            })
            .collect();
        decide(&contributions, &self.rules.release)
    }

    fn places(&self, sites: &[SiteWeight<'_>], departements: &[&str], released: &Released<'_>) -> Vec<Place> {
        let of = |wanted: &dyn Fn(usize) -> bool| -> AreaReport {
            let own: Vec<SiteWeight<'_>> =
                sites.iter().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, site)| *site).collect();
            area_report(&own, &self.rules.sets)
        };
        let mut places = Vec::new();
        let mut add = |level: &str, code: &str, name: &str, area: &AreaReport| {
            let mut place = Place {
                level: level.to_owned(),
                code: code.to_owned(),
                name: name.to_owned(),
                may_over_represent_centres: area.may_be_biased,
                figures: figures::of_area(area, &self.rules.sets),
            };
            place.coarse(&self.rules.release);
            places.push(place);
        };
        if released.all {
            add("all", "", "", &of(&|_| true));
        }
        for code in &released.departements {
            let name = self.territory.departement(code).map_or("", |found| found.label());
            add("departement", code, name, &of(&|at| departements[at] == *code));
        }
        for code in &released.communes {
            let name = self.territory.commune(*code).map_or("", |found| found.name.as_str());
            add("commune", code.as_str(), name, &of(&|at| sites[at].report.site.commune == *code));
        }
        places
    }
}
