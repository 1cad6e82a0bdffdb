//! From a layer to a class.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::{Distribution, Unit};
use desserte_model::CommuneCode;
use desserte_territory::{FigureValue, Overlay, Territory};

use super::{ClassColumn, ClassRule, ClassesError, From, FromKind};
use crate::Credit;

/// Parts that an ordered figure is cut into.
const FIFTHS: u8 = 5;

/// What a layer says, before its values are numbered.
struct Said {
    layer: String,
    credit: Credit,
    texts: Vec<Option<String>>,
}

/// Reads a class from the first of its candidates that the territory has; `None` if it has none.
pub(super) fn column(
    territory: &Territory,
    rule: &ClassRule,
    taken: Option<&str>,
) -> Result<Option<ClassColumn>, ClassesError> {
    for from in &rule.from {
        let names: Vec<String> = names(territory, from)
            .into_iter()
            .filter(|name| taken.is_none_or(|taken| taken == name))
            .collect();
        let name = match names.as_slice() {
            [] => continue,
            [name] => name.clone(),
            several => {
                let layers = several.to_vec();
                return Err(ClassesError::Several { class: rule.key.clone(), layers });
            }
        };
        return Ok(Some(numbered(rule, from, said(territory, from, &name))));
    }
    match taken {
        None => Ok(None),
        Some(layer) => Err(ClassesError::NoSuchLayer { class: rule.key.clone(), layer: layer.to_owned() }),
    }
}

/// The layers that a candidate means.
fn names(territory: &Territory, from: &From) -> Vec<String> {
    let fits = |name: &&str| from.fits(name);
    match from.kind {
        FromKind::Zoning => {
            let has = |name: &&str| {
                from.only.is_empty() || values(territory, name).any(|value| from.only.contains(value))
            };
            territory.zonings().filter(fits).filter(has).map(str::to_owned).collect()
        }
        FromKind::Overlay => {
            territory.overlays().iter().map(Overlay::name).filter(fits).map(str::to_owned).collect()
        }
        FromKind::Departements => vec![String::new()],
        FromKind::Fifths => {
            territory.figures().map(|figure| figure.name).filter(fits).map(str::to_owned).collect()
        }
    }
}

fn values<'a>(territory: &'a Territory, zoning: &str) -> impl Iterator<Item = &'a str> {
    territory.communes().filter_map(move |commune| territory.zone(zoning, commune.code))
}

fn said(territory: &Territory, from: &From, name: &str) -> Said {
    let of_all = |of: &dyn Fn(CommuneCode, &str) -> Option<String>| -> Vec<Option<String>> {
        territory.communes().map(|commune| of(commune.code, &commune.departement)).collect()
    };
    let (source, texts) = match from.kind {
        FromKind::Zoning => {
            (territory.zoning_source(name), of_all(&|code, _| territory.zone(name, code).map(str::to_owned)))
        }
        FromKind::Overlay => {
            let overlay = territory.overlay(name);
            let (held, near) = overlay.map_or_else(Default::default, |overlay| holders(territory, overlay));
            let text = |code, departement: &str| match (held.contains(&code), near.contains(departement)) {
                (true, _) => Some("oui".to_owned()),
                (false, true) => Some("non".to_owned()),
                (false, false) => None,
            };
            (overlay.and_then(Overlay::source), of_all(&text))
        }
        FromKind::Departements => {
            let text = |_: CommuneCode, departement: &str| {
                let found = from.begins.iter().find(|(begin, _)| departement.starts_with(begin.as_str()));
                Some(found.map_or(&from.otherwise, |(_, value)| value).clone())
            };
            (territory.sources().iter().find(|source| source.role == "communes"), of_all(&text))
        }
        FromKind::Fifths => {
            let info = territory.figures().find(|figure| figure.name == name);
            (info.and_then(|info| info.source), fifths(territory, name))
        }
    };
    Said { layer: name.to_owned(), credit: Credit::of(source, name), texts }
}

/// The communes that hold an inner point of an area, and their départements.
fn holders<'a>(territory: &'a Territory, overlay: &Overlay) -> (BTreeSet<CommuneCode>, BTreeSet<&'a str>) {
    let inner = (0..overlay.areas().len()).filter_map(|row| overlay.outline(row)?.point_inside());
    inner
        .filter_map(|point| territory.locate(point).commune())
        .map(|commune| (commune.code, commune.departement.as_str()))
        .unzip()
}

/// The fifth of the population that each commune's number lies in, from `1` up. A commune is whole in one fifth: the
/// one in which its number is the quantile.
///
/// # Missing data
/// A commune without a number, or whose population is not known, has no fifth and moves no border.
fn fifths(territory: &Territory, figure: &str) -> Vec<Option<String>> {
    let known = |code| territory.figure(figure, code).and_then(FigureValue::known);
    let numbers: Vec<Option<f64>> = territory.communes().map(|commune| known(commune.code)).collect();
    let units: Vec<Unit> = territory
        .communes()
        .zip(&numbers)
        .map(|(commune, value)| Unit { value: *value, weight: commune.population.map_or(0.0, f64::from) })
        .collect();
    let Ok(distribution) = Distribution::new(&units) else { return vec![None; numbers.len()] };
    let borders: Vec<f64> =
        (1..FIFTHS).map(|part| distribution.quantile(f64::from(part) / f64::from(FIFTHS))).collect();
    let fifth = |number: f64| (1 + borders.iter().filter(|border| number > **border).count()).to_string();
    let weighed = numbers.into_iter().zip(units);
    weighed.map(|(number, unit)| number.filter(|_| unit.weight > 0.0).map(fifth)).collect()
}

/// Puts numbers for texts.
fn numbered(rule: &ClassRule, from: &From, said: Said) -> ClassColumn {
    let mut unread: BTreeMap<String, usize> = BTreeMap::new();
    let mapped: Vec<Option<&str>> = said
        .texts
        .iter()
        .map(|text| {
            let text = text.as_deref()?;
            let value = if from.map.is_empty() { Some(text) } else { from.map.get(text).map(String::as_str) };
            let listed =
                |value: &&str| rule.values.is_empty() || rule.values.iter().any(|known| known.key == **value);
            let value = value.filter(listed);
            if value.is_none() {
                *unread.entry(text.to_owned()).or_default() += 1;
            }
            value
        })
        .collect();
    let met: BTreeSet<&str> = mapped.iter().copied().flatten().collect();
    let values: Vec<String> = if rule.values.is_empty() {
        met.into_iter().map(str::to_owned).collect()
    } else {
        let met = |value: &&super::ValueRule| met.contains(value.key.as_str());
        rule.values.iter().filter(met).map(|value| value.key.clone()).collect()
    };
    let places: BTreeMap<&str, u16> = values.iter().map(String::as_str).zip(0..).collect();
    let of = mapped.into_iter().map(|value| value.and_then(|value| places.get(value).copied())).collect();
    ClassColumn {
        rule: rule.clone(),
        layer: said.layer,
        credit: said.credit,
        stand_in: from.stand_in,
        note: (from.note_fr.clone(), from.note_en.clone()),
        values,
        of,
        unread,
    }
}
