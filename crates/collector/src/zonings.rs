//! Legal and statistical zonings that maps can show over figures: the classes that the territory's own layers tell
//! (docs/spec/classes.md), each with its source.

use std::collections::BTreeMap;

use desserte_ledger::{ClassColumn, Classes, Rules};
use desserte_model::CommuneCode;
use desserte_territory::{Commune, Territory};

/// Zones that can be told apart by a sign each; a zoning with more is not drawn.
pub(crate) const SIGNS: usize = 8;

/// The value of a class of two values that is left without a sign: what is not in the zone.
const OUTSIDE: &str = "non";

/// What a zoning says of the communes of a map.
pub(crate) struct Zoned<'a> {
    pub(crate) column: &'a ClassColumn,
    /// The zones that these communes are in, in the order of the class.
    pub(crate) zones: Vec<Zone>,
    /// Of each of these communes of which something is known, which of the zones it is in.
    pub(crate) of: BTreeMap<CommuneCode, usize>,
}

/// A zone.
pub(crate) struct Zone {
    /// As tables have it.
    pub(crate) value: String,
    /// Number of its sign, from one; none for what is outside.
    pub(crate) sign: Option<usize>,
}

/// The zonings of a territory that maps can show to everyone, in the order of the classes. What must not be passed on is left out,
/// as is what two layers tell differently, what has more zones than there are signs, and what signs no commune at all.
pub(crate) fn of(territory: &Territory) -> Vec<ClassColumn> {
    let shown = |column: &ClassColumn| {
        let signed =
            |place: &u16| column.values.get(usize::from(*place)).is_some_and(|value| value != OUTSIDE);
        !column.credit.withheld && signs(column).len() <= SIGNS && column.of.iter().flatten().any(signed)
    };
    match Classes::of(territory, &Rules::built_in(), &BTreeMap::new()) {
        Ok(classes) => classes.columns.into_iter().filter(shown).collect(),
        Err(error) => {
            tracing::warn!(%error, "maps show no zonings: make a territory file with one layer for each class");
            Vec::new()
        }
    }
}

/// Communes that `within` takes, each with its row in the territory.
pub(crate) fn rows(territory: &Territory, within: &dyn Fn(&Commune) -> bool) -> Vec<(usize, CommuneCode)> {
    let rows = territory.communes().enumerate().filter(|(_, commune)| within(commune));
    rows.map(|(row, commune)| (row, commune.code)).collect()
}

/// The numbers of the signs of a zoning's zones: the same on every map of it.
fn signs(column: &ClassColumn) -> BTreeMap<&str, usize> {
    let signed = column.values.iter().filter(|value| *value != OUTSIDE);
    (1..).zip(signed).map(|(sign, value)| (value.as_str(), sign)).collect()
}

impl<'a> Zoned<'a> {
    /// What a zoning says of communes; `None` where none of them would get a sign.
    pub(crate) fn new(column: &'a ClassColumn, communes: &[(usize, CommuneCode)]) -> Option<Self> {
        let found: Vec<(CommuneCode, &str)> =
            communes.iter().filter_map(|(row, code)| Some((*code, column.value(*row)?))).collect();
        let signs = signs(column);
        if !found.iter().any(|(_, value)| signs.contains_key(value)) {
            return None;
        }
        let used = column.values.iter().filter(|value| found.iter().any(|(_, own)| own == value));
        let zones: Vec<Zone> = used
            .map(|value| Zone { value: value.clone(), sign: signs.get(value.as_str()).copied() })
            .collect();
        let place = |value: &str| zones.iter().position(|zone| zone.value == value);
        let of = found.iter().filter_map(|(code, value)| Some((*code, place(value)?))).collect();
        Some(Self { column, zones, of })
    }

    /// The zone that a commune is in; `None` where that is not known.
    pub(crate) fn zone(&self, commune: CommuneCode) -> Option<&Zone> {
        self.of.get(&commune).map(|place| &self.zones[*place])
    }
}

#[cfg(test)]
mod tests {
    use desserte_territory::{Redistribution, Source, Zoning, synthetic};

    use super::*;

    /// The made-up territory with a zoning of its communes in turn, one of which is left out.
    fn zoned(name: &str, values: &[&str], redistribution: Redistribution) -> Territory {
        let mut contents = synthetic::territory(1).contents();
        let codes = contents.communes.iter().map(|row| row.commune.code).skip(1);
        let values =
            codes.zip(values.iter().cycle()).map(|(code, value)| (code, (*value).to_owned())).collect();
        let source = u32::try_from(contents.sources.len()).ok();
        let named = Zoning { name: name.to_owned(), title: None, vintage: None, source, values };
        contents.zonings.push(named);
        contents.sources.push(Source {
            role: name.to_owned(),
            title: "made up".to_owned(),
            publisher: None,
            licence: None,
            vintage: Some("2026".to_owned()),
            sha256: None,
            redistribution,
        });
        Territory::new(&contents).unwrap()
    }

    #[test]
    fn what_is_outside_has_no_sign_and_what_is_unknown_is_in_no_zone() {
        let territory = zoned("montagne", &["oui", "non"], Redistribution::Allowed);
        let columns = of(&territory);
        let column = columns.iter().find(|column| column.rule.key == "montagne").unwrap();
        let told = Zoned::new(column, &rows(&territory, &|_| true)).unwrap();
        let signs: Vec<_> = told.zones.iter().map(|zone| (zone.value.as_str(), zone.sign)).collect();
        assert_eq!(signs, [("oui", Some(1)), ("non", None)]);
        let mut communes = territory.communes();
        assert!(told.zone(communes.next().unwrap().code).is_none());
        assert_eq!(told.zone(communes.next().unwrap().code).unwrap().sign, Some(1));
        assert_eq!(told.of.len(), territory.communes().len() - 1);
    }

    #[test]
    fn a_zoning_that_would_sign_nothing_or_too_much_is_not_shown() {
        let shown = |territory: &Territory, key: &str| {
            let columns = of(territory);
            let column = columns.iter().find(|column| column.rule.key == key)?;
            Zoned::new(column, &rows(territory, &|_| true)).map(|told| told.zones.len())
        };
        assert_eq!(shown(&zoned("montagne", &["non"], Redistribution::Allowed), "montagne"), None);
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        assert_eq!(shown(&zoned("zrr", &letters, Redistribution::Allowed), "zrr"), None);
        assert_eq!(shown(&zoned("zrr", &letters[..SIGNS], Redistribution::Allowed), "zrr"), Some(SIGNS));
    }

    #[test]
    fn what_must_not_be_passed_on_is_on_no_map() {
        let territory = zoned("montagne", &["oui", "non"], Redistribution::Forbidden);
        assert!(of(&territory).iter().all(|column| column.rule.key != "montagne"));
    }
}
