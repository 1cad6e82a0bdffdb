//! A new site: its one-time code, shown once.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use desserte_model::{CommuneCode, LonLat};
use desserte_signing::{InvitationCode, InvitationLink};
use desserte_store::NewInvitation;
use http::StatusCode;
use serde::Deserialize;

use super::super::lang::Lang;
use super::super::page::{Frame, message, render};
use super::BOARD;
use super::board::{commune_words, moment};
use super::login::or_trouble;
use crate::access::Caller;
use crate::api::blocking;
use crate::api::schema::utc_text;
use crate::enrol::{SiteFault, invitation_qr};
use crate::problem::ApiError;
use crate::state::{META_ADDRESS, Shared, now};

/// How long a code from here is good for: two weeks, as on the command line.
const VALID_US: i64 = 14 * 86_400_000_000;

/// Characters of a name or a place.
const CHARS_MAX: usize = 128;

/// What was typed.
#[derive(Deserialize)]
pub(super) struct Typed {
    nom: String,
    #[serde(default)]
    site: String,
    commune: String,
    #[serde(default)]
    position: String,
    #[serde(default)]
    lang: Lang,
}

#[derive(Template)]
#[template(path = "admin-invited.html")]
struct View {
    frame: Frame,
    number: i64,
    name: String,
    site: Option<String>,
    commune: String,
    code: String,
    address: String,
    until: String,
    qr: String,
}

/// Why no code was made; in words for whoever typed.
struct Wrong(&'static str, &'static str);

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Form(typed): Form<Typed>,
) -> Response {
    let lang = typed.lang;
    or_trouble(blocking(move || view(&shared, &caller, &typed)).await, lang)
}

fn view(shared: &Shared, caller: &Caller, typed: &Typed) -> Result<Response, ApiError> {
    let lang = typed.lang;
    let (commune, position) = match asked(caller, typed) {
        Ok(asked) => asked,
        Err(wrong) => return Ok(refused(&wrong, lang)),
    };
    if let Some(fault) = SiteFault::of(&shared.territory, Some(commune), position) {
        return Ok(misplaced(&fault, lang));
    }
    let collector = match shared.config.login.address.trim_end_matches('/') {
        "" => shared.store.meta(META_ADDRESS)?,
        own => Some(own.to_owned()),
    };
    let Some(collector) = collector else {
        return Ok(refused(
            &Wrong(
                "L'adresse de ce collecteur n'est pas connue : l'administrateur la donne dans la configuration, [login] address.",
                "This collector's address is not known: the administrator gives it in the configuration, [login] address.",
            ),
            lang,
        ));
    };
    let mut octets = [0; 7];
    getrandom::fill(&mut octets).map_err(ApiError::internal)?;
    let code = InvitationCode::from_octets(octets);
    let link = InvitationLink { collector: Some(collector), code };
    let created = now();
    let expires = created.saturating_add_micros(VALID_US);
    let (name, site) = (typed.nom.trim().to_owned(), Some(typed.site.trim()).filter(|site| !site.is_empty()));
    let new = NewInvitation {
        public_key: code.key().public().to_string(),
        name: name.clone(),
        site: site.map(str::to_owned),
        commune: Some(commune),
        position,
        replaces: None,
        created,
        expires,
    };
    let number = shared.register.invite(&shared.store, new, &caller.actor()).map_err(ApiError::from)?;
    let qr = invitation_qr(&link.to_text()).map_err(ApiError::internal)?;
    // In a page, without the head of a file.
    let qr = qr.find("<svg").map_or("", |at| &qr[at..]).to_owned();
    let title = lang.t("Code d'une sonde", "Code of a probe").to_owned();
    render(&View {
        frame: Frame::new(shared, lang, title, BOARD),
        number,
        name,
        site: site.map(str::to_owned),
        commune: commune_words(shared, Some(commune), lang),
        code: code.to_text(),
        address: link.to_text(),
        until: moment(&utc_text(expires)),
        qr,
    })
}

/// The commune and the position, if what was typed can be used by this caller.
fn asked(caller: &Caller, typed: &Typed) -> Result<(CommuneCode, Option<LonLat>), Wrong> {
    let long = [&typed.nom, &typed.site].iter().any(|text| text.chars().count() > CHARS_MAX);
    if typed.nom.trim().is_empty() || long {
        return Err(Wrong(
            "Donnez un nom à la sonde, tel que « Mairie de Cluny », en 128 caractères au plus ; le lieu de même.",
            "Give the probe a name such as \"Mairie de Cluny\", of 128 characters at the most; its place likewise.",
        ));
    }
    let commune = typed.commune.trim().parse::<CommuneCode>().ok().filter(|code| caller.covers(Some(*code)));
    let commune = commune.ok_or(Wrong(
        "Donnez le code INSEE d'une commune de votre territoire, tel que 23096.",
        "Give the INSEE code of a commune of your territory, such as 23096.",
    ))?;
    let position = match typed.position.trim() {
        "" => None,
        text => Some(position(text).ok_or(Wrong(
            "Une position se donne en degrés, longitude puis latitude : 1.8705, 46.1585. Elle peut rester vide.",
            "A position is in degrees, longitude and latitude: 1.8705, 46.1585. It may be left empty.",
        ))?),
    };
    Ok((commune, position))
}

fn position(text: &str) -> Option<LonLat> {
    let (lon, lat) = text.split_once(',')?;
    LonLat::new(lon.trim().parse().ok()?, lat.trim().parse().ok()?).ok()
}

fn misplaced(fault: &SiteFault, lang: Lang) -> Response {
    let words = match (fault, lang) {
        (SiteFault::UnknownCommune(code), Lang::Fr) => {
            format!("Il n'y a pas aujourd'hui de commune {code} dans le territoire de ce collecteur.")
        }
        (SiteFault::Nowhere, Lang::Fr) => "La position n'est dans aucune commune du territoire de ce collecteur : la longitude vient d'abord, \
             négative à l'ouest de Greenwich."
            .to_owned(),
        (SiteFault::Elsewhere { found }, Lang::Fr) => {
            format!("La position est à {found}, et non dans la commune indiquée.")
        }
        (fault, Lang::En) => {
            let text = fault.to_string();
            let mut signs = text.chars();
            signs.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), signs.as_str()))
        }
    };
    let title = lang.t("Aucun code n'a été fait.", "No code was made.");
    message(StatusCode::BAD_REQUEST, lang, title, Some(&words)).into_response()
}

fn refused(wrong: &Wrong, lang: Lang) -> Response {
    let words = lang.t("Aucun code n'a été fait.", "No code was made.");
    message(StatusCode::BAD_REQUEST, lang, words, Some(lang.t(wrong.0, wrong.1))).into_response()
}
