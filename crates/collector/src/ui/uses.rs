//! What the measured lines of a commune allowed, use by use.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use desserte_equity::verdict::Told;
use desserte_service::{Hours, UseFigure};
use serde::Deserialize;

use super::address::Links;
use super::commune::{asked, unknown};
use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use super::text;
use crate::api::{blocking, window};
use crate::figures::SiteUses;
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    jours: Option<u16>,
    au: Option<String>,
}

#[derive(Template)]
#[template(path = "uses.html")]
struct View {
    frame: Frame,
    name: String,
    commune: String,
    period: String,
    lines: String,
    /// Whether several lines are told, so that numbers are ranges over them.
    several: bool,
    rows: Vec<Row>,
    sets: String,
}

struct Row {
    name: String,
    when: String,
    window: String,
    value: String,
    /// What is not known makes it so.
    bounds: String,
    comfortable: String,
    /// Thousandths of the window: from, width.
    bar: Option<(String, String)>,
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
    let Some(commune) = asked(shared, code) else { return Ok(unknown(code, query.lang)) };
    let window = window(shared, query.jours, query.au.as_deref())?;
    let lang = query.lang;
    let links = Links { shared, window: &window, lang };
    let sites = shared.uses(commune.code, &window)?;
    let sets = shared.sets();
    let uses = &sets.uses;
    let rows = uses.uses.iter().enumerate().map(|(at, own)| {
        let when = &uses.windows[own.window];
        let figure =
            |level: fn(&UseFigure) -> &desserte_equity::verdict::Verdict<Hours>| summary(&sites, at, level);
        let minimum = figure(|found| &found.minimum);
        let comfortable = figure(|found| &found.comfortable);
        let window_hours = minimum.as_ref().map_or(0.0, |found| found.window);
        Row {
            name: lang.t(&own.fr, &own.en).to_owned(),
            when: lang.t(&when.fr, &when.en).to_owned(),
            window: text::decimal(window_hours, 0, lang),
            value: value(minimum.as_ref(), lang),
            bounds: bounds(minimum.as_ref(), lang),
            comfortable: value(comfortable.as_ref(), lang),
            bar: minimum.as_ref().and_then(bar),
        }
    });
    let name = commune.name.clone();
    let title = match lang {
        Lang::Fr => format!("{name} – ce que la ligne permettait"),
        Lang::En => format!("{name} – what the line allowed"),
    };
    let path = format!("/commune/{}/usages", commune.code);
    let count = u64::try_from(sites.len()).unwrap_or(u64::MAX);
    render(&View {
        frame: Frame::new(shared, lang, title, &links.without_language(&path, &[])),
        name,
        commune: links.commune(commune.code),
        period: text::period(&window, lang),
        lines: text::counted(
            count,
            ("ligne mesurée", "lignes mesurées"),
            ("measured line", "measured lines"),
            lang,
        ),
        several: sites.len() > 1,
        rows: rows.collect(),
        sets: sets.names().join(", "),
    })
}

/// Hours of a use over the sites that may be told.
struct Summary {
    /// Hours of the window in a week.
    window: f64,
    /// Least and most over the sites; `None` where no site has an estimate that may be told.
    told: Option<(f64, f64)>,
    /// Lowest lower and highest upper bound of the same sites.
    bounds: (f64, f64),
    /// Whether some figure is indicative only.
    indicative: bool,
    /// Sites that may be told, and all.
    sites: (usize, usize),
}

fn summary(
    sites: &[SiteUses],
    at: usize,
    level: impl Fn(&UseFigure) -> &desserte_equity::verdict::Verdict<Hours>,
) -> Option<Summary> {
    let mut found: Option<Summary> = None;
    for site in sites {
        let (hours, indicative) = match level(site.uses.get(at)?).told() {
            Told::Enough(hours) => (hours, false),
            Told::Indicative(hours, _) => (hours, true),
            Told::NotEnough(_) => continue,
        };
        let Some(value) = hours.hours else { continue };
        let own = found.get_or_insert(Summary {
            window: hours.window_hours,
            told: None,
            bounds: (hours.hours_low, hours.hours_high),
            indicative,
            sites: (0, sites.len()),
        });
        own.sites.0 += 1;
        own.told = Some(own.told.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
        own.bounds = (own.bounds.0.min(hours.hours_low), own.bounds.1.max(hours.hours_high));
        own.indicative |= indicative;
    }
    found
}

fn value(found: Option<&Summary>, lang: Lang) -> String {
    let Some((summary, (low, high))) = found.and_then(|found| Some((found, found.told?))) else {
        return lang.t("données insuffisantes", "not enough data").to_owned();
    };
    let range = hours(low, high, lang);
    let mut marks: Vec<String> = Vec::new();
    if summary.indicative {
        marks.push(lang.t("indicatif", "indicative").to_owned());
    }
    if summary.sites.0 < summary.sites.1 {
        let (told, all) = summary.sites;
        marks.push(match lang {
            Lang::Fr => format!("{told}\u{a0}ligne(s) sur {all}"),
            Lang::En => format!("{told} of {all}\u{a0}lines"),
        });
    }
    let mark = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    let per_week = lang.t("h par semaine", "h a week");
    format!("{range}\u{a0}{per_week}{mark}")
}

fn bounds(found: Option<&Summary>, lang: Lang) -> String {
    found.map_or_else(String::new, |found| {
        let range = hours(found.bounds.0, found.bounds.1, lang);
        format!("{range}\u{a0}h")
    })
}

/// `34` or `34 à 39`.
fn hours(low: f64, high: f64, lang: Lang) -> String {
    let number = |hours: f64| text::decimal(hours, 0, lang);
    let (low, high) = (number(low), number(high));
    if low == high { low } else { format!("{low} {} {high}", lang.t("à", "to")) }
}

fn bar(found: &Summary) -> Option<(String, String)> {
    let (low, high) = found.told?;
    let part = |hours: f64| 1_000.0 * hours / found.window;
    Some((format!("{:.0}", part(low)), format!("{:.0}", part(high - low).max(0.0))))
}
