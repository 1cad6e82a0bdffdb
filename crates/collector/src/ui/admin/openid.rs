//! To the OpenID provider, and back.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use desserte_login::openid::{OpenidError, Provider};
use desserte_store::AccountKey;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::super::lang::Lang;
use super::super::page::{Frame, PageParams, render};
use super::BOARD;
use super::login::{ACTION, Query, address, or_trouble, said, turned_away, with_cookie};
use crate::access::keep_refusal;
use crate::api::blocking;
use crate::enrol::network;
use crate::listen::Client;
use crate::login;
use crate::problem::ApiError;
use crate::state::Shared;

/// Characters of what is shown of a person.
const PERSON_CHARS_MAX: usize = 256;

/// What the provider sends back with the browser. The standard allows for more.
#[derive(Deserialize)]
pub(super) struct Returned {
    code: Option<String>,
    state: Option<String>,
    /// RFC 9207: whose answer it is.
    iss: Option<String>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "admin-entered.html")]
struct Entered {
    frame: Frame,
    next: &'static str,
}

pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let Some(provider) = &shared.login.provider else { return none(&shared, lang) };
    match provider.begin().await {
        Ok((address, begun)) => {
            let led = Redirect::to(&address).into_response();
            or_trouble(login::remember(&begun).map(|cookie| with_cookie(led, cookie)), lang)
        }
        Err(error) => failed(&shared, lang, &error),
    }
}

/// The provider keeps no language: its answer is in French, with the other one behind its link.
pub(super) async fn finish(
    State(shared): State<Arc<Shared>>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    PageParams(returned): PageParams<Returned>,
) -> Response {
    let lang = Lang::Fr;
    let Some(provider) = &shared.login.provider else { return none(&shared, lang) };
    let address = address(client);
    if let Err(turned) = shared.admin_gate.enter(address, Instant::now()) {
        return turned_away(&shared, address, turned, lang).await;
    }
    let person = match recognised(provider, &headers, &returned).await {
        Ok(person) => person,
        Err(refused) => {
            let actor = format!("network {}", network(address));
            let kept = keep_refusal(&shared, actor, ACTION, refused.outcome()).await;
            return or_trouble(kept.map(|()| refused.page(&shared, lang)), lang);
        }
    };
    let entered = async {
        let (worker, looked_for) = (Arc::clone(&shared), person.clone());
        let found = blocking(move || Ok(worker.store.account(AccountKey::Openid(&looked_for))?)).await?;
        let Some(account) = found else {
            keep_refusal(&shared, format!("network {}", network(address)), ACTION, "no-account").await?;
            return Ok(unknown(&shared, &person, lang));
        };
        let cookie = login::begin(&shared, account.number).await?;
        shared.admin_gate.forgive(address);
        Ok(with_cookie(entered(&shared, lang)?, cookie))
    };
    let page = or_trouble(entered.await, lang);
    or_trouble(login::forget().map(|cookie| with_cookie(page, cookie)), lang)
}

/// Why a browser that came back is not let in.
enum Refused {
    /// What came is not the answer to what was begun in this browser.
    Foreign,
    /// The provider said no.
    Denied,
    /// The provider could not be asked, or its answer does not hold.
    Openid(OpenidError),
}

impl Refused {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Foreign => "not-begun-here",
            Self::Denied => "denied",
            Self::Openid(
                OpenidError::Unreachable { .. } | OpenidError::Resting | OpenidError::Answer { .. },
            ) => "provider-failed",
            Self::Openid(_) => "bad-token",
        }
    }

    fn page(&self, shared: &Shared, lang: Lang) -> Response {
        let words = match self {
            Self::Openid(error) => return failed(shared, lang, error),
            Self::Foreign => lang.t(
                "Cette connexion n'a pas été commencée dans ce navigateur, ou il y a plus de dix minutes. Recommencez.",
                "This login was not begun in this browser, or more than ten minutes ago. Begin again.",
            ),
            Self::Denied => lang.t(
                "Le fournisseur d'identité a refusé la connexion, ou vous l'avez interrompue.",
                "The identity provider refused the login, or you broke it off.",
            ),
        };
        said(shared, lang, StatusCode::UNAUTHORIZED, Some(words.to_owned()))
    }
}

/// Who the provider says it is.
async fn recognised(
    provider: &Provider,
    headers: &HeaderMap,
    returned: &Returned,
) -> Result<String, Refused> {
    let begun = login::remembered(headers).ok_or(Refused::Foreign)?;
    let own = returned.state.as_ref() == Some(&begun.state)
        && returned.iss.as_ref().is_none_or(|issuer| issuer == provider.issuer());
    if !own {
        return Err(Refused::Foreign);
    }
    let code = match (&returned.code, &returned.error) {
        (Some(code), None) => code,
        (_, Some(_)) => return Err(Refused::Denied),
        (None, None) => return Err(Refused::Foreign),
    };
    provider.finish(code, &begun).await.map_err(Refused::Openid)
}

/// The session's cookie is not sent on a way that began at the provider: this page begins another.
fn entered(shared: &Shared, lang: Lang) -> Result<Response, ApiError> {
    let title = lang.t("Vous êtes connecté", "You are logged in").to_owned();
    render(&Entered { frame: Frame::new(shared, lang, title, BOARD), next: BOARD })
}

fn unknown(shared: &Shared, person: &str, lang: Lang) -> Response {
    let person: String = person.chars().take(PERSON_CHARS_MAX).collect();
    let words = match lang {
        Lang::Fr => format!(
            "Le fournisseur vous reconnaît, mais aucun compte d'ici n'est le vôtre. Donnez à l'administrateur cet identifiant : {person}"
        ),
        Lang::En => format!(
            "The provider recognises you, but no account here is yours. Give this identifier to the administrator: {person}"
        ),
    };
    said(shared, lang, StatusCode::FORBIDDEN, Some(words))
}

fn none(shared: &Shared, lang: Lang) -> Response {
    let words = lang.t(
        "Ce collecteur n'a pas de fournisseur d'identité : connectez-vous avec un mot de passe.",
        "This collector has no identity provider: log in with a password.",
    );
    said(shared, lang, StatusCode::NOT_FOUND, Some(words.to_owned()))
}

fn failed(shared: &Shared, lang: Lang, error: &OpenidError) -> Response {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    tracing::warn!("nobody could be logged in through OpenID Connect: {error}{source}");
    let words = lang.t(
        "Le fournisseur d'identité n'a pas pu confirmer qui vous êtes. Réessayez ; si cela dure, le journal du collecteur dit pourquoi.",
        "The identity provider could not confirm who you are. Try again; if it goes on, the collector's log says why.",
    );
    said(shared, lang, StatusCode::BAD_GATEWAY, Some(words.to_owned()))
}
