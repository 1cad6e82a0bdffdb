//! The page on which anyone asks for a commune's dossier, follows its making, and downloads it.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::body::Body;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use desserte_indicators::Month;
use desserte_territory::Commune;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::commune::{asked as commune_of, unknown};
use super::lang::Lang;
use super::page::{Frame, PageParams, message, problem, render};
use super::text;
use crate::api::blocking;
use crate::dossiers::{Asked, FILES, Full, Standing, Step};
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::Shared;

/// Months that are offered.
const MONTHS: usize = 12;

/// After how many seconds a page that follows is asked for again.
const FOLLOW_S: &str = "5";

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    mois: Option<String>,
    /// Whether the page asks for itself again until the dossier is there.
    #[serde(default)]
    suivre: u8,
}

#[derive(Template)]
#[template(path = "dossier.html")]
struct View {
    frame: Frame,
    action: String,
    back: String,
    /// Each month as addresses have it and in words, and whether it is the one chosen.
    months: Vec<(String, String, bool)>,
    progress: Option<Progress>,
}

struct Progress {
    heading: String,
    words: String,
    percent: Option<u32>,
    /// Address of this page, of the one that follows by itself or stops to, and what that link says.
    reload: Option<(String, String, &'static str)>,
    files: Vec<Download>,
}

struct Download {
    address: String,
    name: &'static str,
    size: String,
    what: &'static str,
}

/// Whether dossiers can be asked for here.
pub(super) fn offered(shared: &Shared) -> bool {
    shared.config.dossiers.offer && shared.config.dossiers.program.is_some()
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
    let lang = query.lang;
    let Some(commune) = commune_of(shared, code) else { return Ok(unknown(code, lang)) };
    if !offered(shared) {
        return Ok(not_offered(lang));
    }
    let last = last_month(shared, commune)?;
    let chosen = match &query.mois {
        Some(text) => match text.parse::<Month>() {
            Ok(month) if month <= last => Some(month),
            _ => return Err(ApiError::bad_query("mois is a month that is over, such as 2026-10")),
        },
        None => None,
    };
    let own = format!("/commune/{}/dossier", commune.code);
    let progress = chosen.and_then(|month| {
        let asked = Asked { commune: commune.code, month, english: lang == Lang::En };
        progress(shared, asked, query.suivre > 0, lang)
    });
    let following = query.suivre > 0 && progress.as_ref().is_some_and(|progress| progress.reload.is_some());
    let title = format!("{} {}", lang.t("Le dossier de", "The dossier of"), commune.name);
    let path = chosen.map_or_else(|| own.clone(), |month| format!("{own}?mois={month}"));
    let mut page = render(&View {
        frame: Frame::new(shared, lang, title, &path),
        action: own,
        back: format!("/commune/{}{}", commune.code, lang.query()),
        months: offered_months(last)
            .map(|month| {
                let written = month.to_string();
                let words = text::month(&written, lang);
                (written, words, chosen.unwrap_or(last) == month)
            })
            .collect(),
        progress,
    })?;
    if following {
        page.headers_mut().insert(HeaderName::from_static("refresh"), HeaderValue::from_static(FOLLOW_S));
    }
    page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(page)
}

/// The last month that is over, by the clock of the place.
fn last_month(shared: &Shared, commune: &Commune) -> Result<Month, ApiError> {
    let shown = shared.sets().calendars.of(commune.code).shown(shared.as_of());
    let over = shown.and_then(|shown| Month::over_before(shown.date()));
    over.ok_or_else(|| ApiError::internal("the clock is beyond the calendar"))
}

/// Months that can be chosen, the last one first.
fn offered_months(last: Month) -> impl Iterator<Item = Month> {
    std::iter::successors(Some(last), |month| month.before()).take(MONTHS)
}

fn not_offered(lang: Lang) -> Response {
    let words = lang.t("Ce collecteur ne prépare pas de dossiers.", "This collector makes no dossiers.");
    let detail = lang.t(
        "Son exploitant peut en établir un avec la commande « desserte dossier build », ou en ouvrir la demande à tous ([dossiers] dans la configuration).",
        "Its operator can make one with the command “desserte dossier build”, or open the request to all ([dossiers] in the configuration).",
    );
    message(StatusCode::NOT_FOUND, lang, words, Some(detail))
}

fn progress(shared: &Shared, asked: Asked, following: bool, lang: Lang) -> Option<Progress> {
    let address = address(asked, "", lang);
    let follow = format!("{address}&suivre=1");
    let (words, percent, files, waits) = match shared.desk.standing(asked) {
        Standing::Unasked => return None,
        Standing::Waiting(before) => (waiting(before, lang), None, Vec::new(), true),
        Standing::Making(step) => (doing(step, lang).to_owned(), Some(percent(step)), Vec::new(), true),
        Standing::Ready(octets) => (
            lang.t("Il est prêt.", "It is ready.").to_owned(),
            None,
            FILES.iter().zip(octets).map(|((file, _), octets)| download(asked, file, octets, lang)).collect(),
            false,
        ),
        Standing::Refused(why) => (why, None, Vec::new(), false),
        Standing::Failed => (
            lang.t(
                "Il n'a pas pu être préparé. L'exploitant en trouvera la raison dans son journal ; vous pouvez le demander à nouveau.",
                "It could not be made. The operator finds the reason in the log; you can ask for it again.",
            )
            .to_owned(),
            None,
            Vec::new(),
            false,
        ),
    };
    let stop = lang.t("arrêter l'actualisation automatique", "stop refreshing by itself");
    let start = lang.t("actualiser toutes les cinq secondes", "refresh every five seconds");
    let reload = waits.then(|| {
        if following {
            (follow.clone(), address.clone(), stop)
        } else {
            (address.clone(), follow.clone(), start)
        }
    });
    let heading = format!(
        "{} {}",
        lang.t("Le dossier du mois\u{a0}:", "The dossier of"),
        text::month(&asked.month.to_string(), lang)
    );
    Some(Progress { heading, words, percent, reload, files })
}

/// Address of the page of a dossier, or with a file's name of that file.
fn address(asked: Asked, file: &str, lang: Lang) -> String {
    let (folder, lang) = (if file.is_empty() { "" } else { "/" }, lang.t("", "&lang=en"));
    format!("/commune/{}/dossier{folder}{file}?mois={}{lang}", asked.commune, asked.month)
}

fn waiting(before: usize, lang: Lang) -> String {
    let before = u64::try_from(before).unwrap_or(u64::MAX);
    match lang {
        _ if before == 0 => lang.t("Il commence dans un instant.", "It begins in a moment.").to_owned(),
        Lang::Fr => format!(
            "Il attend : {} avant lui.",
            text::counted(before, ("dossier", "dossiers"), ("", ""), lang)
        ),
        Lang::En => format!(
            "It is waiting: {} before it.",
            text::counted(before, ("", ""), ("dossier", "dossiers"), lang)
        ),
    }
}

const fn doing(step: Step, lang: Lang) -> &'static str {
    match step {
        Step::Gathering => lang.t(
            "Les envois signés sont réunis, avec la preuve de chacun.",
            "Signed deliveries are gathered, each with its proof.",
        ),
        Step::Reading(..) => {
            lang.t("Chaque envoi est vérifié et relu.", "Each delivery is checked and read again.")
        }
        Step::Measuring => lang.t("Les chiffres sont calculés.", "Figures are made."),
        Step::Setting => lang.t("Le PDF est mis en page.", "The PDF is set."),
        Step::Writing => lang.t("Les fichiers sont écrits.", "Files are written."),
    }
}

