//! Who may ask what: the part that a token gives, and the one place where it is held against what is asked
//! (docs/spec/roles.md).

mod matrix;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use desserte_model::CommuneCode;
use desserte_store::{AuditEntry, Role, Token};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

use self::matrix::{Right, right_of};
use crate::api::blocking;
use crate::enrol::{Turned, network};
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::{Shared, now};

/// Characters of a token that are read; ours have 48.
const TOKEN_CHARS_MAX: usize = 128;

/// Whoever may ask what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    token: Token,
}

impl Caller {
    /// How the audit log names it.
    pub(crate) fn actor(&self) -> String {
        format!("token {}", self.token.number)
    }

    /// Whether the caller is concerned with this commune. What lies nowhere concerns an administrator alone.
    pub(crate) fn covers(&self, commune: Option<CommuneCode>) -> bool {
        match (self.token.made.role, &self.token.made.territory, commune) {
            (Role::Administrator, _, _) => true,
            (Role::Departement, Some(own), Some(commune)) => commune.departement() == own,
            (Role::Commune, Some(own), Some(commune)) => commune.as_str() == own,
            _ => false,
        }
    }
}

/// Lets a request pass if it is for everyone, or if its token gives the right.
pub(crate) async fn check(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let right = path.map_or(Right::Public, |path| right_of(request.method().as_str(), &path));
    if right == Right::Public {
        return next.run(request).await;
    }
    let address = request.extensions().get::<Client>().map_or(IpAddr::from([127, 0, 0, 1]), |c| c.address());
    match admitted(&shared, request.headers(), address, right).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => {
            let unauthorized = error.status() == StatusCode::UNAUTHORIZED;
            let mut response = error.into_response();
            if unauthorized {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

async fn admitted(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    address: IpAddr,
    right: Right,
) -> Result<Caller, ApiError> {
    let actor = format!("network {}", network(address));
    // As at the door of enrolment: refused requests are written down, so that there must be an end to them.
    if let Err(Turned { wait, first }) = shared.admin_gate.enter(address, Instant::now()) {
        if first {
            keep(shared, actor, "turned-away", right).await?;
        }
        return Err(ApiError::too_many_for("too many requests were refused; come back later", wait));
    }
    let hash = bearer(headers);
    let worker = Arc::clone(shared);
    let found =
        blocking(move || Ok(hash.map(|hash| worker.store.token(&hash)).transpose()?.flatten())).await?;
    let refused = match found {
        None => Err((actor, "no-token")),
        Some(token) if !token.is_good(now()) => Err((format!("token {}", token.number), "token-over")),
        Some(token) if !right.is_given_to(Some(token.made.role)) => {
            Err((format!("token {}", token.number), "not-allowed"))
        }
        Some(token) => Ok(Caller { token }),
    };
    match refused {
        Ok(caller) => {
            shared.admin_gate.forgive(address);
            Ok(caller)
        }
        Err((actor, outcome)) => {
            keep(shared, actor, outcome, right).await?;
            Err(if outcome == "not-allowed" { forbidden() } else { unknown() })
        }
    }
}

/// The hash of the token in the request, if there is one that could be.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ")?;
    (token.len() <= TOKEN_CHARS_MAX).then(|| token_sha256(token))
}

/// What is kept of a token.
#[must_use]
pub fn token_sha256(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unknown() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "no-token",
        "The request has no token that is good here",
        "send `Authorization: Bearer TOKEN` with a token that `desserte token add` made and that has neither expired nor been revoked",
    )
}

fn forbidden() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "not-allowed",
        "The token does not allow this",
        "ask the administrator for a token of another role (docs/spec/roles.md)",
    )
}

async fn keep(shared: &Arc<Shared>, actor: String, outcome: &str, right: Right) -> Result<(), ApiError> {
    let entry = AuditEntry {
        at: now(),
        actor,
        action: right.code().to_owned(),
        outcome: outcome.to_owned(),
        subject: String::new(),
    };
    let worker = Arc::clone(shared);
    blocking(move || Ok(worker.store.audit(entry)?)).await
}
