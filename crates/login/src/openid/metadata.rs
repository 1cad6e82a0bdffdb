//! What a provider says of itself (OpenID Connect Discovery 1.0, section 3).

use serde::Deserialize;

use super::OpenidError;
use super::fetch::secure;

/// How errors name the document.
pub(super) const WHAT: &str = "/.well-known/openid-configuration";

/// The fields that are used.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    /// Empty means `client_secret_basic`, says the standard.
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

impl Metadata {
    /// Refuses what is of another issuer or would be asked in the clear.
    pub(super) fn checked(self, issuer: &str) -> Result<Self, OpenidError> {
        let wrong = |why| OpenidError::Answer { what: WHAT, why };
        if self.issuer != issuer {
            return Err(wrong(format!("it is of the issuer {:?}, not of {issuer:?}", self.issuer)));
        }
        let own = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        for address in own.into_iter().chain(&self.userinfo_endpoint) {
            secure(address).map_err(|error| wrong(error.to_string()))?;
        }
        Ok(self)
    }

    /// Whether the secret goes into the body because the provider does not read it in the header.
    pub(super) fn secret_in_body(&self) -> bool {
        let methods = &self.token_endpoint_auth_methods_supported;
        let has = |method: &str| methods.iter().any(|one| one == method);
        !has("client_secret_basic") && has("client_secret_post")
    }
}
