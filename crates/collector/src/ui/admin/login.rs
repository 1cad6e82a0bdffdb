//! The page on which one logs in, and logging out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::super::lang::Lang;
use super::super::page::{Frame, PageParams, render};
use super::{BOARD, LOGIN, trouble};
use crate::access::keep_refusal;
use crate::enrol::{Turned, network};
use crate::listen::Client;
use crate::login;
use crate::problem::ApiError;
use crate::state::Shared;

/// Action of the audit log.
pub(super) const ACTION: &str = "login";

/// Characters of a name that is looked for.
const LOGIN_CHARS_MAX: usize = 128;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    pub(super) lang: Lang,
}

#[derive(Template)]
#[template(path = "admin-login.html")]
struct View {
    frame: Frame,
    /// What went wrong at the attempt before.
    told: Option<String>,
    /// What people call the OpenID provider, if there is one.
    provider: Option<String>,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    said(&shared, query.lang, StatusCode::OK, None)
}

/// The page with a message.
pub(super) fn said(shared: &Shared, lang: Lang, status: StatusCode, told: Option<String>) -> Response {
    let title = lang.t("Se connecter", "Log in").to_owned();
    let provider = shared.login.provider.as_ref().map(|_| shared.config.login.openid.name.clone());
    match render(&View { frame: Frame::new(shared, lang, title, LOGIN), told, provider }) {
        Ok(mut page) => {
            *page.status_mut() = status;
            page
        }
        Err(error) => trouble(error, lang),
    }
}

#[derive(Deserialize)]
pub(super) struct Typed {
    compte: String,
    mot_de_passe: String,
    #[serde(default)]
    lang: Lang,
}

pub(super) async fn enter(
    State(shared): State<Arc<Shared>>,
    client: Option<Extension<Client>>,
    Form(typed): Form<Typed>,
) -> Response {
    let lang = typed.lang;
    let address = address(client);
    if let Err(turned) = shared.admin_gate.enter(address, Instant::now()) {
        return turned_away(&shared, address, turned, lang).await;
    }
    let name: String = typed.compte.trim().to_lowercase().chars().take(LOGIN_CHARS_MAX).collect();
    let entered = async {
        let found = login::by_password(&shared, name, typed.mot_de_passe).await?;
        let Some(account) = found else {
            keep_refusal(&shared, format!("network {}", network(address)), ACTION, "no-account").await?;
            return Ok(None);
        };
        login::begin(&shared, account.number).await.map(Some)
    };
    match entered.await {
        Ok(Some(cookie)) => {
            shared.admin_gate.forgive(address);
            with_cookie(Redirect::to(&format!("{BOARD}{}", lang.query())).into_response(), cookie)
        }
        Ok(None) => {
            let words = lang.t(
                "Ce compte et ce mot de passe ne vont pas ensemble. Vérifiez les deux ; l'administrateur peut donner un nouveau mot de passe.",
                "This account and this password do not go together. Check both; the administrator can give a new password.",
            );
            said(&shared, lang, StatusCode::UNAUTHORIZED, Some(words.to_owned()))
        }
        Err(error) => trouble(error, lang),
    }
}

pub(super) async fn leave(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    PageParams(query): PageParams<Query>,
) -> Response {
    match login::end(&shared, &headers).await {
        Ok(cookie) => {
            with_cookie(Redirect::to(&format!("{LOGIN}{}", query.lang.query())).into_response(), cookie)
        }
        Err(error) => trouble(error, query.lang),
    }
}

/// Where a request came from. Only tests ask without a connection.
pub(super) fn address(client: Option<Extension<Client>>) -> IpAddr {
    client.map_or(IpAddr::from([127, 0, 0, 1]), |client| client.0.address())
}

/// The page for an address of which too many attempts were refused.
pub(super) async fn turned_away(
    shared: &Arc<Shared>,
    address: IpAddr,
    Turned { wait, first }: Turned,
    lang: Lang,
) -> Response {
    if first
        && let Err(error) =
            keep_refusal(shared, format!("network {}", network(address)), ACTION, "turned-away").await
    {
        return trouble(error, lang);
    }
    let minutes = wait.as_secs().div_ceil(60);
    let words = match lang {
        Lang::Fr => format!("Trop d'essais refusés depuis cette adresse. Réessayez dans {minutes} minutes."),
        Lang::En => {
            format!("Too many attempts from this address were refused. Try again in {minutes} minutes.")
        }
    };
    let mut page = said(shared, lang, StatusCode::TOO_MANY_REQUESTS, Some(words));
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    page
}

/// Adds a cookie to an answer.
pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// The answer, or the page of what went wrong.
pub(super) fn or_trouble(answer: Result<Response, ApiError>, lang: Lang) -> Response {
    answer.unwrap_or_else(|error| trouble(error, lang))
}
