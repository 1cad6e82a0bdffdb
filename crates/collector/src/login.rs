//! Logging in to the pages of the administration: sessions, passwords, and an OpenID provider (docs/spec/roles.md).

mod config;
mod cookie;

use std::sync::Arc;

use desserte_login::openid::{Begun, OpenidError, Provider};
use desserte_login::password;
use desserte_store::{Account, AccountKey};
use http::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

pub use self::config::{LoginConfig, OpenidClaim, OpenidConfig};
use crate::access::token_sha256;
use crate::api::blocking;
use crate::problem::ApiError;
use crate::state::{Shared, now};

/// Passwords that are hashed at once: each takes 19 MiB and a processor for some tens of milliseconds.
const HASHED_AT_ONCE: usize = 2;

/// Name of the cookie of a session. The prefix binds it to this host, to all of it, and to TLS (RFC 6265bis, section 4.1.3.2).
const SESSION: &str = "__Host-desserte";

/// Name of the cookie that lasts from here to the provider and back.
const BEGUN: &str = "__Host-desserte-openid";

/// Seconds for that.
const BEGUN_S: u64 = 600;

/// What logging in needs beside the store.
pub(crate) struct Login {
    turns: Semaphore,
    /// `None`: there are passwords alone.
    pub(crate) provider: Option<Provider>,
}

impl Login {
    pub(crate) fn new(config: &LoginConfig) -> Result<Self, OpenidError> {
        let provider = config.openid_settings()?.map(Provider::new).transpose()?;
        Ok(Self { turns: Semaphore::new(HASHED_AT_ONCE), provider })
    }
}

/// How the store knows the session of a request.
pub(crate) fn session_sha256(headers: &HeaderMap) -> Option<String> {
    cookie::read(headers, SESSION).map(token_sha256)
}

/// The account that this password opens. Whether there is no such account or another password, it takes as long.
pub(crate) async fn by_password(
    shared: &Arc<Shared>,
    login: String,
    typed: String,
) -> Result<Option<Account>, ApiError> {
    let _turn = shared.login.turns.acquire().await.map_err(ApiError::internal)?;
    let worker = Arc::clone(shared);
    blocking(move || {
        let account = worker.store.account(AccountKey::Login(&login))?;
        let kept = account.as_ref().and_then(|account| account.made.password.as_deref());
        let right = password::verify(&typed, kept);
        Ok(account.filter(|_| right))
    })
    .await
}

/// Begins a session of an account; the cookie to send.
pub(crate) async fn begin(shared: &Arc<Shared>, account: i64) -> Result<HeaderValue, ApiError> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).map_err(ApiError::internal)?;
    let secret: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    let (sha256, times) = (token_sha256(&secret), shared.config.login.session_times());
    let worker = Arc::clone(shared);
    blocking(move || Ok(worker.store.begin_session(sha256, account, times, now())?)).await?;
    cookie::set(SESSION, &secret, times.most.as_secs(), cookie::SameSite::Strict)
}

/// Ends the session of a request; the cookie to send.
pub(crate) async fn end(shared: &Arc<Shared>, headers: &HeaderMap) -> Result<HeaderValue, ApiError> {
    if let Some(sha256) = session_sha256(headers) {
        let worker = Arc::clone(shared);
        blocking(move || Ok(worker.store.end_session(sha256, now())?)).await?;
    }
    cookie::set(SESSION, "", 0, cookie::SameSite::Strict)
}

/// The cookie that brings back what was begun at the provider. It comes with the provider's redirection, which a strict one would not.
pub(crate) fn remember(begun: &Begun) -> Result<HeaderValue, ApiError> {
    cookie::set(BEGUN, &begun.to_text(), BEGUN_S, cookie::SameSite::Lax)
}

/// What was begun at the provider, from this browser.
pub(crate) fn remembered(headers: &HeaderMap) -> Option<Begun> {
    Begun::from_text(cookie::read(headers, BEGUN)?)
}

/// The cookie that forgets it.
pub(crate) fn forget() -> Result<HeaderValue, ApiError> {
    cookie::set(BEGUN, "", 0, cookie::SameSite::Lax)
}
