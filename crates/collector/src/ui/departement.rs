//! The map of a département and its twin, a table.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use desserte_model::CommuneCode;
use desserte_territory::drawing::DepartementMap;
use desserte_territory::{Commune, Departement};
use serde::Deserialize;

use super::address::Links;
use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use super::scale::{Class, Indicator};
use super::text;
use crate::api::{blocking, window};
use crate::figures::{CommuneFigures, OutageFigure, Window};
use crate::problem::ApiError;
use crate::state::Shared;

/// Periods offered, in days.
pub(super) const PERIODS: [u16; 3] = [7, 30, 90];

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    pub(super) lang: Lang,
    #[serde(default)]
    pub(super) indicateur: Indicator,
    pub(super) jours: Option<u16>,
    pub(super) au: Option<String>,
}

#[derive(Template)]
#[template(path = "departement.html")]
struct View {
    frame: Frame,
    name: String,
    what: &'static str,
    code: String,
    debit: bool,
    tabs: Vec<Link>,
    periods: Vec<Link>,
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
    api: String,
}

struct Link {
    label: String,
    address: String,
    current: bool,
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
    download: String,
    upload: String,
    outage: String,
    known: String,
    runs: String,
    probes: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &code, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

fn view(shared: &Shared, code: &str, query: &Query) -> Result<Response, ApiError> {
    let window = window(shared, query.jours, query.au.as_deref())?;
    let unknown = || ApiError::not_found("no such département");
    let code = code.to_ascii_uppercase();
    let departement = shared.territory.departement(&code).ok_or_else(unknown)?;
    let code = departement.code.as_str();
    let map = shared.map(code).ok_or_else(unknown)?;
    let rules = &shared.config.publication;
    let figures = shared.departement_figures(code, &window)?;
    let lang = query.lang;
    let links = Links { shared, window: &window, lang };

    let communes: BTreeMap<CommuneCode, &Commune> =
        shared.territory.communes_of_departement(code).map(|commune| (commune.code, commune)).collect();
    let shapes = shapes(&map, &figures, query, links);
    let legend = query
        .indicateur
        .classes(lang)
        .into_iter()
        .map(|class| {
            let communes = shapes.iter().filter(|shape| shape.class == class.code).count();
            LegendRow { class, communes }
        })
        .collect();
    let title = title(departement, query);
    let path = Links { lang: Lang::Fr, ..links }.departement(code, query.indicateur);
    View {
        frame: Frame::new(shared, lang, title, &path),
        name: departement.label().to_owned(),
        what: what(query),
        code: code.to_owned(),
        debit: query.indicateur == Indicator::Debit,
        tabs: tabs(code, query, links),
        periods: periods(code, query, links),
        from: text::day(window.period.start, lang),
        to: text::day(window.period.end.saturating_add_micros(-1), lang),
        view_box: map.view_box(),
        measured_words: measured_words(figures.len(), communes.len(), lang),
        rows: rows(&communes, &figures, links),
        shapes,
        legend,
        minimum_runs: rules.minimum_runs,
        minimum_known: text::hours(rules.minimum_known()),
        zoom: shared
            .map_files
            .is_some()
            .then(|| links.to("/carte", &[("indicateur", query.indicateur.code())])),
        svg: links.to(&format!("/departement/{code}/carte.svg"), &[("indicateur", query.indicateur.code())]),
        permalink: links
            .permalink(&format!("/departement/{code}"), &[("indicateur", query.indicateur.code())]),
        api: links.data(&format!("/departements/{code}")),
    }
    .answer()
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
                words: format!("{name}{} {value}", lang.t("\u{a0}:", ":")),
            }
        })
        .collect()
}

fn title(departement: &Departement, query: &Query) -> String {
    format!("{} – {}", departement.label(), what(query))
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

fn tabs(code: &str, query: &Query, links: Links<'_>) -> Vec<Link> {
    let lang = query.lang;
    let names = [
        (Indicator::Debit, lang.t("Débit descendant médian", "Median download")),
        (Indicator::Coupures, lang.t("Coupures", "Outages")),
    ];
    names
        .into_iter()
        .map(|(indicator, label)| Link {
            label: label.to_owned(),
            address: links.departement(code, indicator),
            current: indicator == query.indicateur,
        })
        .collect()
}

fn periods(code: &str, query: &Query, links: Links<'_>) -> Vec<Link> {
    PERIODS
        .into_iter()
        .map(|days| Link {
            label: text::days(days.into(), query.lang),
            address: Links { window: &Window { days, ..*links.window }, ..links }
                .departement(code, query.indicateur),
            current: days == links.window.days,
        })
        .collect()
}

/// Measured communes, by name. The others are named by the map and by their absence here.
fn rows(
    communes: &BTreeMap<CommuneCode, &Commune>,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
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
            download: Indicator::Debit.value(Some(figures), lang),
            upload: super::commune::rate_words(&figures.upload, lang),
            outage: Indicator::Coupures.value(Some(figures), lang),
            known: known(&figures.outage, window, lang),
            runs: text::count(figures.download.runs(), lang),
            probes: text::count(figures.probes, lang),
        })
        .collect()
}
