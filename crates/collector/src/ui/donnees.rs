//! What there is of open data: the files of an export by month and département, and the interface for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::Uri;
use serde::Deserialize;

use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use super::text;
use crate::api::blocking;
use crate::problem::ApiError;
use crate::state::Shared;

/// Months offered: three years; older ones are in `SHA256SUMS`.
const MONTHS_MAX: usize = 36;

/// The tables of a month and département, by the beginning of their files' names.
const TABLES: [&str; 3] = ["communes", "zones", "jours"];

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    /// The month shown; the last one that there is when absent.
    mois: Option<String>,
}

#[derive(Template)]
#[template(path = "open-data.html")]
struct View {
    frame: Frame,
    /// Files about the whole export, with what they are.
    about: Vec<(File, &'static str)>,
    months: Vec<Month>,
    /// The month that is shown, in words.
    shown: Option<String>,
    rows: Vec<Row>,
}

struct Month {
    label: String,
    address: String,
    current: bool,
}

struct Row {
    departement: String,
    /// Files of each of the three tables.
    tables: Vec<Vec<File>>,
}

struct File {
    path: String,
    /// The ending in capitals, or the whole name.
    label: String,
    size: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

/// The folder itself leads to the page that lists it.
pub(super) async fn here(uri: Uri) -> Response {
    Redirect::to(&format!("/donnees-ouvertes{}", Lang::of(&uri).query())).into_response()
}

fn view(shared: &Shared, query: &Query) -> Result<Response, ApiError> {
    let lang = query.lang;
    let paths = shared.open_data.paths().map_err(ApiError::internal)?;
    let (dated, about): (Vec<&str>, Vec<&str>) =
        paths.iter().map(String::as_str).partition(|path| path.contains('/'));
    let months: BTreeSet<&str> = dated.iter().filter_map(|path| Some(path.split_once('/')?.0)).collect();
    let asked = query.mois.as_deref().and_then(|asked| months.get(asked));
    let shown = asked.or_else(|| months.last()).copied();
    let title = lang.t("Données ouvertes", "Open data").to_owned();
    let own = asked.map_or_else(|| "/donnees-ouvertes".to_owned(), |month| address(month, Lang::Fr));
    render(&View {
        frame: Frame::new(shared, lang, title, &own),
        about: about.into_iter().map(|path| (file(shared, path, lang), meaning(path, lang))).collect(),
        months: months
            .iter()
            .rev()
            .take(MONTHS_MAX)
            .map(|month| Month {
                label: text::month(month, lang),
                address: address(month, lang),
                current: Some(*month) == shown,
            })
            .collect(),
        rows: shown.map_or_else(Vec::new, |month| rows(shared, &dated, month, lang)),
        shown: shown.map(|month| text::month(month, lang)),
    })
}

fn address(month: &str, lang: Lang) -> String {
    format!("/donnees-ouvertes?mois={month}{}", lang.t("", "&lang=en"))
}

/// The files of a month, a row for each département.
fn rows(shared: &Shared, dated: &[&str], month: &str, lang: Lang) -> Vec<Row> {
    let mut rows: BTreeMap<&str, Vec<Vec<File>>> = BTreeMap::new();
    for path in dated {
        let mut parts = path.splitn(3, '/');
        let (Some(of), Some(departement), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let table = TABLES.iter().position(|table| name.split('.').next() == Some(table));
        if let Some(table) = table.filter(|_| of == month) {
            let tables = rows.entry(departement).or_insert_with(|| TABLES.map(|_| Vec::new()).into());
            tables[table].push(file(shared, path, lang));
        }
    }
    let named = |code: &str| match shared.territory.departement(code) {
        Some(departement) => format!("{} ({code})", departement.label()),
        None => code.to_owned(),
    };
    rows.into_iter().map(|(code, tables)| Row { departement: named(code), tables }).collect()
}

fn file(shared: &Shared, path: &str, lang: Lang) -> File {
    let name = path.rsplit('/').next().unwrap_or(path);
    let label = match (path.contains('/'), name.rsplit_once('.')) {
        (true, Some((_, "geojson"))) => "GeoJSON".to_owned(),
        (true, Some((_, "parquet"))) => "Parquet".to_owned(),
        (true, Some((_, ending))) => ending.to_ascii_uppercase(),
        _ => name.to_owned(),
    };
    let size = shared.open_data.octets(path).map_or_else(String::new, |octets| text::octets(octets, lang));
    File { path: path.to_owned(), label, size }
}

/// What a file about the whole export is; nothing for one that this version does not know.
fn meaning(path: &str, lang: Lang) -> &'static str {
    match path {
        "manifest.json" => lang.t(
            "de quoi l'export est fait, par quelles règles, et chaque fichier avec sa somme de contrôle",
            "what the export was made from, by which rules, and every file with its checksum",
        ),
        "SHA256SUMS" => lang.t("la liste complète, pour sha256sum -c", "the complete list, for sha256sum -c"),
        "LICENCE.txt" => lang.t("la licence, et qui citer", "the licence, and whom to credit"),
        "catalogue.jsonld" => lang.t("le catalogue DCAT-AP (JSON-LD)", "the DCAT-AP catalogue (JSON-LD)"),
        "dictionary.csv" | "dictionary.json" => lang.t(
            "chaque colonne : type, unité, sens en français et en anglais",
            "every column: type, unit, meaning in French and in English",
        ),
        "release-rules.toml" => {
            lang.t("les règles de publication appliquées", "the rules of release that were applied")
        }
        _ => "",
    }
}
