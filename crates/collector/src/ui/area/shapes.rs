//! The communes of a map, those that look the same together: what they share is written once.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;
use desserte_territory::drawing::DepartementMap;

use super::super::address::Links;
use super::super::zoning;
use super::Query;
use crate::figures::CommuneFigures;
use crate::zonings::Zoned;

/// Communes of one class and one zone.
pub(in crate::ui) struct Group {
    pub(in crate::ui) class: &'static str,
    /// Name of the pattern that they are filled with.
    pub(in crate::ui) fill: String,
    /// The class in words, and the zone where a zoning is shown.
    pub(in crate::ui) label: String,
    pub(in crate::ui) shapes: Vec<Shape>,
}

/// A commune on the map.
pub(in crate::ui) struct Shape {
    pub(in crate::ui) d: String,
    pub(in crate::ui) address: String,
    pub(in crate::ui) words: String,
}

/// A pattern of a class with the sign of a zone over it.
pub(in crate::ui) struct Signed {
    pub(in crate::ui) class: &'static str,
    pub(in crate::ui) sign: usize,
}

/// The communes of a map, from the first class of the legend to the last, squares in the place of small communes over all others.
pub(in crate::ui) fn groups(
    map: &DepartementMap,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    zoned: Option<&Zoned<'_>>,
    query: &Query,
    links: Links<'_>,
) -> Vec<Group> {
    let Links { shared, lang, .. } = links;
    let classes = query.indicateur.classes(lang);
    let mut found: BTreeMap<(bool, usize, Option<usize>), Group> = BTreeMap::new();
    for path in &map.communes {
        let figures = figures.get(&path.code);
        let class = query.indicateur.class_of(figures);
        let place = classes.iter().position(|known| known.code == class).unwrap_or(classes.len());
        let zone = zoned.and_then(|zoned| zoned.of.get(&path.code).copied());
        let zone_words = zoned.map(|zoned| zoning::words_of(zoned, path.code, lang));
        let name = shared.territory.commune(path.code).map_or("", |commune| &commune.name);
        let value = query.indicateur.value(figures, lang);
        let colon = lang.t("\u{a0}:", ":");
        let words = match &zone_words {
            Some(zone) => format!("{name}{colon} {value} ({zone})"),
            None => format!("{name}{colon} {value}"),
        };
        let group = found.entry((path.is_marker, place, zone)).or_insert_with(|| {
            let label = classes.get(place).map_or(class, |class| &class.label);
            Group {
                class,
                fill: match zoned.and_then(|zoned| zoned.zone(path.code)?.sign) {
                    Some(sign) => format!("k-{class}-{sign}"),
                    None => format!("k-{class}"),
                },
                label: zone_words.map_or_else(|| label.to_owned(), |zone| format!("{label}, {zone}")),
                shapes: Vec::new(),
            }
        });
        group.shapes.push(Shape { d: path.d.clone(), address: links.commune(path.code), words });
    }
    found.into_values().collect()
}

/// The patterns of classes and signs together that a map needs.
pub(in crate::ui) fn signed(
    map: &DepartementMap,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    zoned: Option<&Zoned<'_>>,
    query: &Query,
) -> Vec<Signed> {
    let Some(zoned) = zoned else { return Vec::new() };
    let pairs: BTreeSet<(&'static str, usize)> = map
        .communes
        .iter()
        .filter_map(|path| {
            let class = query.indicateur.class_of(figures.get(&path.code));
            Some((class, zoned.zone(path.code)?.sign?))
        })
        .collect();
    pairs.into_iter().map(|(class, sign)| Signed { class, sign }).collect()
}
