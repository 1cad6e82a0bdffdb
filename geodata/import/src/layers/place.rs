//! From the codes that a table uses to the communes that are here.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;

use super::RawZoning;
use crate::tables::parent_of_arrondissement;
use crate::{Finding, FindingKind};

/// The communes of a territory.
#[derive(Debug)]
pub(crate) struct Here {
    communes: BTreeSet<CommuneCode>,
    departements: BTreeSet<String>,
}

impl Here {
    pub(crate) fn new(communes: impl IntoIterator<Item = CommuneCode>) -> Self {
        let communes: BTreeSet<CommuneCode> = communes.into_iter().collect();
        let departements = communes.iter().map(|code| code.departement().to_owned()).collect();
        Self { communes, departements }
    }

    pub(super) fn holds(&self, code: CommuneCode) -> bool {
        self.communes.contains(&code)
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
    here: &Here,
    findings: &mut Vec<Finding>,
) -> BTreeMap<CommuneCode, String> {
    let name = &zoning.name;
    let mut values = zoning.values.clone();
    values.retain(|code, _| here.is_near(*code));
    cities(name, &mut values, here, findings);
    for (code, value) in values.iter().filter(|(code, _)| !here.holds(**code)) {
        findings.push(Finding::new(FindingKind::LayerOrphan, code, format!("{name}: {value}")));
    }
    values
}

fn cities(name: &str, zones: &mut BTreeMap<CommuneCode, String>, here: &Here, findings: &mut Vec<Finding>) {
    let mut by_city: BTreeMap<CommuneCode, BTreeSet<&str>> = BTreeMap::new();
    for (code, value) in &*zones {
        if let Some(city) =
            parent_of_arrondissement(*code).filter(|city| !here.holds(*code) && here.holds(*city))
        {
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
    zones.retain(|code, _| {
        here.holds(*code) || parent_of_arrondissement(*code).is_none_or(|city| !taken.contains(&city))
    });
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
        let here = Here::new(["75056", "23096"].map(code));
        let mut findings = vec![];
        let values = [("23096", "x"), ("23999", "y"), ("01001", "z"), ("75101", "u"), ("75102", "u")];
        let placed = place_zoning(&zoning("a", &values), &here, &mut findings);
        place_zoning(&zoning("b", &[("75101", "u"), ("75102", "v")]), &here, &mut findings);
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
