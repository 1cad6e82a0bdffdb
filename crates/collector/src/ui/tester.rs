//! The page on which residents test their own line, and the one on which they take back what they gave.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::response::Response;
use desserte_service::Needs;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::lang::Lang;
use super::matching::{Place, QUESTION_CHARS_MAX};
use super::page::{Frame, PageParams, problem, render};
use super::{assets, commune, text};
use crate::api::{blocking, contributions};
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    /// The commune in which the test is made.
    commune: Option<String>,
    /// What was typed to find it.
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "tester.html")]
struct View {
    frame: Frame,
    /// Whether there is a server to test against.
    servers: bool,
    /// Whether tests can be given.
    accepts: bool,
    place: Option<Chosen>,
    question: String,
    choices: Vec<(String, String)>,
    uses: Vec<Row>,
    set: String,
    keep_months: u16,
    script: &'static str,
}

struct Chosen {
    code: String,
    name: String,
}

/// A use of which this test can say something.
struct Row {
    name: String,
    needs: String,
    down: Option<f64>,
    up: Option<f64>,
    rtt: Option<f64>,
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
    let chosen = match &query.commune {
        Some(code) => match commune::asked(shared, code) {
            Some(found) => Some(Chosen { code: found.code.to_string(), name: found.name.clone() }),
            None => return Ok(commune::unknown(code, lang)),
        },
        None => None,
    };
    let question: String = query.q.trim().chars().take(QUESTION_CHARS_MAX).collect();
    let choices = if question.is_empty() { Vec::new() } else { choices(shared, &question, lang) };
    let title = lang.t("Tester ma ligne", "Test my line").to_owned();
    let own = match &chosen {
        Some(place) => format!("/tester?commune={}", place.code),
        None => "/tester".to_owned(),
    };
    let uses = &shared.sets().uses;
    let mut page = render(&View {
        frame: Frame::new(shared, lang, title, &own),
        servers: !shared.config.locate.servers.is_empty(),
        accepts: shared.config.contributions.accept,
        place: chosen,
        question,
        choices,
        uses: uses.uses.iter().filter_map(|own| row(lang.t(&own.fr, &own.en), &own.minimum, lang)).collect(),
        set: uses.set.clone(),
        keep_months: shared.config.contributions.keep_months,
        script: assets::TESTER.address(),
    })?;
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy(shared)?);
    Ok(page)
}

/// This page alone may run our script and speak to our measurement servers.
fn policy(shared: &Shared) -> Result<HeaderValue, ApiError> {
    let servers = shared.config.locate.servers.iter();
    let origins =
        servers.flat_map(|server| server.wss.iter().chain(&server.ws)).map(|origin| format!(" {origin}"));
    let policy = format!(
        "default-src 'self'; connect-src 'self'{}; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
        origins.collect::<String>()
    );
    HeaderValue::from_str(&policy).map_err(ApiError::internal)
}

fn choices(shared: &Shared, question: &str, lang: Lang) -> Vec<(String, String)> {
    let found = shared.places().find(&shared.territory, question).places;
    let communes = found.iter().filter_map(|place| match place {
        Place::Commune(code) => shared.territory.commune(*code),
        Place::Departement(_) | Place::Epci(_) => None,
    });
    let language = if lang == Lang::En { "&lang=en" } else { "" };
    communes
        .map(|commune| {
            let departement = shared
                .territory
                .departement_of(commune.code)
                .map_or(commune.departement.as_str(), |d| d.label());
            let name = format!("{} ({}), {departement}", commune.name, commune.code);
            (name, format!("/tester?commune={}{language}", commune.code))
        })
        .collect()
}

/// What a use asks of rates and of the round trip; `None` if it asks for neither.
fn row(name: &str, needs: &Needs, lang: Lang) -> Option<Row> {
    let number = |value: f64| text::short(value, lang);
    let parts: Vec<String> = [
        needs.down.map(|mbit| format!("{}\u{a0}Mbit/s ↓", number(mbit))),
        needs.up.map(|mbit| format!("{}\u{a0}Mbit/s ↑", number(mbit))),
        needs.rtt.map(|ms| {
            format!("{} {}\u{a0}ms", lang.t("aller-retour d'au plus", "round trip at most"), number(ms))
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    let told = !parts.is_empty();
    told.then(|| Row {
        name: name.to_owned(),
        needs: parts.join(", "),
        down: needs.down,
        up: needs.up,
        rtt: needs.rtt,
    })
}

#[derive(Template)]
#[template(path = "erase.html")]
struct Erase {
    frame: Frame,
    told: Option<String>,
}

fn erase_page(shared: &Shared, lang: Lang, told: Option<String>) -> Result<Response, ApiError> {
    let title = lang.t("Effacer des tests donnés", "Erase tests that were given").to_owned();
    render(&Erase { frame: Frame::new(shared, lang, title, "/effacer"), told })
}

#[derive(Deserialize)]
pub(super) struct EraseQuery {
    #[serde(default)]
    lang: Lang,
}

pub(super) async fn ask_to_erase(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<EraseQuery>,
) -> Response {
    erase_page(&shared, query.lang, None).unwrap_or_else(|error| problem(error, query.lang))
}

#[derive(Deserialize)]
pub(super) struct Typed {
    code: String,
    #[serde(default)]
    lang: Lang,
}

pub(super) async fn erase(
    State(shared): State<Arc<Shared>>,
    client: Option<axum::Extension<Client>>,
    Form(typed): Form<Typed>,
) -> Response {
    let lang = typed.lang;
    if let Err(error) = contributions::admit(&shared, client.map(|client| client.0)) {
        let words = lang.t(
            "Trop de demandes depuis cette adresse ; réessayez dans une heure.",
            "Too many requests from this address; try again in an hour.",
        );
        return said(&shared, lang, error.status(), words.to_owned());
    }
    let worker = Arc::clone(&shared);
    let outcome = blocking(move || contributions::erase(&worker, &typed.code)).await;
    match outcome {
        Ok(0) => {
            let words = lang.t("Aucun test n'est gardé sous ce code.", "No test is kept under this code.");
            said(&shared, lang, StatusCode::OK, words.to_owned())
        }
        Ok(tests) => {
            let tests = u64::try_from(tests).unwrap_or(u64::MAX);
            let (one, many) = (("test effacé", "tests effacés"), ("test erased", "tests erased"));
            said(&shared, lang, StatusCode::OK, format!("{}.", text::counted(tests, one, many, lang)))
        }
        Err(error) if error.status() == StatusCode::BAD_REQUEST => {
            let words = lang.t(
                "Ce n'est pas un code : il a huit groupes de quatre chiffres ou lettres de a à f.",
                "This is no code: one has eight groups of four digits or letters from a to f.",
            );
            said(&shared, lang, StatusCode::BAD_REQUEST, words.to_owned())
        }
        Err(error) => problem(error, lang),
    }
}

fn said(shared: &Shared, lang: Lang, status: StatusCode, words: String) -> Response {
    match erase_page(shared, lang, Some(words)) {
        Ok(mut page) => {
            *page.status_mut() = status;
            page
        }
        Err(error) => problem(error, lang),
    }
}
