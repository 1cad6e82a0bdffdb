//! Tables of another year: what communes were made of when a table was made.

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::{Day, FigureValue, History};

use crate::{Finding, FindingKind};

/// The communes of today that were other communes in the year of a table.
#[derive(Debug, Default)]
pub(super) struct Changed(BTreeMap<CommuneCode, Former>);

/// What a commune of today was in the year of a table.
#[derive(Debug)]
struct Former {
    /// The communes that held its ground.
    parts: Vec<CommuneCode>,
    /// Whether all of them lie in it whole, so that their numbers add up to its own.
    whole: bool,
}

impl Changed {
    /// Follows every commune back from the territory's year to the table's.
    pub(super) fn new(
        communes: impl Iterator<Item = CommuneCode>,
        history: &History,
        vintage: u16,
        table: u16,
    ) -> Self {
        let (today, then) = (Day::first_of(vintage), Day::first_of(table));
        let former = |code: CommuneCode| {
            let parts = history.follow(code, today, then);
            let whole = parts.iter().all(|part| history.follow(*part, then, today) == [code]);
            ((parts.as_slice() != [code] || !whole) && !parts.is_empty())
                .then_some((code, Former { parts, whole }))
        };
        Self(communes.filter_map(former).collect())
    }

    /// Gives communes that were others the zone that all of these had; where they differ, or the table does not know all
    /// of them, none is given.
    pub(super) fn zones(
        &self,
        name: &str,
        values: &mut BTreeMap<CommuneCode, String>,
        findings: &mut Vec<Finding>,
    ) {
        let mut given = Vec::new();
        for (code, Former { parts, .. }) in &self.0 {
            let known: Vec<(CommuneCode, &String)> =
                parts.iter().filter_map(|part| Some((*part, values.get(part)?))).collect();
            let Some((_, first)) = known.first() else { continue };
            if known.len() == parts.len() && known.iter().all(|(_, value)| value == first) {
                let detail = format!("{name}: {first}, from {}", list(parts));
                findings.push(Finding::new(FindingKind::CarriedOver, code, detail));
                given.push((*code, (*first).clone()));
            } else {
                let told: Vec<String> = parts
                    .iter()
                    .map(|part| format!("{part} {}", values.get(part).map_or("?", String::as_str)))
                    .collect();
                let detail =
                    format!("{name}: made of communes that differ ({}), none is given", told.join(", "));
                findings.push(Finding::new(FindingKind::NotCarriedOver, code, detail));
            }
        }
        self.forget(values);
        values.extend(given);
    }

    /// Gives communes that were others the sum of what these had, if the figure can be added, all of them have a number,
    /// and none reaches beyond; otherwise only a commune under another code keeps its number.
    pub(super) fn figures(
        &self,
        name: &str,
        additive: bool,
        values: &mut BTreeMap<CommuneCode, FigureValue>,
        findings: &mut Vec<Finding>,
    ) {
        let mut given = Vec::new();
        for (code, Former { parts, whole }) in &self.0 {
            let known: Vec<FigureValue> = parts.iter().filter_map(|part| values.get(part).copied()).collect();
            if known.is_empty() {
                continue;
            }
            let sum: Option<f64> = known.iter().map(|value| value.known()).sum();
            let value = match (known.as_slice(), sum) {
                ([only], _) if *whole && parts.len() == 1 => Some(*only),
                (all, Some(sum)) if *whole && additive && all.len() == parts.len() => {
                    Some(FigureValue::Known(sum))
                }
                _ => None,
            };
            let (kind, detail) = match value {
                Some(_) => (FindingKind::CarriedOver, format!("{name}: from {}", list(parts))),
                None => (
                    FindingKind::NotCarriedOver,
                    format!("{name}: not the sum of {}, none is given", list(parts)),
                ),
            };
            findings.push(Finding::new(kind, code, detail));
            given.extend(value.map(|value| (*code, value)));
        }
        self.forget(values);
        values.extend(given);
    }

