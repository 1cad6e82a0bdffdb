//! Finding a place by what a reader typed.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::address::{Links, escaped};
use super::lang::Lang;
use super::matching::{Found, Place, QUESTION_CHARS_MAX};
use super::page::{Frame, PageParams, problem, render};
use super::scale::Indicator;
use super::text;
use crate::api::{blocking, window};
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    #[serde(default)]
    q: String,
    jours: Option<u16>,
    au: Option<String>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct View {
    frame: Frame,
    question: String,
    places: Vec<Row>,
    /// Département that a postcode nobody knows begins with.
    postcode_of: Option<(String, String)>,
    unknown_postcode: bool,
    /// Whether postcodes are known here at all.
    has_postcodes: bool,
}

struct Row {
    name: String,
    address: String,
    /// What tells it from others of its name.
    about: String,
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
    let window = window(shared, query.jours, query.au.as_deref())?;
    let links = Links { shared, window: &window, lang };
    let question: String = query.q.trim().chars().take(QUESTION_CHARS_MAX).collect();
    let Found { places, sure, unknown_postcode } = shared.places().find(&shared.territory, &question);
    if let Some(place) = places.first().filter(|_| sure) {
        return Ok(Redirect::to(&address(place, links)).into_response());
    }
    let postcode_of = question.get(..2).filter(|_| unknown_postcode).and_then(|code| {
        let departement = shared.territory.departement(code)?;
        Some((departement.label().to_owned(), links.departement(code, Indicator::default())))
    });
    let title = lang.t("Rechercher un lieu", "Find a place").to_owned();
    let own = links.without_language("/recherche", &[("q", &escaped(&question))]);
    let mut frame = Frame::new(shared, lang, title, &own);
    frame.question.clone_from(&question);
    render(&View {
        frame,
        question,
        places: places.iter().filter_map(|place| row(place, links)).collect(),
        postcode_of,
        unknown_postcode,
        has_postcodes: shared.places().has_postcodes(),
    })
}

fn address(place: &Place, links: Links<'_>) -> String {
    match place {
        Place::Commune(code) => links.commune(*code),
        Place::Departement(code) => links.departement(code, Indicator::default()),
        Place::Epci(siren) => links.to(&format!("/epci/{siren}"), &[]),
    }
}

fn row(place: &Place, links: Links<'_>) -> Option<Row> {
    let (territory, lang) = (&links.shared.territory, links.lang);
    let (name, about) = match place {
        Place::Departement(code) => (
            format!("{} ({code})", territory.departement(code)?.label()),
            lang.t("département", "département").to_owned(),
        ),
        Place::Epci(siren) => {
            let communes = territory.communes_of_epci(siren).count();
            let communes = text::counted(
                u64::try_from(communes).unwrap_or(u64::MAX),
                ("commune", "communes"),
                ("commune", "communes"),
                lang,
            );
            let what = lang.t("intercommunalité", "intercommunality");
            (territory.epci(siren)?.label().to_owned(), format!("{what}, {communes}"))
        }
        Place::Commune(code) => {
            let commune = territory.commune(*code)?;
            let departement =
                territory.departement_of(*code).map_or(commune.departement.as_str(), |d| d.label());
            let people = commune.population.map_or_else(String::new, |people| {
                format!(", {} {}", text::count(people.into(), lang), lang.t("habitants", "inhabitants"))
            });
            (format!("{} ({code})", commune.name), format!("{departement}{people}"))
        }
    };
    Some(Row { name, address: address(place, links), about })
}
