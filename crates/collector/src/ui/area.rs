//! The map of a département or of an intercommunality and its twin, a table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use desserte_model::CommuneCode;
use desserte_territory::Commune;
use desserte_territory::drawing::DepartementMap;
use serde::Deserialize;

use super::address::Links;
use super::epci::EpciView;
use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use super::scale::{Class, Indicator};
use super::zoning::ZonedView;
use super::{text, zoning};
use crate::api::{blocking, window};
use crate::area::Area;
use crate::figures::{CommuneFigures, OutageFigure, Window};
use crate::problem::ApiError;
use crate::state::Shared;
use crate::zonings::Zoned;

/// Periods offered, in days.
pub(super) const PERIODS: [u16; 3] = [7, 30, 90];

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    pub(super) lang: Lang,
    #[serde(default)]
    pub(super) indicateur: Indicator,
    /// Zoning shown over the figures.
    pub(super) zonage: Option<String>,
    pub(super) jours: Option<u16>,
    pub(super) au: Option<String>,
}

impl Query {
    /// What of the question is no period, for addresses that keep it.
    pub(super) fn parameters(
        &self,
        indicator: Indicator,
        zoning: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let chosen = (indicator != Indicator::default()).then(|| ("indicateur", indicator.code().to_owned()));
        let zoned = zoning.map(|key| ("zonage", key.to_owned()));
        chosen.into_iter().chain(zoned).collect()
    }
}

#[derive(Template)]
#[template(path = "area.html")]
struct View {
    frame: Frame,
    name: String,
    what: &'static str,
    code: String,
    debit: bool,
    /// What an intercommunality's page says beside; `None` on that of a département.
    epci: Option<EpciView>,
    /// Intercommunalities of a département.
    parts: Vec<Link>,
    tabs: Vec<Link>,
    periods: Vec<Link>,
    zonings: Vec<Link>,
    /// The zoning asked for, or that it cannot be shown.
    zoned: Option<ZonedView>,
    no_zoning: bool,
    from: String,
    to: String,
    view_box: String,
    shapes: Vec<Shape>,
    legend: Vec<LegendRow>,
    rows: Vec<TableRow>,
    measured_words: String,
    minimum_runs: u64,
    minimum_known: String,
    permalink: String,
    /// Address of the map that can be zoomed; none without its files.
    zoom: Option<String>,
    svg: String,
    /// The same data for programs: a file for each département.
    api: Vec<Link>,
}

pub(super) struct Link {
    pub(super) label: String,
    pub(super) address: String,
    pub(super) current: bool,
}

/// A commune on the map.
pub(super) struct Shape {
    pub(super) d: String,
    pub(super) class: &'static str,
    pub(super) address: String,
    pub(super) words: String,
}

struct LegendRow {
    class: Class,
    communes: usize,
}

struct TableRow {
    name: String,
    address: String,
    /// The zone, where a zoning is shown.
    zone: String,
    download: String,
    upload: String,
    outage: String,
    known: String,
    runs: String,
    probes: String,
}

