//! Pages of the administration, for people who have logged in. What they may do is decided before they are asked (`access`).

mod board;
mod invited;
mod journal;
mod login;
mod openid;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::{StatusCode, Uri};

use super::lang::Lang;
use super::page::message;
use crate::problem::ApiError;
use crate::state::Shared;

/// The first page of the administration.
const BOARD: &str = "/administration";

/// The page on which one logs in.
const LOGIN: &str = "/administration/connexion";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(BOARD, get(board::page))
        .route(LOGIN, get(login::page).post(login::enter))
        .route("/administration/connexion/openid", get(openid::begin))
        .route("/administration/connexion/retour", get(openid::finish))
        .route("/administration/deconnexion", post(login::leave))
        .route("/administration/invitations", post(invited::page))
        .route("/administration/invitations/{number}/retrait", post(board::withdraw))
        .route("/administration/journal", get(journal::page))
}

/// Where somebody who has not logged in is led, in the language that they read.
pub(crate) fn login_address(uri: &Uri) -> String {
    format!("{LOGIN}{}", Lang::of(uri).query())
}

/// The page for somebody whose account does not allow it.
pub(crate) fn not_allowed(uri: &Uri) -> Response {
    let lang = Lang::of(uri);
    let words =
        lang.t("Votre compte ne donne pas accès à cette page.", "Your account gives no access to this page.");
    let detail = lang.t(
        "Demandez à l'administrateur de ce collecteur un compte d'un autre rôle. Tout ce qui est publié se lit sans compte.",
        "Ask the administrator of this collector for an account of another role. All that is published can be read without an account.",
    );
    message(StatusCode::FORBIDDEN, lang, words, Some(detail))
}

/// The page for a form that another site sent, or a browser that does not say whose it is.
pub(crate) fn foreign_form(uri: &Uri) -> Response {
    let lang = Lang::of(uri);
    let words = lang.t("Ce formulaire ne vient pas de ce site.", "This form does not come from this site.");
    let detail = lang.t(
        "Ouvrez la page de gestion elle-même et recommencez. Si le message revient, le navigateur est trop ancien ou un serveur intermédiaire \
         retire ses en-têtes (Sec-Fetch-Site, Origin).",
        "Open the administration's page itself and try again. If this comes again, the browser is too old or a server in between takes its \
         headers away (Sec-Fetch-Site, Origin).",
    );
    message(StatusCode::FORBIDDEN, lang, words, Some(detail))
}

/// The page for a problem met here.
fn trouble(error: ApiError, lang: Lang) -> Response {
    let status = error.status();
    let words = match status {
        StatusCode::NOT_FOUND => lang.t(
            "Cette invitation n'est plus utilisable, ou n'est pas de votre territoire.",
            "This invitation can no longer be used, or is not of your territory.",
        ),
        StatusCode::BAD_REQUEST => {
            lang.t("Cette demande ne peut pas être lue.", "This request cannot be read.")
        }
        _ => lang.t(
            "La demande n'a pas pu être traitée. Réessayez dans un instant.",
            "The request could not be dealt with. Try again in a moment.",
        ),
    };
    // Writes the log.
    drop(axum::response::IntoResponse::into_response(error));
    message(status, lang, words, None)
}
