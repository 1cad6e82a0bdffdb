//! What every page has around it.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use super::assets;
use super::lang::Lang;
use crate::figures::MAX_DAYS;
use crate::problem::ApiError;
use crate::state::Shared;

/// The frame of a page.
pub(super) struct Frame {
    pub(super) lang: Lang,
    /// Title of the document.
    pub(super) title: String,
    /// Whether the banner of made-up data is shown.
    pub(super) demonstration: bool,
    /// The same page in the other language.
    pub(super) other_language: String,
    /// Version of the program.
    pub(super) version: &'static str,
    /// What stands in the field of the search.
    pub(super) question: String,
    /// Address of the style sheet, with its version.
    pub(super) style: &'static str,
    /// The same of the icon.
    pub(super) icon: &'static str,
}

impl Frame {
    /// `path` is the page's address with its query but without the language.
    pub(super) fn new(shared: &Shared, lang: Lang, title: String, path: &str) -> Self {
        let separator = if path.contains('?') { '&' } else { '?' };
        let other_language = match lang {
            Lang::Fr => format!("{path}{separator}lang=en"),
            Lang::En => path.to_owned(),
        };
        Self {
            lang,
            title,
            demonstration: shared.demonstration,
            question: String::new(),
            other_language,
            version: shared.build.version,
            style: assets::STYLE.address(),
            icon: assets::ICON.address(),
        }
    }
}

/// Makes the answer of a template.
pub(super) fn render(template: &impl Template) -> Result<Response, ApiError> {
    template.render().map(|text| Html(text).into_response()).map_err(ApiError::internal)
}

#[derive(Template)]
#[template(path = "framed.html")]
struct Framed<'a> {
    frame: &'a Frame,
    content: &'a str,
}

/// Makes the answer of a frame and what is in it, as HTML.
pub(super) fn framed(frame: &Frame, content: &str) -> Result<Response, ApiError> {
    render(&Framed { frame, content })
}

/// The query of a page; one that cannot be read is answered by a page that says what can.
pub(super) struct PageParams<T>(pub(super) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> axum::extract::FromRequestParts<S> for PageParams<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self, Response> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|query| Self(query.0))
            .map_err(|_| unreadable(StatusCode::BAD_REQUEST, Lang::of(&parts.uri)))
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: Frame,
    words: &'a str,
    detail: Option<&'a str>,
}

/// A page that says one sentence, and one on what to do.
pub(super) fn message(status: StatusCode, lang: Lang, words: &str, detail: Option<&str>) -> Response {
    let frame = Frame {
        lang,
        title: words.to_owned(),
        demonstration: false,
        question: String::new(),
        other_language: match lang {
            Lang::Fr => "/?lang=en".to_owned(),
            Lang::En => "/".to_owned(),
        },
        version: env!("CARGO_PKG_VERSION"),
        style: assets::STYLE.address(),
        icon: assets::ICON.address(),
    };
    match render(&(Message { frame, words, detail })) {
        Ok(page) => (status, page).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The page for an address whose query cannot be read: says what can.
fn unreadable(status: StatusCode, lang: Lang) -> Response {
    let words = lang.t("Cette adresse ne peut pas être lue.", "This address cannot be read.");
    let allowed = match lang {
        Lang::Fr => format!(
            "Sont permis\u{a0}: une période de 1 à {MAX_DAYS} jours (jours=30), sa fin au plus tard à l'heure \
             présente (au=2026-11-01T00, en temps universel), indicateur=debit ou indicateur=coupures, \
             lang=fr ou lang=en."
        ),
        Lang::En => format!(
            "Allowed are a period of 1 to {MAX_DAYS} days (jours=30), its end, the present hour at the latest \
             (au=2026-11-01T00, UTC), indicateur=debit or indicateur=coupures, lang=fr or lang=en."
        ),
    };
    message(status, lang, words, Some(&allowed))
}

/// The page for a problem met while making a page.
pub(super) fn problem(error: ApiError, lang: Lang) -> Response {
    let words = match error.status() {
        StatusCode::NOT_FOUND => {
            lang.t("Ce lieu ne fait pas partie du territoire.", "This place is not part of the territory.")
        }
        status @ StatusCode::BAD_REQUEST => return unreadable(status, lang),
        _ => lang.t(
            "La page n'a pas pu être préparée. Réessayez dans un instant.",
            "The page could not be made. Try again in a moment.",
        ),
    };
    let status = error.status();
    // Writes the log.
    drop(error.into_response());
    message(status, lang, words, None)
}