    /// Takes out what described other ground than the code has today.
    fn forget<T>(&self, values: &mut BTreeMap<CommuneCode, T>) {
        for (code, Former { parts, .. }) in &self.0 {
            for part in parts.iter().chain([code]) {
                values.remove(part);
            }
        }
    }
}

fn list(parts: &[CommuneCode]) -> String {
    parts.iter().map(CommuneCode::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use desserte_territory::{Lineage, Succession};

    fn code(text: &str) -> CommuneCode {
        text.parse().unwrap()
    }

    /// 14002 and 14003 became a part of 14001; 14005 was cut out of 14004; 14006 is 14007 now.
    fn changed() -> Changed {
        let day = Day::first_of(2020);
        let mut successions: Vec<Succession> = [
            ("14001", "14001"),
            ("14002", "14001"),
            ("14003", "14001"),
            ("14004", "14004"),
            ("14004", "14005"),
            ("14006", "14007"),
        ]
        .iter()
        .map(|(from, to)| Succession { from: code(from), effective: day, to: code(to) })
        .collect();
        successions.sort();
        let history = History::new(Lineage { successions, ..Lineage::default() }).unwrap();
        let today = ["14001", "14004", "14005", "14007", "14008"].map(code);
        Changed::new(today.into_iter(), &history, 2026, 2018)
    }

    #[test]
    fn a_zone_is_handed_on_only_where_all_parts_agree() {
        let values = |rows: &[(&str, &str)]| -> BTreeMap<CommuneCode, String> {
            rows.iter().map(|(text, value)| (code(text), (*value).to_owned())).collect()
        };
        let mut findings = vec![];
        let mut agreed = values(&[
            ("14001", "a"),
            ("14002", "a"),
            ("14003", "a"),
            ("14004", "b"),
            ("14006", "c"),
            ("14008", "d"),
        ]);
        changed().zones("z", &mut agreed, &mut findings);
        let expected = [("14001", "a"), ("14004", "b"), ("14005", "b"), ("14007", "c"), ("14008", "d")];
        assert_eq!(agreed, values(&expected));
        assert!(findings.iter().all(|finding| finding.kind == FindingKind::CarriedOver));
        findings.clear();
        let mut differing = values(&[("14001", "a"), ("14002", "b"), ("14003", "a")]);
        changed().zones("z", &mut differing, &mut findings);
        assert!(differing.is_empty(), "{differing:?}");
        assert_eq!(findings[0].kind, FindingKind::NotCarriedOver);
        let mut list_of_members = values(&[("14002", "a")]);
        changed().zones("z", &mut list_of_members, &mut vec![]);
        assert!(list_of_members.is_empty(), "what the list says nothing of is not known");
    }

    #[test]
    fn numbers_are_added_or_not_given() {
        use FigureValue::{Known, Secret};
        let values = |rows: &[(&str, FigureValue)]| -> BTreeMap<CommuneCode, FigureValue> {
            rows.iter().map(|(text, value)| (code(text), *value)).collect()
        };
        let all = values(&[
            ("14001", Known(1.0)),
            ("14002", Known(2.0)),
            ("14003", Known(4.0)),
            ("14004", Known(8.0)),
            ("14006", Secret),
        ]);
        let mut counts = all.clone();
        changed().figures("n", true, &mut counts, &mut vec![]);
        assert_eq!(counts, values(&[("14001", Known(7.0)), ("14007", Secret)]), "half of 14004 is not known");
        let mut shares = all;
        changed().figures("n", false, &mut shares, &mut vec![]);
        assert_eq!(shares, values(&[("14007", Secret)]));
        let mut secret = values(&[("14001", Known(1.0)), ("14002", Secret), ("14003", Known(4.0))]);
        changed().figures("n", true, &mut secret, &mut vec![]);
        assert!(secret.is_empty());
    }
}
