//! What a token says, once its signature and all that bounds it hold (OpenID Connect Core 1.0, section 3.1.3.7).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::keys::{self, ALGORITHMS};
use super::{OpenidError, Settings};

/// Octets of a token that is read.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// A key of the provider, and the kind of signature that the token names.
pub(super) struct Key {
    key: DecodingKey,
    algorithm: Algorithm,
}

/// Who it is, of a token that holds.
#[derive(Debug, Deserialize)]
pub(super) struct Identity {
    pub(super) sub: String,
    nonce: Option<String>,
    azp: Option<String>,
    #[serde(flatten)]
    pub(super) person: Person,
}

/// What is told of a person to whoever shows an access token.
#[derive(Debug, Deserialize)]
pub(super) struct Info {
    pub(super) sub: String,
    #[serde(flatten)]
    pub(super) person: Person,
}

/// What is compared with accounts.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) email: Option<String>,
    pub(super) email_verified: Option<bool>,
}

/// The key that a token names, out of the provider's; `None` when it has none of that name.
pub(super) fn key(token: &str, keys: &[serde_json::Value]) -> Result<Option<Key>, OpenidError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(OpenidError::Token("it is too long".into()));
    }
    let header = decode_header(token).map_err(refused)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(OpenidError::Token(format!("signatures of the kind {:?} are not accepted", header.alg)));
    }
    // Keys that cannot be read are for something else.
    let read = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    let mut usable = read.filter(|key| makes(key, header.alg));
    let named = match &header.kid {
        Some(name) => usable.find(|key| key.common.key_id.as_ref() == Some(name)),
        // Without a name it has to be clear which.
        None => usable.next().filter(|_| usable.next().is_none()),
    };
    let key = named.map(|key| DecodingKey::from_jwk(&key)).transpose().map_err(refused)?;
    Ok(key.map(|key| Key { key, algorithm: header.alg }))
}

/// Whether a key is for signatures of this kind.
fn makes(key: &Jwk, algorithm: Algorithm) -> bool {
    use AlgorithmParameters::{EllipticCurve as Elliptic, OctetKeyPair, RSA};
    let kind = match (&key.algorithm, algorithm) {
        (
            RSA(_),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => true,
        (Elliptic(own), Algorithm::ES256) => own.curve == EllipticCurve::P256,
        (Elliptic(own), Algorithm::ES384) => own.curve == EllipticCurve::P384,
        (OctetKeyPair(own), Algorithm::EdDSA) => own.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    kind && matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature))
}

/// Who the token of a login says it is.
pub(super) fn identity(
    token: &str,
    key: &Key,
    settings: &Settings,
    nonce: &str,
) -> Result<Identity, OpenidError> {
    let identity: Identity = held(token, key, settings, true)?.claims;
    if identity.nonce.as_deref() != Some(nonce) {
        return Err(OpenidError::Token("it is of another login".into()));
    }
    if identity.azp.as_ref().is_some_and(|azp| *azp != settings.client_id) {
        return Err(OpenidError::Token("it was given to another client".into()));
    }
    if identity.sub.is_empty() {
        return Err(OpenidError::NoClaim("sub"));
    }
    Ok(identity)
}

/// What a signed userinfo says.
pub(super) fn user_info(token: &str, key: &Key, settings: &Settings) -> Result<Info, OpenidError> {
    Ok(held(token, key, settings, false)?.claims)
}

/// The claims of a token that is the provider's, for this collector, and not over. One that tells a person's data need not end.
fn held<T: DeserializeOwned>(
    token: &str,
    key: &Key,
    settings: &Settings,
    ends: bool,
) -> Result<TokenData<T>, OpenidError> {
    keys::install();
    let mut validation = Validation::new(key.algorithm);
    validation.set_audience(&[&settings.client_id]);
    validation.set_issuer(&[&settings.issuer]);
    validation.validate_nbf = true;
    let needed: &[&str] = if ends { &["exp", "iss", "aud", "sub"] } else { &["iss", "aud"] };
    validation.set_required_spec_claims(needed);
    decode(token, &key.key, &validation).map_err(refused)
}

/// Without what the token holds.
fn refused(error: jsonwebtoken::errors::Error) -> OpenidError {
    OpenidError::Token(error.to_string())
}
