//! Logging in through an OpenID provider (OpenID Connect Core 1.0, authorization code flow with PKCE, RFC 7636).
//!
//! The person's browser is sent to the provider with three things of chance: `state` finds what was begun, `nonce` binds the token to it, and the
//! verifier binds the code. The code that comes back is exchanged over TLS, and the signed token says who it is.

mod fetch;
mod keys;
mod metadata;
mod token;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use url::Url;

use self::fetch::Fetcher;
use self::metadata::Metadata;
use self::token::Identity;

/// How long what the provider says of itself is believed.
const METADATA_AGE: Duration = Duration::from_secs(3_600);

/// Keys are asked for again when a token names an unknown one, and no more often than this: anybody can send a token.
const KEYS_AGE_MIN: Duration = Duration::from_secs(60);

/// A provider that failed is left alone for so long: whoever waits behind the first who asked it is told at once, instead of each waiting
/// as long as an answer may take.
const FAILED_REST: Duration = Duration::from_secs(5);

/// A person as accounts and providers are compared: with an at sign in lower case, since people write addresses of mail as they like;
/// anything else as it is.
#[must_use]
pub fn comparable(person: &str) -> String {
    if person.contains('@') { person.to_lowercase() } else { person.to_owned() }
}

/// What of a person is compared with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The provider's own identifier, which never goes to somebody else.
    Sub,
    /// The address of mail, which the provider has to have verified.
    Email {
        /// Whether it has, even where it does not say so.
        trusted: bool,
    },
}

/// A provider, and what it knows this collector by.
#[derive(Clone)]
pub struct Settings {
    /// Its address, as its documents name it.
    pub issuer: String,
    /// Identifier of this collector there.
    pub client_id: String,
    /// Secret of this collector there; `None` where the provider gives none.
    pub client_secret: Option<String>,
    /// Where the provider sends browsers back to.
    pub redirect: String,
    /// What is asked for, `openid` among them.
    pub scopes: String,
    /// What is compared with an account.
    pub claim: Claim,
}

/// Without the secret.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why nobody was recognised.
#[derive(Debug, thiserror::Error)]
pub enum OpenidError {
    /// What was configured cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The provider was not reached, or answered too late or too much.
    #[error("the OpenID provider did not answer at {what}")]
    Unreachable {
        /// Its document or service.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It failed a moment ago.
    #[error("the OpenID provider failed a moment ago and is not asked again yet")]
    Resting,
    /// What it answered is not what the standard says.
    #[error("the OpenID provider's {what} cannot be used: {why}")]
    Answer {
        /// Its document or service.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The token is not the provider's, not for this collector, not of this login, or over.
    #[error("the OpenID provider's token is refused: {0}")]
    Token(String),
    /// The provider does not say who it is in the way that was configured.
    #[error("the OpenID provider tells no {0} of this person")]
    NoClaim(&'static str),
    /// The system gives no random octets.
    #[error("the system gives no random octets")]
    Chance,
}

/// A login that was begun: kept until the browser comes back, told to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// Finds this login again when the browser comes back.
    pub state: String,
    nonce: String,
    verifier: String,
}

impl Begun {
    /// As one word, for the browser to bring back: it knows all of it from then on, and nobody else does.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}.{}", self.state, self.nonce, self.verifier)
    }

    /// Reads it back; `None` when it is none.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let [state, nonce, verifier] = parts[..] else { return None };
        let whole = |part: &str| URL_SAFE_NO_PAD.decode(part).is_ok_and(|octets| octets.len() == 32);
        let all = whole(state) && whole(nonce) && whole(verifier);
        all.then(|| Self { state: state.to_owned(), nonce: nonce.to_owned(), verifier: verifier.to_owned() })
    }
}

/// A provider of whom logins can be asked.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    fetcher: Fetcher,
    memory: Mutex<Memory>,
}

/// What the provider said of itself, and when it last failed to.
#[derive(Debug, Default)]
struct Memory {
    known: Option<Known>,
    failed: Option<Instant>,
}

/// What the provider last said of itself.
#[derive(Debug, Clone)]
struct Known {
    metadata: Metadata,
    keys: Vec<serde_json::Value>,
    at: Instant,
    keys_at: Instant,
}

impl Provider {
    /// Prepares for a provider; nothing is asked of it.
    ///
    /// # Errors
    /// When an address is no HTTPS address, or the machine's certificates cannot be read.
    pub fn new(settings: Settings) -> Result<Self, OpenidError> {
        fetch::secure(&settings.issuer)?;
        fetch::secure(&settings.redirect)?;
        if settings.client_id.is_empty() {
            return Err(OpenidError::Settings(
                "the client_id of this collector at the provider is empty".into(),
            ));
        }
        if !settings.scopes.split(' ').any(|scope| scope == "openid") {
            return Err(OpenidError::Settings("the scopes do not hold `openid`".into()));
        }
        Ok(Self { settings, fetcher: Fetcher::new()?, memory: Mutex::default() })
    }

