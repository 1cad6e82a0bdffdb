//! The map that can be zoomed: asked for on purpose, since it weighs more than all other pages together.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use desserte_territory::Commune;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::address::Links;
use super::area::{Link, PERIODS, Query, borrowed, what};
use super::assets;
use super::lang::Lang;
use super::page::{Frame, PageParams, message, problem, render};
use super::scale::{Class, Indicator};
use super::text;
use super::zoning::{self, Sign};
use crate::api::{blocking, window};
use crate::figures::Window;
use crate::problem::ApiError;
use crate::state::Shared;
use crate::zonings::{self, Zoned};

/// What the page of the map may load: its own script, the library and its worker, tiles and figures, all from here. Controls of
/// the library are drawn from data in its style sheet.
const POLICY: &str = "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "zoom.html")]
struct View {
    frame: Frame,
    debit: bool,
    what: &'static str,
    period: String,
    tabs: Vec<(String, String, bool)>,
    periods: Vec<Link>,
    zonings: Vec<Link>,
    zoned: Option<ZonedView>,
    classes: Vec<Class>,
    script: &'static str,
    fingerprint: String,
    bounds: String,
    zooms: (u8, u8),
    /// The query that figures and links share.
    query: String,
}

/// A zoning over the map.
struct ZonedView {
    label: String,
    /// Zones with their signs; what is outside has none.
    rows: Vec<(String, Option<Sign>)>,
    credit: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

fn view(shared: &Shared, query: &Query) -> Result<Response, ApiError> {
    let lang = query.lang;
    let Some(map) = &shared.map_files else {
        let words = lang.t("Ce collecteur n'a pas de carte à zoomer.", "This collector has no zoomable map.");
        let detail = lang.t(
            "Les cartes des départements se lisent sans elle, depuis la page d'accueil.",
            "The maps of départements can be read without it, from the first page.",
        );
        return Ok(message(StatusCode::NOT_FOUND, lang, words, Some(detail)));
    };
    let window = window(shared, query.jours, query.au.as_deref())?;
    let links = Links { shared, window: &window, lang };
    let chosen = shared.zonings().iter().find(|column| Some(&column.rule.key) == query.zonage.as_ref());
    let zoned = chosen.and_then(|column| Zoned::new(column, &zonings::rows(&shared.territory, &|_| true)));
    let key = zoned.as_ref().map(|zoned| zoned.column.rule.key.as_str());
    let own = |links: Links<'_>, indicator: Indicator, zoning: Option<&str>| {
        links.to("/carte", &borrowed(&query.parameters(indicator, zoning)))
    };
    let names = [
        (Indicator::Debit, lang.t("Débit descendant médian", "Median download")),
        (Indicator::Coupures, lang.t("Coupures", "Outages")),
    ];
    let current = query.indicateur;
    let mut parameters = vec![("indicateur", current.code())];
    parameters.extend(key.map(|key| ("zonage", key)));
    let shared_query = links.to("", &parameters);
    let path = own(Links { lang: Lang::Fr, ..links }, current, key);
    let period = |days: u16| {
        let other = Window { days, ..window };
        Link {
            label: text::days(days.into(), lang),
            address: own(Links { window: &other, ..links }, current, key),
            current: days == window.days,
        }
    };
    let choice = |chosen: Option<&str>, label: &str| Link {
        label: label.to_owned(),
        address: own(links, current, chosen),
        current: chosen == key,
    };
    let mut choices: Vec<Link> = shared
        .zonings()
        .iter()
        .map(|column| &column.rule)
        .map(|rule| choice(Some(&rule.key), lang.t(&rule.fr, &rule.en)))
        .collect();
    if !choices.is_empty() {
        choices.insert(0, choice(None, lang.t("aucun", "none")));
    }
    let title = format!("{} – {}", lang.t("Carte à zoomer", "Zoomable map"), what(query));
    let mut page = render(&View {
        frame: Frame::new(shared, lang, title, &path),
        debit: current == Indicator::Debit,
        what: what(query),
        period: text::period(&window, lang),
        tabs: names
            .map(|(indicator, label)| (label.to_owned(), own(links, indicator, key), indicator == current))
            .to_vec(),
        periods: PERIODS.into_iter().map(period).collect(),
        zonings: choices,
        zoned: zoned.as_ref().map(|zoned| ZonedView {
            label: lang.t(&zoned.column.rule.fr, &zoned.column.rule.en).to_owned(),
            rows: zoned
                .zones
                .iter()
                .map(|zone| (zoning::zone_words(zoned.column, zone, lang), zone.sign.map(zoning::sign)))
                .collect(),
            credit: zoned.column.credit.told(),
        }),
        classes: current.classes(lang),
        script: assets::ZOOM.address(),
        fingerprint: map.fingerprint.clone(),
        bounds: map.bounds.map(|degrees| format!("{degrees:.4}")).join(","),
        zooms: map.zooms,
        query: shared_query,
    })?;
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(page)
}

/// The classes of a département's communes on the map.
#[derive(Serialize)]
struct Classes {
    /// Class and words of each commune that is not *not measured*.
    communes: BTreeMap<String, (&'static str, String)>,
    /// Sign (zero: none) and words of the zone of each commune of which it is known; empty where no zoning is shown.
    zones: BTreeMap<String, (usize, String)>,
}

pub(super) async fn classes(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Result<Response, ApiError> {
    blocking(move || {
        let window = window(&shared, query.jours, query.au.as_deref())?;
        let found = shared.territory.departement(&code.to_ascii_uppercase());
        let departement = found.ok_or_else(|| ApiError::not_found("no such département"))?;
        let figures = shared.departement_figures(&departement.code, &window)?;
        let communes = figures.iter().map(|(code, figures)| {
            let class = query.indicateur.class_of(Some(figures));
            (code.to_string(), (class, query.indicateur.value(Some(figures), query.lang)))
        });
        let within = |commune: &Commune| commune.departement == departement.code;
        let column = shared.zonings().iter().find(|column| Some(&column.rule.key) == query.zonage.as_ref());
        let zoned = column.and_then(|column| Zoned::new(column, &zonings::rows(&shared.territory, &within)));
        let zones = zoned.iter().flat_map(|zoned| {
            zoned.of.keys().filter_map(|code| {
                let zone = zoned.zone(*code)?;
                let words = zoning::zone_words(zoned.column, zone, query.lang);
                Some((code.to_string(), (zone.sign.unwrap_or(0), words)))
            })
        });
        Ok(Json(Classes { communes: communes.collect(), zones: zones.collect() }).into_response())
    })
    .await
}
