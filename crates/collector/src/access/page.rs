//! Pages of the administration: a session lets in, and forms come from this site alone.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::matrix::Right;
use super::{Caller, keep_refusal};
use crate::api::blocking;
use crate::login;
use crate::state::{Shared, now};
use crate::ui;

/// What a browser says of the page from which a request comes (W3C Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// As [`super::check`], for a page.
pub(super) async fn check(shared: Arc<Shared>, request: Request, next: Next, right: Right) -> Response {
    let mut response = admitted(shared, request, next, right).await;
    // What such a page shows is for one reader, and for nobody who uses the machine after them.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn admitted(shared: Arc<Shared>, mut request: Request, next: Next, right: Right) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !from_here(request.headers()) {
        return ui::foreign_form(request.uri());
    }
    if right == Right::Public {
        return next.run(request).await;
    }
    let worker = Arc::clone(&shared);
    let session = login::session_sha256(request.headers());
    let times = shared.config.login.session_times();
    let found = blocking(move || {
        Ok(session.map(|session| worker.store.session(&session, times, now())).transpose()?.flatten())
    })
    .await;
    let caller = match found {
        Ok(Some(account)) => Caller::of_account(&account),
        Ok(None) => return Redirect::to(&ui::login_address(request.uri())).into_response(),
        Err(error) => return error.into_response(),
    };
    if !caller.may(right) {
        return match keep_refusal(&shared, caller.actor(), right.code(), "not-allowed").await {
            Ok(()) => ui::not_allowed(request.uri()),
            Err(error) => error.into_response(),
        };
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Whether a form was sent from a page of this site. A browser that says neither is told so, and everybody else's session is
/// a cookie that other sites' forms do not carry (`SameSite=Strict`).
fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(&SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let own = text(&header::HOST);
    let origin = text(&header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_other_sites_are_told_from_our_own() {
        let said = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            from_here(&headers)
        };
        let host = ("host", "desserte.example");
        assert!(said(&[host, ("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(said(&[host, ("origin", "https://desserte.example")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(
                !said(&[host, ("sec-fetch-site", site), ("origin", "https://desserte.example")]),
                "{site}"
            );
        }
        for origin in
            ["null", "https://other.example", "https://desserte.example.other.example", "desserte.example"]
        {
            assert!(!said(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!said(&[host]) && !said(&[]));
    }
}
