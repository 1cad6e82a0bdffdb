//! The map of a département as one SVG file, for dashboards and print.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;

use super::departement::{Query, Shape, shapes, what};
use super::page::{PageParams, problem};
use super::text;
use crate::api::{blocking, window};
use crate::problem::ApiError;
use crate::state::Shared;

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
    shapes: Vec<Shape>,
    top: u32,
    legend: Vec<LegendLine>,
}

struct LegendLine {
    class: &'static str,
    label: String,
    y: u32,
    base: u32,
}

pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || made(&shared, &code, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

fn made(shared: &Shared, code: &str, query: &Query) -> Result<Response, ApiError> {
    let window = window(shared, query.jours, query.au.as_deref())?;
    let unknown = || ApiError::not_found("no such département");
    let code = code.to_ascii_uppercase();
    let departement = shared.territory.departement(&code).ok_or_else(unknown)?;
    let map = shared.map(&departement.code).ok_or_else(unknown)?;
    let figures = shared.departement_figures(&departement.code, &window)?;
    let lang = query.lang;
    let links = super::address::Links { shared, window: &window, lang };
    let top = map.view_height + LINE;
    let legend = (0..).zip(query.indicateur.classes(lang)).map(|(line, class)| {
        let y = top + GAP + line * LINE;
        LegendLine { class: class.code, label: class.label, y, base: y + TEXT }
    });
    let legend: Vec<LegendLine> = legend.collect();
    let height = legend.last().map_or(top, |line| line.base) + LINE / 2;
    let mut about = text::period(&window, lang);
    if shared.demonstration {
        about.push_str(lang.t(". Données de démonstration", ". Demonstration data"));
    }
    let title = format!("{} – {}", departement.label(), what(query));
    let title = if shared.demonstration {
        format!("{title} ({})", lang.t("démonstration", "demonstration"))
    } else {
        title
    };
    let shapes = shapes(&map, &figures, query, links);
    let carte = Carte { width: map.view_width, height, title, about, shapes, top, legend };
    let text = carte.render().map_err(ApiError::internal)?;
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((headers, text).into_response())
}