/// Shares of the work, as it was seen to be spread: nearly all of it is reading.
fn percent(step: Step) -> u32 {
    match step {
        Step::Gathering => 2,
        Step::Reading(done, all) => 5 + 65 * done.min(all) / all.max(1),
        Step::Measuring => 70,
        Step::Setting => 85,
        Step::Writing => 95,
    }
}

fn download(asked: Asked, file: &str, octets: u64, lang: Lang) -> Download {
    let pdf = file.ends_with(".pdf");
    #[expect(clippy::cast_precision_loss, reason = "files are far smaller than 2^53 octets")]
    let tenths = (octets as f64 / 1e5).ceil() / 10.0;
    let size = format!("{}\u{a0}{}", text::short(tenths, lang), lang.t("Mo", "MB"));
    Download {
        address: address(asked, file, lang),
        name: if pdf {
            lang.t("Le dossier (PDF)", "The dossier (PDF)")
        } else {
            lang.t("Le fichier joint (ZIP)", "The bundle (ZIP)")
        },
        size,
        what: if pdf {
            lang.t("à lire et à remettre", "to read and to hand over")
        } else {
            lang.t("de quoi tout vérifier et tout refaire", "with all it takes to verify and make it again")
        },
    }
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    mois: String,
    #[serde(default)]
    lang: Lang,
}

