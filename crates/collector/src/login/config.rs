//! What an operator may set of logging in.

use std::path::PathBuf;
use std::time::Duration;

use desserte_login::openid::{Claim, OpenidError, Settings};
use desserte_store::SessionTimes;
use serde::Deserialize;

/// Page to which the provider sends browsers back.
const RETURN: &str = "/administration/connexion/retour";

/// Octets of the file of a secret.
const SECRET_BYTES_MAX: u64 = 4_096;

/// Pages of the administration.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct LoginConfig {
    /// This collector's address as browsers and probes reach it; empty: the one that `desserte probe invite --collector` was given.
    pub address: String,
    /// Minutes after which a session that is not used is over.
    pub idle_minutes: u32,
    /// Hours after which a session is over.
    pub hours: u32,
    /// A provider that says who somebody is.
    pub openid: OpenidConfig,
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self { address: String::new(), idle_minutes: 60, hours: 12, openid: OpenidConfig::default() }
    }
}

/// An OpenID provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct OpenidConfig {
    /// Its address, as its documents name it; empty: there is none.
    pub issuer: String,
    /// What people call it.
    pub name: String,
    /// Identifier of this collector there.
    pub client_id: String,
    /// File with the secret of this collector there; empty: it has none.
    pub client_secret_file: PathBuf,
    /// What is asked for.
    pub scopes: String,
    /// What of a person is compared with an account.
    pub claim: OpenidClaim,
    /// Whether the provider verifies every address of mail, even where it does not say so.
    pub email_is_verified: bool,
}

impl Default for OpenidConfig {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            name: "OpenID Connect".to_owned(),
            client_id: String::new(),
            client_secret_file: PathBuf::new(),
            scopes: "openid email".to_owned(),
            claim: OpenidClaim::Sub,
            email_is_verified: false,
        }
    }
}

/// What of a person is compared with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenidClaim {
    /// The provider's own identifier.
    Sub,
    /// The address of mail.
    Email,
}

impl LoginConfig {
    /// How long sessions last.
    pub(crate) fn session_times(&self) -> SessionTimes {
        SessionTimes {
            idle: Duration::from_secs(u64::from(self.idle_minutes) * 60),
            most: Duration::from_secs(u64::from(self.hours) * 3_600),
        }
    }

    /// What the provider is to be asked with; `None` when there is none.
    pub(super) fn openid_settings(&self) -> Result<Option<Settings>, OpenidError> {
        let own = &self.openid;
        if own.issuer.is_empty() {
            return Ok(None);
        }
        if self.address.is_empty() {
            return Err(OpenidError::Settings(
                "[login.openid] needs [login] address: the address to which the provider sends people back"
                    .into(),
            ));
        }
        let claim = match own.claim {
            OpenidClaim::Sub => Claim::Sub,
            OpenidClaim::Email => Claim::Email { trusted: own.email_is_verified },
        };
        Ok(Some(Settings {
            issuer: own.issuer.clone(),
            client_id: own.client_id.clone(),
            client_secret: self.secret()?,
            redirect: format!("{}{RETURN}", self.address.trim_end_matches('/')),
            scopes: own.scopes.clone(),
            claim,
        }))
    }

    fn secret(&self) -> Result<Option<String>, OpenidError> {
        let path = &self.openid.client_secret_file;
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let wrong = |why: String| {
            OpenidError::Settings(format!("[login.openid] client_secret_file {}: {why}", path.display()))
        };
        let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if size > SECRET_BYTES_MAX {
            return Err(wrong(format!("a secret has {SECRET_BYTES_MAX} octets at the most")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        match text.trim() {
            "" => Err(wrong("it is empty".to_owned())),
            secret => Ok(Some(secret.to_owned())),
        }
    }
}