    /// The address as the provider's documents name it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Begins a login: where the browser is to go, and what is to be kept until it comes back.
    ///
    /// # Errors
    /// When the provider does not say where, or the system gives no random octets.
    pub async fn begin(&self) -> Result<(String, Begun), OpenidError> {
        let metadata = self.known(None).await?.metadata;
        let begun = Begun { state: chance()?, nonce: chance()?, verifier: chance()? };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(begun.verifier.as_bytes()));
        let mut address = Url::parse(&metadata.authorization_endpoint)
            .map_err(|error| OpenidError::Answer { what: metadata::WHAT, why: error.to_string() })?;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect)
            .append_pair("scope", &self.settings.scopes)
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((address.into(), begun))
    }

    /// Exchanges the code that the browser brought for who the person is: the value of the configured claim.
    ///
    /// # Errors
    /// When the provider is not reached, refuses the code, or its token does not hold.
    pub async fn finish(&self, code: &str, begun: &Begun) -> Result<String, OpenidError> {
        let known = self.known(None).await?;
        let answer = self.fetcher.exchange(&known.metadata, &self.settings, code, &begun.verifier).await?;
        let key = self.key_of(&answer.id_token, known).await?;
        let identity = token::identity(&answer.id_token, &key, &self.settings, &begun.nonce)?;
        match self.settings.claim {
            Claim::Sub => Ok(comparable(&identity.sub)),
            Claim::Email { trusted } => self.email(identity, answer.access_token, trusted).await,
        }
    }

    /// The address of mail: in the token, or else told to whoever shows the access token.
    async fn email(
        &self,
        identity: Identity,
        access_token: Option<String>,
        trusted: bool,
    ) -> Result<String, OpenidError> {
        let mut told = identity.person;
        if told.email.is_none()
            && let Some(access_token) = access_token
        {
            let known = self.known(None).await?;
            let answer = self.fetcher.user_info(&known.metadata, &access_token).await?;
            let info = match answer {
                fetch::UserInfo::Plain(info) => info,
                fetch::UserInfo::Signed(token) => {
                    let key = self.key_of(&token, known).await?;
                    token::user_info(&token, &key, &self.settings)?
                }
            };
            if info.sub != identity.sub {
                return Err(OpenidError::Token("its userinfo is of somebody else".into()));
            }
            told = info.person;
        }
        let email = told.email.filter(|email| !email.is_empty()).ok_or(OpenidError::NoClaim("email"))?;
        if told.email_verified.unwrap_or(trusted) {
            Ok(comparable(&email))
        } else {
            Err(OpenidError::NoClaim("verified email"))
        }
    }

    /// The key that a token names.
    async fn key_of(&self, token: &str, known: Known) -> Result<token::Key, OpenidError> {
        match token::key(token, &known.keys)? {
            Some(key) => Ok(key),
            // Providers change their keys: ask again, once.
            None => token::key(token, &self.known(Some(known.keys_at)).await?.keys)?
                .ok_or_else(|| OpenidError::Token("it names no key of the provider".into())),
        }
    }

    /// What the provider says of itself; its keys anew if they are those of `stale`.
    async fn known(&self, stale: Option<Instant>) -> Result<Known, OpenidError> {
        // One at a time: whoever waits finds what the first was told.
        let mut memory = self.memory.lock().await;
        let now = Instant::now();
        if let Some(known) = &memory.known
            && now < known.at + METADATA_AGE
            && !(stale == Some(known.keys_at) && now >= known.keys_at + KEYS_AGE_MIN)
        {
            return Ok(known.clone());
        }
        if memory.failed.is_some_and(|failed| now < failed + FAILED_REST) {
            return Err(OpenidError::Resting);
        }
        match self.ask(now).await {
            Ok(fresh) => {
                *memory = Memory { known: Some(fresh.clone()), failed: None };
                Ok(fresh)
            }
            Err(error) => {
                memory.failed = Some(Instant::now());
                Err(error)
            }
        }
    }

    /// What the provider says of itself now.
    async fn ask(&self, now: Instant) -> Result<Known, OpenidError> {
        let metadata = self.fetcher.metadata(&self.settings.issuer).await?;
        let keys = self.fetcher.keys(&metadata).await?;
        Ok(Known { metadata, keys, at: now, keys_at: now })
    }
}

/// 32 octets of chance.
fn chance() -> Result<String, OpenidError> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).map_err(|_| OpenidError::Chance)?;
    Ok(URL_SAFE_NO_PAD.encode(octets))
}
