//! Pages for people: drawn here, readable without script, without anything from another origin. French first, English complete.

mod address;
mod admin;
mod area;
mod assets;
mod carte;
mod chart;
mod commune;
mod commune_words;
mod compare;
mod donnees;
mod dossier;
mod edition;
mod epci;
mod glossary;
mod happenings;
mod home;
mod lang;
mod matching;
mod nearby;
mod offline;
mod page;
mod residents;
mod scale;
mod search;
mod tester;
mod text;
mod uses;
mod zoning;
mod zoom;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode, Uri};

use crate::state::Shared;
pub(crate) use admin::{foreign_form, login_address, not_allowed};
use lang::Lang;
pub(crate) use matching::Index;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .merge(admin::router())
        .route("/", get(home::page))
        .route("/departement/{code}", get(area::departement).post(area::keep_departement))
        .route(
            "/departement/{code}/tableau",
            get(area::departement_tables).post(area::keep_departement_tables),
        )
        .route("/departement/{code}/carte.svg", get(carte::departement))
        .route("/epci/{code}", get(area::epci).post(area::keep_epci))
        .route("/epci/{code}/tableau", get(area::epci_tables).post(area::keep_epci_tables))
        .route("/epci/{code}/carte.svg", get(carte::epci))
        .route("/commune/{code}", get(commune::page).post(commune::keep))
        .route("/commune/{code}/usages", get(uses::page))
        .route("/commune/{code}/dossier", get(dossier::page).post(dossier::ask))
        .route("/commune/{code}/dossier/{file}", get(dossier::file))
        .route("/edition/{fingerprint}", get(edition::data))
        .route("/recherche", get(search::page))
        .route("/comparer", get(compare::page))
        .route("/glossaire", get(glossary::page))
        .route("/enroler", get(enrol))
        .route("/carte", get(zoom::page))
        .route("/carte/departement/{code}", get(zoom::classes))
        .route("/tester", get(tester::page))
        .route("/effacer", get(tester::ask_to_erase).post(tester::erase))
        .route("/donnees-ouvertes", get(donnees::page))
        .route("/open-data", get(donnees::here))
        .route("/open-data/", get(donnees::here))
        .route("/hors-ligne", get(offline::page))
        .route("/service-worker.js", get(offline::worker))
        .route("/manifest.webmanifest", get(offline::manifest))
        .route("/assets/{name}", get(assets::file))
        .route("/favicon.ico", get(assets::no_icon))
}

/// Where the address of an invitation leads. What stands behind its number sign never comes here: a code is for a probe.
async fn enrol(uri: Uri) -> Response {
    let lang = Lang::of(&uri);
    let words = lang.t("Ce code est pour une sonde.", "This code is for a probe.");
    let detail = lang.t(
        "Sur l'ordinateur qui sera la sonde, tapez : sudo desserte-probe enrol, puis le code de douze signes de la feuille et \
         --collector suivi de l'adresse de ce site. La sonde demande alors si c'est bien le bon lieu.",
        "On the computer that is to be the probe, type: sudo desserte-probe enrol, then the code of twelve signs on the sheet and \
         --collector followed by the address of this site. The probe then asks whether it is the right place.",
    );
    page::message(StatusCode::OK, lang, words, Some(detail))
}

/// The page for an address that leads nowhere.
pub(crate) fn not_found(uri: &Uri, _: &HeaderMap) -> Response {
    let lang = Lang::of(uri);
    let words = lang.t("Cette adresse ne mène nulle part.", "This address leads nowhere.");
    page::message(StatusCode::NOT_FOUND, lang, words, None)
}