pub(super) async fn departement(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let made = blocking(move || {
        let unknown = || ApiError::not_found("no such département");
        let area = Area::departement(&shared.territory, &code).ok_or_else(unknown)?;
        view(&shared, &area, &query)
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}

pub(super) async fn epci(
    State(shared): State<Arc<Shared>>,
    Path(siren): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let made = blocking(move || {
        let unknown = || ApiError::not_found("no such intercommunality");
        let area = Area::epci(&shared.territory, &siren).ok_or_else(unknown)?;
        view(&shared, &area, &query)
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}

fn view(shared: &Shared, area: &Area, query: &Query) -> Result<Response, ApiError> {
    let window = window(shared, query.jours, query.au.as_deref())?;
    let territory = &shared.territory;
    let map = shared.map(area).ok_or_else(|| ApiError::not_found("no commune of it has an outline"))?;
    let rules = &shared.config.publication;
    let figures = shared.figures_of(area, &window)?;
    let lang = query.lang;
    let links = Links { shared, window: &window, lang };

    let communes: BTreeMap<CommuneCode, &Commune> =
        area.communes(territory).map(|commune| (commune.code, commune)).collect();
    let offered = zoning::offered(shared, area);
    let asked = query.zonage.as_deref();
    let zoned = offered.iter().find(|zoned| Some(zoned.column.rule.key.as_str()) == asked);
    let shapes = shapes(&map, &figures, zoned, query, links);
    let legend = query
        .indicateur
        .classes(lang)
        .into_iter()
        .map(|class| {
            let communes = shapes.iter().filter(|shape| shape.class == class.code).count();
            LegendRow { class, communes }
        })
        .collect();
    let own = Own { area, query, zoning: zoned.map(|zoned| zoned.column.rule.key.as_str()), links };
    let label = area.label(territory);
    let title = format!("{label} – {}", what(query));
    View {
        frame: Frame::new(
            shared,
            lang,
            title,
            &Own { links: Links { lang: Lang::Fr, ..links }, ..own }.address(query.indicateur, own.zoning),
        ),
        name: label.to_owned(),
        what: what(query),
        code: area.code().to_owned(),
        debit: query.indicateur == Indicator::Debit,
        epci: matches!(area, Area::Epci(_)).then(|| EpciView::new(&communes, &figures, links)),
        parts: parts(area, &communes, links),
        tabs: own.tabs(),
        periods: own.periods(),
        zonings: own.zonings(&offered),
        no_zoning: asked.is_some() && zoned.is_none(),
        zoned: zoned.map(|zoned| ZonedView::new(zoned, area, &communes, &figures, links)),
        from: text::day(window.period.start, lang),
        to: text::day(window.period.end.saturating_add_micros(-1), lang),
        view_box: map.view_box(),
        measured_words: measured_words(figures.len(), communes.len(), lang),
        rows: rows(&communes, &figures, zoned, links),
        shapes,
        legend,
        minimum_runs: rules.minimum_runs,
        minimum_known: text::hours(rules.minimum_known()),
        zoom: shared.map_files.is_some().then(|| own.to("/carte")),
        svg: own.to(&format!("{}/carte.svg", area.path())),
        permalink: links.permalink(&area.path(), &borrowed(&query.parameters(query.indicateur, own.zoning))),
        api: departements(&communes)
            .into_iter()
            .map(|code| Link {
                label: code.to_owned(),
                address: links.data(&format!("/departements/{code}")),
                current: false,
            })
            .collect(),
    }
    .answer()
}

/// The départements of communes, in the order of their codes.
pub(super) fn departements<'a>(communes: &BTreeMap<CommuneCode, &'a Commune>) -> BTreeSet<&'a str> {
    communes.values().map(|commune| commune.departement.as_str()).collect()
}

/// Intercommunalities that a département has a commune of.
fn parts(area: &Area, communes: &BTreeMap<CommuneCode, &Commune>, links: Links<'_>) -> Vec<Link> {
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

/// Addresses of this page and of those beside it.
#[derive(Clone, Copy)]
struct Own<'a> {
    area: &'a Area,
    query: &'a Query,
    zoning: Option<&'a str>,
    links: Links<'a>,
}

impl Own<'_> {
    fn address(self, indicator: Indicator, zoning: Option<&str>) -> String {
        self.links.to(&self.area.path(), &borrowed(&self.query.parameters(indicator, zoning)))
    }

    /// Another page with the same indicator and zoning.
    fn to(self, path: &str) -> String {
        self.links.to(path, &borrowed(&self.query.parameters(self.query.indicateur, self.zoning)))
    }

    fn tabs(self) -> Vec<Link> {
        let lang = self.query.lang;
        let names = [
            (Indicator::Debit, lang.t("Débit descendant médian", "Median download")),
            (Indicator::Coupures, lang.t("Coupures", "Outages")),
        ];
        let tab = |(indicator, label): (Indicator, &str)| Link {
            label: label.to_owned(),
            address: self.address(indicator, self.zoning),
            current: indicator == self.query.indicateur,
        };
        names.into_iter().map(tab).collect()
    }

    fn periods(self) -> Vec<Link> {
        let period = |days: u16| {
            let window = Window { days, ..*self.links.window };
            Link {
                label: text::days(days.into(), self.query.lang),
                address: Own { links: Links { window: &window, ..self.links }, ..self }
                    .address(self.query.indicateur, self.zoning),
                current: days == self.links.window.days,
            }
        };
        PERIODS.into_iter().map(period).collect()
    }

    /// The zonings offered, none first; empty where there is none to offer.
    fn zonings(self, offered: &[Zoned<'_>]) -> Vec<Link> {
        if offered.is_empty() {
            return Vec::new();
        }
        let link = |key: Option<&str>, label: &str| Link {
            label: label.to_owned(),
            address: self.address(self.query.indicateur, key),
            current: key == self.zoning,
        };
        let lang = self.query.lang;
        let each = offered.iter().map(|zoned| {
            let rule = &zoned.column.rule;
            link(Some(&rule.key), lang.t(&rule.fr, &rule.en))
        });
        std::iter::once(link(None, lang.t("aucun", "none"))).chain(each).collect()
    }
}

/// Parameters as links take them.
pub(super) fn borrowed<'a>(of: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    of.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

impl View {
    fn answer(&self) -> Result<Response, ApiError> {
        render(self)
    }
}

/// The communes of a map with their class and words.
pub(super) fn shapes(
    map: &DepartementMap,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    zoned: Option<&Zoned<'_>>,
    query: &Query,
    links: Links<'_>,
) -> Vec<Shape> {
    let Links { shared, lang, .. } = links;
    map.communes
        .iter()
        .map(|path| {
            let figures = figures.get(&path.code);
            let name = shared.territory.commune(path.code).map_or("", |commune| &commune.name);
            let value = query.indicateur.value(figures, lang);
            Shape {
                d: path.d.clone(),
                class: query.indicateur.class_of(figures),
                address: links.commune(path.code),
                words: match zoned {
                    Some(zoned) => format!(
                        "{name}{} {value} ({})",
                        lang.t("\u{a0}:", ":"),
                        zoning::words_of(zoned, path.code, lang)
                    ),
                    None => format!("{name}{} {value}", lang.t("\u{a0}:", ":")),
                },
            }
        })
        .collect()
}

pub(super) const fn what(query: &Query) -> &'static str {
    match query.indicateur {
        Indicator::Debit => query.lang.t("débit descendant médian", "median download"),
        Indicator::Coupures => query.lang.t("coupures", "outages"),
    }
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

fn measured_words(measured: usize, total: usize, lang: Lang) -> String {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let french = ("commune avec des mesures", "communes avec des mesures");
    let english = ("commune with measurements", "communes with measurements");
    let measured = text::counted(number(measured), french, english, lang);
    format!("{measured} {} {}.", lang.t("sur", "out of"), text::count(number(total), lang))
}

/// Measured communes, by name. The others are named by the map and by their absence here.
fn rows(
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
            upload: super::commune::rate_words(&figures.upload, lang),
            outage: Indicator::Coupures.value(Some(figures), lang),
            known: known(&figures.outage, window, lang),
            runs: text::count(figures.download.runs(), lang),
            probes: text::count(figures.probes, lang),
        })
        .collect()
}
