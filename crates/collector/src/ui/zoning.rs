//! A zoning over a map: lines between zones and signs in them, never a colour, and its twin, a table.

use std::collections::BTreeMap;

use desserte_ledger::ClassColumn;
use desserte_model::CommuneCode;
use desserte_territory::Commune;

use super::address::Links;
use super::lang::Lang;
use super::text;
use crate::area::Area;
use crate::figures::CommuneFigures;
use crate::state::{Shared, Sketch};
use crate::zonings::{self, SIGNS, Zone, Zoned};

/// The signs, each as path data in a square of 72 units; the map that can be zoomed draws the same.
const DRAWN: [&str; SIGNS] = [
    "M23 36a13 13 0 1 0 26 0a13 13 0 1 0-26 0z",
    "M24 24h24v24h-24z",
    "M36 22l15 26h-30z",
    "M36 20l16 16-16 16-16-16z",
    "M36 20v32M20 36h32",
    "M24 24l24 24M48 24l-24 24",
    "M22 30h28M22 42h28",
    "M30 22v28M42 22v28",
];

/// What a page says of a zoning.
pub(super) struct ZonedView {
    pub(super) label: String,
    pub(super) rows: Vec<ZoneRow>,
    /// Communes of which nothing is known.
    pub(super) unknown: Option<String>,
    pub(super) credit: String,
    pub(super) stand_in: bool,
    pub(super) note: Option<String>,
}

/// A zone.
pub(super) struct ZoneRow {
    pub(super) label: String,
    pub(super) sign: Option<Sign>,
    pub(super) count: String,
    pub(super) measured: String,
    /// Names and addresses.
    pub(super) communes: Vec<(String, String)>,
}

/// How large signs are drawn on a map, in the units of its view box: a multiple of what patterns repeat after, so that these go on from
/// sign to sign.
pub(super) struct Tile {
    /// From one sign to the next.
    pub(super) side: f64,
    /// Of the square that signs are drawn in.
    pub(super) scale: f64,
}

impl Tile {
    pub(super) const fn of(sketch: Sketch) -> Self {
        match sketch {
            Sketch::Page => Self { side: 43.2, scale: 0.6 },
            Sketch::Whole => Self { side: 64.8, scale: 0.9 },
        }
    }
}

/// How a zone is drawn.
pub(super) struct Sign {
    pub(super) number: usize,
    pub(super) d: &'static str,
}

impl ZonedView {
    pub(super) fn new(
        zoned: &Zoned<'_>,
        communes: &BTreeMap<CommuneCode, &Commune>,
        figures: &BTreeMap<CommuneCode, CommuneFigures>,
        links: Links<'_>,
    ) -> Self {
        let lang = links.lang;
        let rows = zoned.zones.iter().enumerate().map(|(place, zone)| {
            let within = |code: &&CommuneCode| zoned.of.get(code) == Some(&place);
            let mut own: Vec<&Commune> =
                communes.keys().filter(within).filter_map(|code| communes.get(code).copied()).collect();
            own.sort_by_cached_key(|commune| (text::sort_key(&commune.name), commune.code));
            let measured = own.iter().filter(|commune| figures.contains_key(&commune.code)).count();
            ZoneRow {
                label: zone_words(zoned.column, zone, lang),
                sign: zone.sign.map(sign),
                count: number(own.len(), lang),
                measured: number(measured, lang),
                communes: own
                    .into_iter()
                    .map(|commune| (commune.name.clone(), links.commune(commune.code)))
                    .collect(),
            }
        });
        let unknown = communes.len() - zoned.of.len();
        let column = zoned.column;
        let note = lang.t(&column.note.0, &column.note.1);
        Self {
            label: lang.t(&column.rule.fr, &column.rule.en).to_owned(),
            rows: rows.collect(),
            unknown: (unknown > 0).then(|| number(unknown, lang)),
            credit: column.credit.told(),
            stand_in: column.stand_in,
            note: (!note.is_empty()).then(|| note.to_owned()),
        }
    }
}

/// The zonings that an area's map can show.
pub(super) fn offered<'a>(shared: &'a Shared, area: &Area) -> Vec<Zoned<'a>> {
    let communes = zonings::rows(&shared.territory, &|commune| area.holds(commune));
    shared.zonings().iter().filter_map(|column| Zoned::new(column, &communes)).collect()
}

/// A commune's zone in words.
pub(super) fn words_of(zoned: &Zoned<'_>, commune: CommuneCode, lang: Lang) -> String {
    zoned.zone(commune).map_or_else(
        || lang.t("zonage non connu", "zone not known").to_owned(),
        |zone| zone_words(zoned.column, zone, lang),
    )
}

/// A zone in the words of its class; as tables have it where the class has none.
pub(super) fn zone_words(column: &ClassColumn, zone: &Zone, lang: Lang) -> String {
    let rule = column.rule.values.iter().find(|rule| rule.key == zone.value);
    rule.map_or_else(|| zone.value.clone(), |rule| lang.t(&rule.fr, &rule.en).to_owned())
}

/// How the zone of this number is drawn, counted from one.
pub(super) fn sign(number: usize) -> Sign {
    let place = (number - 1) % SIGNS;
    Sign { number, d: DRAWN[place] }
}

fn number(of: usize, lang: Lang) -> String {
    text::count(u64::try_from(of).unwrap_or(u64::MAX), lang)
}
