//! Permanent links that show the figures they were made from: what a page tells is kept when somebody asks for it, and found by its
//! address and the fingerprint of its figures (docs/adr/0050-editions.md).

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use desserte_model::CommuneCode;
use desserte_store::{Edition, Keeping, NewEdition};
use desserte_units::Timestamp;
use http::{StatusCode, header};

use super::address::Links;
use super::lang::Lang;
use super::page::{Frame, message, render};
use super::text;
use crate::api::blocking;
use crate::editions::{Body, Page};
use crate::figures::Window;
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::Shared;

/// Characters of a fingerprint: 64 bits tell the figures of one place and period apart.
const FINGERPRINT_CHARS: usize = 16;

/// What is the same for as long as the figures are: the beginning of the SHA-256 of the interface's answer.
pub(super) fn fingerprint(data: &[u8]) -> String {
    let mut hash = desserte_signing::record_sha256(data);
    hash.truncate(FINGERPRINT_CHARS);
    hash
}

/// Where an edition's figures can be had for programs.
pub(super) fn data_address(fingerprint: &str) -> String {
    format!("/edition/{fingerprint}")
}

/// The button that keeps what a page tells.
pub(super) struct Keep {
    pub(super) action: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Keep {
    /// `parameters` are those of the page beside its period. `None` where the operator wants nothing kept.
    pub(super) fn new(links: Links<'_>, path: &str, parameters: &[(&'static str, String)]) -> Option<Self> {
        if links.shared.config.editions.room_mib == 0 {
            return None;
        }
        let mut fields = parameters.to_vec();
        fields.push(("jours", links.window.days.to_string()));
        fields.push(("au", links.window.end_text()));
        if links.lang == Lang::En {
            fields.push(("lang", "en".to_owned()));
        }
        Some(Self { action: path.to_owned(), fields })
    }
}

/// The period of a page whose end stays where it is.
pub(super) const fn fixed(window: &Window) -> Window {
    Window { fixed: true, ..*window }
}

/// What is kept of a page.
pub(super) struct Telling {
    pub(super) fingerprint: String,
    /// Communes whose figures it tells.
    pub(super) communes: Vec<CommuneCode>,
    /// The address of each page in French, then English; the one asked for first. They are kept together or not at all.
    pub(super) pages: Vec<(String, [Page; 2])>,
    /// The interface's answer that the fingerprint is of.
    pub(super) data: String,
}

/// A page's address without its period, in any language.
#[derive(Clone, Copy)]
pub(super) struct Address<'a> {
    pub(super) path: &'a str,
    pub(super) parameters: &'a [(&'a str, &'a str)],
}

impl Address<'_> {
    /// What an edition is kept under: the address at its period, without language or fingerprint.
    fn key(self, links: Links<'_>) -> String {
        Links { lang: Lang::Fr, ..links }.permalink(self.path, self.parameters)
    }

    /// The permanent link to figures.
    pub(super) fn permalink(self, links: Links<'_>, fingerprint: &str) -> String {
        let with = [self.parameters, &[("empreinte", fingerprint)]].concat();
        links.permalink(self.path, &with)
    }
}

/// Keeps what `tell` says of addresses with these parameters, and leads to the permanent link of the first.
pub(super) fn keep(
    links: Links<'_>,
    client: Option<Client>,
    parameters: &[(&str, &str)],
    tell: impl FnOnce() -> Result<Telling, ApiError>,
) -> Result<Response, ApiError> {
    let Links { shared, window, lang } = links;
    let waits = client.map(|client| shared.keeping.take(client.address(), Instant::now()));
    if let Some(Err(wait)) = waits {
        let words = lang.t(
            "Trop de liens permanents demandés depuis cette adresse.",
            "Too many permanent links were asked for from this address.",
        );
        let minutes = text::count(wait.as_secs().div_ceil(60), lang);
        let detail = match lang {
            Lang::Fr => format!("Réessayez dans {minutes} minutes."),
            Lang::En => format!("Try again in {minutes} minutes."),
        };
        return Ok(message(StatusCode::TOO_MANY_REQUESTS, lang, words, Some(&detail)));
    }
    let Telling { fingerprint, communes, pages, data } = tell()?;
    let (mut new, mut place) = (Vec::new(), None);
    for (path, told) in pages {
        let address = Address { path: &path, parameters };
        place.get_or_insert_with(|| address.permalink(links, &fingerprint));
        let body =
            Body::new(shared.build.version, told, data.clone()).packed().map_err(ApiError::internal)?;
        new.push(NewEdition {
            page: address.key(links),
            fingerprint: fingerprint.clone(),
            communes: communes.clone(),
            period: window.period,
            now: shared.as_of(),
            body,
        });
    }
    let place = place.ok_or_else(|| ApiError::internal("a page to keep has no address"))?;
    match shared.store.keep_editions(new, shared.config.editions.room())? {
        Keeping::Kept => Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()),
        Keeping::NoRoom => {
            tracing::warn!(
                room_mib = shared.config.editions.room_mib,
                "no room for another edition: raise [editions] room_mib"
            );
            let words = lang.t(
                "Ce collecteur n'a plus de place pour garder des chiffres.",
                "This collector has no room left to keep figures.",
            );
            let detail = lang.t(
                "Les liens permanents déjà faits restent valables. L'exploitant peut agrandir la place ([editions] dans la \
                 configuration). Le téléchargement des données (JSON) de la page garde les mêmes chiffres chez vous.",
                "Permanent links made before stay good. The operator can enlarge the room ([editions] in the configuration). \
                 Downloading the page's data (JSON) keeps the same figures with you.",
            );
            Ok(message(StatusCode::INSUFFICIENT_STORAGE, lang, words, Some(detail)))
        }
    }
}

