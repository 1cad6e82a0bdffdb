//! The map of a département or intercommunality as one SVG file, for dashboards and print.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;

use super::area::{Group, Query, Signed, groups, signed, what};
use super::page::{PageParams, problem};
use super::zoning::{Tile, ZonedView};
use super::{text, zoning};
use crate::api::{blocking, window};
use crate::area::Area;
use crate::problem::ApiError;
use crate::state::{Shared, Sketch};

/// A file of this kind runs and loads nothing; its own style is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Height of a line of the legend, in the units of the view box.
const LINE: u32 = 52;

/// Between the title and the legend, and from the top of a line to the base of its text.
const GAP: u32 = 20;
const TEXT: u32 = 32;

#[derive(Template)]
#[template(path = "carte.svg", escape = "html")]
struct Carte {
    width: u32,
    height: u32,
    title: String,
    about: String,
    groups: Vec<Group>,
    signed: Vec<Signed>,
    tile: Tile,
    lines: Arc<str>,
    top: u32,
    legend: Vec<LegendLine>,
    zoned: Option<ZonedView>,
    signs: Vec<SignLine>,
}

/// A line of the legend of a zoning.
struct SignLine {
    d: &'static str,
    label: String,
    y: u32,
    base: u32,
}

struct LegendLine {
    class: &'static str,
    label: String,
    y: u32,
    base: u32,
}

pub(super) async fn departement(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let drawn = blocking(move || {
        let area = Area::departement(&shared.territory, &code);
        made(&shared, &area.ok_or_else(|| ApiError::not_found("no such département"))?, &query)
    });
    drawn.await.unwrap_or_else(|error| problem(error, lang))
}

pub(super) async fn epci(
    State(shared): State<Arc<Shared>>,
    Path(siren): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let drawn = blocking(move || {
        let area = Area::epci(&shared.territory, &siren);
        made(&shared, &area.ok_or_else(|| ApiError::not_found("no such intercommunality"))?, &query)
    });
    drawn.await.unwrap_or_else(|error| problem(error, lang))
}

fn made(shared: &Shared, area: &Area, query: &Query) -> Result<Response, ApiError> {
    let window = window(shared, query.jours, query.au.as_deref())?;
    let map = shared
        .map(area, Sketch::Whole)
        .ok_or_else(|| ApiError::not_found("no commune of it has an outline"))?;
    let figures = shared.figures_of(area, &window)?;
    let lang = query.lang;
    let links = super::address::Links { shared, window: &window, lang };
    let top = map.view_height + LINE;
    let legend = (0..).zip(query.indicateur.classes(lang)).map(|(line, class)| {
        let y = top + GAP + line * LINE;
        LegendLine { class: class.code, label: class.label, y, base: y + TEXT }
    });
    let legend: Vec<LegendLine> = legend.collect();
    let offered = zoning::offered(shared, area);
    let zoned = offered.iter().find(|zoned| Some(&zoned.column.rule.key) == query.zonage.as_ref());
    let communes = area.communes(&shared.territory).map(|commune| (commune.code, commune)).collect();
    let zones = zoned.map(|zoned| ZonedView::new(zoned, &communes, &figures, links));
    let first = legend.last().map_or(top, |line| line.base) + GAP;
    let signs = zones.iter().flat_map(|zoned| &zoned.rows).filter_map(|row| {
        let sign = row.sign.as_ref()?;
        Some((sign.d, format!("{}{} {}", zones.as_ref()?.label, lang.t("\u{a0}:", ":"), row.label)))
    });
    let signs: Vec<SignLine> = (0..)
        .zip(signs)
        .map(|(line, (d, label))| SignLine {
            d,
            label,
            y: first + line * LINE,
            base: first + line * LINE + TEXT,
        })
        .collect();
    let height = signs.last().map_or(first, |line| line.base) + LINE / 2;
    let mut about = text::period(&window, lang);
    if shared.demonstration {
        about.push_str(lang.t(". Données de démonstration", ". Demonstration data"));
    }
    let title = format!("{} – {}", area.label(&shared.territory), what(query));
    let title = if shared.demonstration {
        format!("{title} ({})", lang.t("démonstration", "demonstration"))
    } else {
        title
    };
    let carte = Carte {
        width: map.view_width,
        height,
        title,
        about,
        groups: groups(&map, &figures, zoned, query, links),
        signed: signed(&map, &figures, zoned, query),
        tile: Tile::of(Sketch::Whole),
        lines: zoned.map_or_else(|| "".into(), |zoned| shared.zone_lines(area, zoned, Sketch::Whole)),
        top,
        legend,
        zoned: zones,
        signs,
    };
    let text = carte.render().map_err(ApiError::internal)?;
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((headers, text).into_response())
}
