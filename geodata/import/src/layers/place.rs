//! From the codes that a table uses to the communes that are here.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;
use desserte_territory::{FigureValue, History, InvalidContents, Lineage};

use super::{RawFigure, RawZoning};
use crate::carry::{COUNTED, Carrier, NOT_ADDITIVE, Rule, ZONE};
use crate::tables::{city_of_arrondissements, parent_of_arrondissement};
use crate::{Finding, FindingKind};

/// The communes of a territory.
#[derive(Debug)]
pub(crate) struct Here {
    communes: BTreeSet<CommuneCode>,
    departements: BTreeSet<String>,
    /// Carries tables of other years over; without movements nothing is known of these.
    carrier: Option<Carrier>,
}

impl Here {
    /// The communes, and how tables of other years are carried over to them.
    ///
    /// # Errors
    /// When the successions of codes contradict each other.
    pub(crate) fn new(
        communes: impl IntoIterator<Item = CommuneCode>,
        lineage: &Lineage,
        vintage: u16,
    ) -> Result<Self, InvalidContents> {
        let communes: BTreeSet<CommuneCode> = communes.into_iter().collect();
        let departements = communes.iter().map(|code| code.departement().to_owned()).collect();
        let carrier = Carrier::new(History::new(lineage.clone())?, vintage);
        Ok(Self { communes, departements, carrier })
    }

    /// Carries a layer of a stated year over to the communes here; one of no stated year stays as it is.
    fn carried<V: Clone>(
        &self,
        name: &str,
        year: Option<u16>,
        values: BTreeMap<CommuneCode, V>,
        rule: &Rule<V>,
        findings: &mut Vec<Finding>,
    ) -> BTreeMap<CommuneCode, V> {
        match (&self.carrier, year) {
            (Some(carrier), Some(year)) if year != carrier.year() => {
                carrier.carry(name, year, values, rule, findings)
            }
            _ => values,
        }
    }

    pub(super) fn holds(&self, code: CommuneCode) -> bool {
        self.communes.contains(&code)
    }

    /// The city here that an arrondissement belongs to which is no commune here.
    fn city_of(&self, code: CommuneCode) -> Option<CommuneCode> {
        parent_of_arrondissement(code).filter(|city| !self.holds(code) && self.holds(*city))
    }

    /// Whether the code's département has communes here: a national table beside one département is no fault.
    pub(super) fn is_near(&self, code: CommuneCode) -> bool {
        self.departements.contains(code.departement())
    }
}

/// Places the values of a zoning. Values of other départements are left out; values of codes that are no communes here
/// stay with their codes and are reported; a city gets the value of its arrondissements where they agree.
pub(crate) fn place_zoning(
    zoning: &RawZoning,
    year: Option<u16>,
    here: &Here,
    findings: &mut Vec<Finding>,
) -> BTreeMap<CommuneCode, String> {
    let name = &zoning.name;
    let mut values = zoning.values.clone();
    values.retain(|code, _| here.is_near(*code));
    cities(name, &mut values, here, findings);
    let values = here.carried(name, year, values, &ZONE, findings);
    for (code, value) in values.iter().filter(|(code, _)| !here.holds(**code)) {
        findings.push(Finding::new(FindingKind::LayerOrphan, code, format!("{name}: {value}")));
    }
    values
}

/// Places the values of a figure as [`place_zoning`] does those of a zoning; a city gets the sum of its
/// arrondissements, if the figure can be added and all of them have a number.
pub(crate) fn place_figure(
    figure: &RawFigure,
    year: Option<u16>,
    here: &Here,
    findings: &mut Vec<Finding>,
) -> BTreeMap<CommuneCode, FigureValue> {
    let name = &figure.name;
    let mut values = figure.values.clone();
    values.retain(|code, _| here.is_near(*code));
    let mut by_city: BTreeMap<CommuneCode, Vec<Option<f64>>> = BTreeMap::new();
    for (code, value) in &values {
        if let Some(city) = here.city_of(*code) {
            by_city.entry(city).or_default().push(value.known());
        }
    }
    by_city.retain(|city, _| figure.additive && !values.contains_key(city));
    for (city, parts) in by_city {
        let whole = city_of_arrondissements(city).is_some_and(|(_, count)| count == parts.len());
        let sum: Option<f64> = parts.into_iter().sum();
        let Some(sum) = sum.filter(|_| whole) else { continue };
        findings.push(Finding::new(FindingKind::ArrondissementsSummed, city, format!("{name}: {sum}")));
        values.retain(|code, _| here.city_of(*code) != Some(city));
        values.insert(city, FigureValue::Known(sum));
    }
    let rule = if figure.additive { &COUNTED } else { &NOT_ADDITIVE };
    let values = here.carried(name, year, values, rule, findings);
    for (code, _) in values.iter().filter(|(code, _)| !here.holds(**code)) {
        findings.push(Finding::new(FindingKind::LayerOrphan, code, name.clone()));
    }
    values
}

fn cities(name: &str, zones: &mut BTreeMap<CommuneCode, String>, here: &Here, findings: &mut Vec<Finding>) {
    let mut by_city: BTreeMap<CommuneCode, BTreeSet<&str>> = BTreeMap::new();
    for (code, value) in &*zones {
        if let Some(city) = here.city_of(*code) {
            by_city.entry(city).or_default().insert(value);
        }
    }
    let mut agreed = Vec::new();
    for (city, values) in by_city {
        if zones.contains_key(&city) {
            continue;
        }
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => {
                let detail = format!("{name}: {value}, as all its arrondissements");
                findings.push(Finding::new(FindingKind::ZoneOfArrondissements, city, detail));
                agreed.push((city, value.to_owned()));
            }
            _ => {
                let detail = format!("{name}: its arrondissements differ, none is given");
                findings.push(Finding::new(FindingKind::LayerConflict, city, detail));
            }
        }
    }
    let taken: BTreeSet<CommuneCode> = agreed.iter().map(|(city, _)| *city).collect();
    zones.extend(agreed);
    // What an arrondissement says is in its city's value now.
    zones.retain(|code, _| here.city_of(*code).is_none_or(|city| !taken.contains(&city)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> CommuneCode {
        text.parse().unwrap()
    }

    #[test]
    fn values_find_their_communes_or_are_told() {
        let zoning = |name: &str, values: &[(&str, &str)]| RawZoning {
            name: name.to_owned(),
            values: values.iter().map(|(text, value)| (code(text), (*value).to_owned())).collect(),
        };
        let here = Here::new(["75056", "23096"].map(code), &Lineage::default(), 2026).unwrap();
        let mut findings = vec![];
        let values = [("23096", "x"), ("23999", "y"), ("01001", "z"), ("75101", "u"), ("75102", "u")];
        let placed = place_zoning(&zoning("a", &values), None, &here, &mut findings);
        place_zoning(&zoning("b", &[("75101", "u"), ("75102", "v")]), None, &here, &mut findings);
        let values: Vec<_> = placed.iter().map(|(code, value)| (code.as_str(), value.as_str())).collect();
        assert_eq!(values, [("23096", "x"), ("23999", "y"), ("75056", "u")], "Ain is not here");
        use FindingKind::{LayerConflict, LayerOrphan, ZoneOfArrondissements};
        let told: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.code.as_str())).collect();
        assert_eq!(
            told,
            [
                (ZoneOfArrondissements, "75056"),
                (LayerOrphan, "23999"),
                (LayerConflict, "75056"),
                (LayerOrphan, "75101"),
                (LayerOrphan, "75102")
            ]
        );
    }
}