#[derive(Template)]
#[template(path = "edition.html")]
struct View<'a> {
    frame: Frame,
    since: String,
    /// Why it is there no more; `None` if it is there.
    erased: Option<String>,
    withdrawn: bool,
    /// Whether today's figures are the same; `None` where the place is not known today.
    same: Option<bool>,
    /// Today's page of the same period.
    present: String,
    data: String,
    program: &'a str,
    content: &'a str,
}

/// The edition that a permanent link names; `None` if it was never kept. `present` gives the fingerprint of today's figures, if the place
/// is known today.
pub(super) fn answer(
    links: Links<'_>,
    address: Address<'_>,
    fingerprint: &str,
    present: impl FnOnce() -> Result<Option<String>, ApiError>,
) -> Result<Option<Response>, ApiError> {
    let Links { shared, lang, .. } = links;
    let Some(found) = shared.store.edition(&address.key(links), fingerprint)? else { return Ok(None) };
    let own = address.permalink(Links { lang: Lang::Fr, ..links }, fingerprint);
    let frame = |title: String| Frame::new(shared, lang, title, &own);
    let today = links.to(address.path, address.parameters);
    let (since, body) = match found {
        Edition::Kept { since, body } => (since, body),
        Edition::Erased { since, at, withdrawn } => {
            let title = lang.t("Ces chiffres ont été effacés", "These figures were erased").to_owned();
            let page = render(&View {
                frame: frame(title),
                since: moment(since, lang),
                erased: Some(why(since, at, withdrawn, lang)),
                withdrawn,
                same: None,
                present: today,
                data: String::new(),
                program: "",
                content: "",
            })?;
            return Ok(Some((StatusCode::GONE, page).into_response()));
        }
    };
    let body = Body::unpacked(&body).map_err(ApiError::internal)?;
    let Page { title, content } = match lang {
        Lang::Fr => body.french,
        Lang::En => body.english,
    };
    let page = render(&View {
        frame: frame(title),
        since: moment(since, lang),
        erased: None,
        withdrawn: false,
        same: present()?.map(|now| now == fingerprint),
        present: today,
        data: data_address(fingerprint),
        program: &body.program,
        content: &content,
    })?;
    Ok(Some(page))
}

/// Why an edition is there no more.
fn why(since: Timestamp, at: Timestamp, withdrawn: bool, lang: Lang) -> String {
    let (since, at) = (moment(since, lang), text::day(at, lang));
    if withdrawn {
        return match lang {
            Lang::Fr => format!(
                "Une page avait été gardée à cette adresse {since}. L'exploitant de ce collecteur l'a retirée le {at}\u{a0}: elle n'est plus montrée."
            ),
            Lang::En => format!(
                "A page was kept at this address {since}. The operator of this collector withdrew it on {at}: it is shown no more."
            ),
        };
    }
    match lang {
        Lang::Fr => format!(
            "Une page avait été gardée à cette adresse {since}. Parmi les mesures dont elle était faite, il y avait celles d'une sonde \
             dont tous les relevés ont été effacés le {at}\u{a0}: elle n'est plus montrée."
        ),
        Lang::En => format!(
            "A page was kept at this address {since}. Among the measurements it was made of were those of a probe of which all records were \
             erased on {at}: it is shown no more."
        ),
    }
}

/// A day and a minute, UTC.
fn moment(at: Timestamp, lang: Lang) -> String {
    let minutes = at.as_unix_secs().rem_euclid(86_400) / 60;
    let (hour, minute) = (minutes / 60, minutes % 60);
    let day = text::day(at, lang);
    match lang {
        Lang::Fr => format!("le {day} à {hour}\u{a0}h\u{a0}{minute:02} (temps universel)"),
        Lang::En => format!("on {day} at {hour:02}:{minute:02} UTC"),
    }
}

/// The figures of an edition for programs, octet for octet what the fingerprint is of.
pub(super) async fn data(
    State(shared): State<Arc<Shared>>,
    Path(fingerprint): Path<String>,
) -> Result<Response, ApiError> {
    let found = blocking(move || {
        let found = shared.store.edition_of_figures(&fingerprint)?;
        found.ok_or_else(|| ApiError::not_found("no edition with this fingerprint was kept here"))
    })
    .await?;
    match found {
        Edition::Kept { body, .. } => {
            let body = Body::unpacked(&body).map_err(ApiError::internal)?;
            // Asked for again each time: what is erased is to be seen no more.
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
            Ok((headers, body.data).into_response())
        }
        Edition::Erased { .. } => Err(ApiError::new(
            StatusCode::GONE,
            "erased",
            "These figures were erased",
            "they rested on a probe whose records were erased, or the operator withdrew them",
        )),
    }
}