pub(super) async fn ask(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    client: Option<axum::Extension<Client>>,
    Form(wanted): Form<Wanted>,
) -> Response {
    let lang = wanted.lang;
    blocking(move || queue(&shared, &code, client.map(|client| client.0), &wanted))
        .await
        .unwrap_or_else(|error| problem(error, lang))
}

fn queue(shared: &Shared, code: &str, client: Option<Client>, wanted: &Wanted) -> Result<Response, ApiError> {
    let lang = wanted.lang;
    let Some(commune) = commune_of(shared, code) else { return Ok(unknown(code, lang)) };
    if !offered(shared) {
        return Ok(not_offered(lang));
    }
    let month = wanted.mois.parse::<Month>().ok().filter(|month| {
        last_month(shared, commune).is_ok_and(|last| offered_months(last).any(|one| one == *month))
    });
    let Some(month) = month else {
        return Err(ApiError::bad_query("mois is one of the last twelve months that are over"));
    };
    let asked = Asked { commune: commune.code, month, english: lang == Lang::En };
    let known = !matches!(shared.desk.standing(asked), Standing::Unasked | Standing::Failed);
    let waits = client.filter(|_| !known).map(|client| shared.asking.take(client.address(), Instant::now()));
    if let Some(Err(wait)) = waits {
        let words = lang.t(
            "Trop de dossiers demandés depuis cette adresse.",
            "Too many dossiers were asked for from this address.",
        );
        let minutes = text::count(wait.as_secs().div_ceil(60), lang);
        let detail = match lang {
            Lang::Fr => format!("Réessayez dans {minutes} minutes."),
            Lang::En => format!("Try again in {minutes} minutes."),
        };
        return Ok(message(StatusCode::TOO_MANY_REQUESTS, lang, words, Some(&detail)));
    }
    if shared.desk.ask(asked) == Err(Full) {
        let words = lang.t("Trop de dossiers attendent déjà.", "Too many dossiers are waiting already.");
        let detail = lang.t("Réessayez dans une heure.", "Try again in an hour.");
        return Ok(message(StatusCode::SERVICE_UNAVAILABLE, lang, words, Some(detail)));
    }
    let place = format!("{}&suivre=1", address(asked, "", lang));
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}

pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    Path((code, name)): Path<(String, String)>,
    PageParams(query): PageParams<Query>,
) -> Response {
    match download_of(&shared, &code, &name, &query).await {
        Ok(response) => response,
        Err(error) => problem(error, query.lang),
    }
}

async fn download_of(shared: &Shared, code: &str, name: &str, query: &Query) -> Result<Response, ApiError> {
    let none = || ApiError::not_found("no such file of a dossier, or no longer");
    let commune = commune_of(shared, code).ok_or_else(none)?;
    let month: Month = query.mois.as_deref().and_then(|text| text.parse().ok()).ok_or_else(none)?;
    let (file, kind) = FILES.into_iter().find(|(file, _)| *file == name).ok_or_else(none)?;
    let asked = Asked { commune: commune.code, month, english: query.lang == Lang::En };
    let place = shared.desk.place(asked, file);
    let opened = tokio::fs::File::open(&place).await.map_err(|_| none())?;
    let octets = opened.metadata().await.map_err(ApiError::internal)?.len();
    let saved = format!("attachment; filename=\"dossier-{}-{month}.{}\"", commune.code, &file[8..]);
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_LENGTH, octets.to_string()),
        (header::CONTENT_DISPOSITION, saved),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(opened))).into_response())
}
