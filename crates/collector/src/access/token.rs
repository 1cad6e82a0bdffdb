//! Tokens of the administration interface.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};

use super::matrix::Right;
use super::{Caller, Who, keep_refusal};
use crate::api::blocking;
use crate::enrol::{Turned, network};
use crate::problem::ApiError;
use crate::state::{Shared, now};

/// Characters of a token that are read; ours have 73.
const TOKEN_CHARS_MAX: usize = 128;

/// The caller whose token gives the right.
pub(super) async fn admitted(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    address: IpAddr,
    right: Right,
) -> Result<Caller, ApiError> {
    let actor = format!("network {}", network(address));
    // As at the door of enrolment: refused requests are written down, so that there must be an end to them.
    if let Err(Turned { wait, first }) = shared.admin_gate.enter(address, Instant::now()) {
        if first {
            keep_refusal(shared, actor, right.code(), "turned-away").await?;
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
        Some(token) => Ok(Caller {
            who: Who::Token(token.number),
            role: token.made.role,
            territory: token.made.territory,
        }),
    };
    match refused {
        Ok(caller) => {
            shared.admin_gate.forgive(address);
            Ok(caller)
        }
        Err((actor, outcome)) => {
            keep_refusal(shared, actor, right.code(), outcome).await?;
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
