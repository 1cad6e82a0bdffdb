//! Who may ask what: the part that a token or a session gives, and the one place where it is held against what is asked
//! (docs/spec/roles.md).

mod matrix;
mod page;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use desserte_model::CommuneCode;
use desserte_store::{Account, AuditEntry, Role};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

pub(crate) use self::matrix::Right;
use self::matrix::{PAGES_PREFIX, right_of};
pub use self::token::token_sha256;
use crate::api::blocking;
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::{Shared, now};

/// Whoever may ask what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    who: Who,
    role: Role,
    /// INSEE code of the commune or département, where the role has one.
    territory: Option<String>,
}

/// By what a caller is known.
#[derive(Debug, Clone, Copy)]
enum Who {
    /// The number of a token.
    Token(i64),
    /// The number of an account.
    Account(i64),
}

impl Caller {
    /// Somebody who logged in.
    pub(crate) fn of_account(account: &Account) -> Self {
        let made = &account.made;
        Self { who: Who::Account(account.number), role: made.role, territory: made.territory.clone() }
    }

    /// How the audit log names it.
    pub(crate) fn actor(&self) -> String {
        match self.who {
            Who::Token(number) => format!("token {number}"),
            Who::Account(number) => format!("account {number}"),
        }
    }

    /// Whether the caller is concerned with this commune. What lies nowhere concerns an administrator alone.
    pub(crate) fn covers(&self, commune: Option<CommuneCode>) -> bool {
        match (self.role, &self.territory, commune) {
            (Role::Administrator, _, _) => true,
            (Role::Departement, Some(own), Some(commune)) => commune.departement() == own,
            (Role::Commune, Some(own), Some(commune)) => commune.as_str() == own,
            _ => false,
        }
    }

    /// Whether the caller has a right.
    pub(crate) fn may(&self, right: Right) -> bool {
        right.is_given_to(Some(self.role))
    }

    /// The caller's territory in the words of a page: `None` is all of it.
    pub(crate) fn territory(&self) -> Option<&str> {
        self.territory.as_deref()
    }
}

/// Lets a request pass if it is for everyone, or if its token or session gives the right.
pub(crate) async fn check(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let Some(path) = path else { return next.run(request).await };
    let right = right_of(request.method().as_str(), &path);
    if path.starts_with(PAGES_PREFIX) {
        return page::check(shared, request, next, right).await;
    }
    if right == Right::Public {
        return next.run(request).await;
    }
    let address = address_of(&request);
    match token::admitted(&shared, request.headers(), address, right).await {
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

/// Where a request came from. Only tests ask without a connection.
pub(crate) fn address_of(request: &Request) -> IpAddr {
    request.extensions().get::<Client>().map_or(IpAddr::from([127, 0, 0, 1]), |client| client.address())
}

/// Writes down what was refused.
pub(crate) async fn keep_refusal(
    shared: &Arc<Shared>,
    actor: String,
    action: &'static str,
    outcome: &'static str,
) -> Result<(), ApiError> {
    let entry = AuditEntry {
        at: now(),
        actor,
        action: action.to_owned(),
        outcome: outcome.to_owned(),
        subject: String::new(),
    };
    let worker = Arc::clone(shared);
    blocking(move || Ok(worker.store.audit(entry)?)).await
}
