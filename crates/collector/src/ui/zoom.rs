//! The map that can be zoomed: asked for on purpose, since it weighs more than all other pages together.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use desserte_territory::{Commune, Territory};
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
use crate::area::Area;
use crate::figures::Window;
use crate::problem::ApiError;
use crate::state::Shared;
use crate::zonings::{self, Zoned};

/// What the page of the map may load: its own script, the library and its worker, tiles and figures, all from here. Controls of
/// the library are drawn from data in its style sheet.
const POLICY: &str = "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// West, south, east and north of mainland France with Corsica, in degrees, a little less than more, so that tiles of all of it hold it.
const MAINLAND: [f64; 4] = [-5.1, 41.4, 9.5, 51.05];

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
    /// What is in view at first.
    opening: String,
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
        let mut parameters = query.parameters(indicator, zoning);
        parameters.extend(query.departement.as_ref().map(|code| ("departement", code.clone())));
        links.to("/carte", &borrowed(&parameters))
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
        bounds: degrees(map.bounds),
        opening: degrees(opening(shared, map.bounds, query.departement.as_deref())),
        zooms: map.zooms,
        query: shared_query,
    })?;
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(page)
}

/// West, south, east and north as the script reads them.
fn degrees(bounds: [f64; 4]) -> String {
    bounds.map(|degrees| format!("{degrees:.4}")).join(",")
}

/// What is in view at first: the département that the reader comes from; else the mainland, since a map that holds all of overseas
/// would open on the oceans; else all that the tiles hold.
fn opening(shared: &Shared, tiles: [f64; 4], departement: Option<&str>) -> [f64; 4] {
    let area = departement.and_then(|code| Area::departement(&shared.territory, code));
    if let Some(bounds) = area.and_then(|area| bounds_of(&shared.territory, &area)) {
        return bounds;
    }
    opening_of(tiles)
}

fn opening_of(tiles: [f64; 4]) -> [f64; 4] {
    let [west, south, east, north] = tiles;
    let holds = west <= MAINLAND[0] && south <= MAINLAND[1] && east >= MAINLAND[2] && north >= MAINLAND[3];
    if holds { MAINLAND } else { tiles }
}

/// West, south, east and north of an area's communes; `None` where none has an outline.
fn bounds_of(territory: &Territory, area: &Area) -> Option<[f64; 4]> {
    let outlines = area.communes(territory).filter_map(|commune| territory.outline(commune.code));
    outlines.map(|outline| outline.bounds()).fold(None, |all: Option<[f64; 4]>, one| {
        let (min, max) = (one.min(), one.max());
        let [west, south, east, north] = all.unwrap_or([min.x, min.y, max.x, max.y]);
        Some([west.min(min.x), south.min(min.y), east.max(max.x), north.max(max.y)])
    })
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

#[cfg(test)]
mod tests {
    use desserte_territory::synthetic;

    use super::*;

    #[test]
    fn the_ground_of_an_area_is_that_of_its_communes() {
        let territory = synthetic::territory(1);
        let of = |area: &Area| bounds_of(&territory, area).unwrap();
        let whole = of(&Area::departement(&territory, "99").unwrap());
        for epci in territory.epcis() {
            let part = of(&Area::epci(&territory, &epci.siren).unwrap());
            assert!(part[0] >= whole[0] && part[1] >= whole[1] && part[2] <= whole[2] && part[3] <= whole[3]);
            assert!(part[0] < part[2] && part[1] < part[3]);
        }
        assert!(bounds_of(&territory, &Area::Departement("23".to_owned())).is_none());
    }

    #[test]
    fn a_map_with_overseas_opens_on_the_mainland_and_one_without_on_all() {
        let france = [-63.153_1, -21.389_7, 55.836_7, 51.089_0];
        assert_eq!(degrees(opening_of(france)), degrees(MAINLAND));
        let creuse = [1.37, 45.66, 2.61, 46.46];
        assert_eq!(degrees(opening_of(creuse)), degrees(creuse));
    }
}
