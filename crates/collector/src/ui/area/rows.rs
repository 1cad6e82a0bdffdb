//! What an area's page tells of its communes beside the map: rows of the table, words.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;
use desserte_territory::Commune;

use super::super::address::Links;
use super::super::lang::Lang;
use super::super::scale::Indicator;
use super::super::{commune_words, text, zoning};
use super::Link;
use crate::area::Area;
use crate::figures::{CommuneFigures, OutageFigure, Window};
use crate::zonings::Zoned;

/// A row of the table.
pub(super) struct TableRow {
    pub(super) name: String,
    pub(super) address: String,
    /// The zone, where a zoning is shown.
    pub(super) zone: String,
    pub(super) download: String,
    pub(super) upload: String,
    pub(super) outage: String,
    pub(super) known: String,
    pub(super) runs: String,
    pub(super) probes: String,
}

/// The départements of communes, in the order of their codes.
pub(in crate::ui) fn departements<'a>(communes: &BTreeMap<CommuneCode, &'a Commune>) -> BTreeSet<&'a str> {
    communes.values().map(|commune| commune.departement.as_str()).collect()
}

/// Intercommunalities that a département has a commune of.
pub(super) fn parts(area: &Area, communes: &BTreeMap<CommuneCode, &Commune>, links: Links<'_>) -> Vec<Link> {
    if matches!(area, Area::Epci(_)) {
        return Vec::new();
    }
    let sirens: BTreeSet<&str> = communes.values().filter_map(|commune| commune.epci.as_deref()).collect();
    let mut parts: Vec<Link> = sirens
        .into_iter()
        .filter_map(|siren| {
            let label = links.shared.territory.epci(siren)?.label().to_owned();
            Some(Link { label, address: links.to(&format!("/epci/{siren}"), &[]), current: false })
        })
        .collect();
    parts.sort_by_cached_key(|part| text::sort_key(&part.label));
    parts
}

/// Share of the period during which the state of the lines is known.
fn known(figure: &OutageFigure, window: &Window, lang: Lang) -> String {
    match figure {
        OutageFigure::NotMeasured => lang.t("non mesuré", "not measured").to_owned(),
        OutageFigure::NotEnough { known } => {
            let share = known.as_secs_f64() / window.period.length().as_secs_f64();
            format!("{} {}", text::percent(share, lang), lang.t("au plus", "at most"))
        }
        OutageFigure::Measured(numbers) => text::percent(numbers.known_ratio, lang),
    }
}

pub(super) fn measured_words(measured: usize, total: usize, lang: Lang) -> String {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let french = ("commune avec des mesures", "communes avec des mesures");
    let english = ("commune with measurements", "communes with measurements");
    let measured = text::counted(number(measured), french, english, lang);
    format!("{measured} {} {}.", lang.t("sur", "out of"), text::count(number(total), lang))
}

/// Measured communes, by name. The others are named by the map and by their absence here.
pub(super) fn rows(
    communes: &BTreeMap<CommuneCode, &Commune>,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    zoned: Option<&Zoned<'_>>,
    links: Links<'_>,
) -> Vec<TableRow> {
    let Links { window, lang, .. } = links;
    let mut measured: Vec<_> =
        figures.iter().filter_map(|(code, figures)| Some((*communes.get(code)?, figures))).collect();
    measured.sort_by_cached_key(|(commune, _)| (text::sort_key(&commune.name), commune.code));
    measured
        .into_iter()
        .map(|(commune, figures)| TableRow {
            name: commune.name.clone(),
            address: links.commune(commune.code),
            zone: zoned.map_or_else(String::new, |zoned| zoning::words_of(zoned, commune.code, lang)),
            download: Indicator::Debit.value(Some(figures), lang),
            upload: commune_words::rate_words(&figures.upload, lang),
            outage: Indicator::Coupures.value(Some(figures), lang),
            known: known(&figures.outage, window, lang),
            runs: text::count(figures.download.runs(), lang),
            probes: text::count(figures.probes, lang),
        })
        .collect()
}
