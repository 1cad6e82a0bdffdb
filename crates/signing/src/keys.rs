//! A probe's key pair and its name.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desserte_model::ProbeId;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// A probe's Ed25519 key pair (RFC 8032). It never appears in a log: `Debug` shows only the name of the probe.
pub struct ProbeKey(SigningKey);

impl ProbeKey {
    /// The key pair that grows from 32 random octets.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The 32 octets to keep secret.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The probe's name, made from the public half.
    #[must_use]
    pub fn id(&self) -> ProbeId {
        self.public().id()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for ProbeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProbeKey").field(&self.id().as_str()).finish()
    }
}

/// The public half of a probe's key; as text, the Base64 of its 32 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The refusal of a text that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an Ed25519 public key: expected the Base64 of 32 octets, as `desserte-probe key` prints it"
)]
pub struct MalformedKey(pub String);

impl PublicKey {
    /// The probe's name: the first 16 octets of the key's SHA-256, in hexadecimal.
    ///
    /// # Panics
    /// Never: 32 lower-case hexadecimal digits are a probe identifier.
    #[must_use]
    pub fn id(&self) -> ProbeId {
        let hash = Sha256::digest(self.0.as_bytes());
        hex::encode(&hash[..16]).parse().expect("32 hexadecimal digits")
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return false };
        self.0.verify_strict(message, &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let refuse = || MalformedKey(text.chars().take(64).collect());
        let octets: [u8; 32] =
            STANDARD.decode(text.trim()).ok().and_then(|v| v.try_into().ok()).ok_or_else(refuse)?;
        VerifyingKey::from_bytes(&octets).map(Self).map_err(|_| refuse())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_survives_its_text_and_names_the_same_probe() {
        let key = ProbeKey::from_seed([7; 32]);
        let again: PublicKey = key.public().to_string().parse().unwrap();
        assert_eq!(again, key.public());
        assert_eq!(again.id(), key.id());
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let shown = format!("{:?}", ProbeKey::from_seed([7; 32]));
        assert!(!shown.contains(&hex::encode([7; 32])) && !shown.contains("7, 7"), "{shown}");
    }

    #[test]
    fn texts_that_are_no_key_are_refused() {
        for wrong in ["", "AAAA", "not base64!"] {
            assert!(wrong.parse::<PublicKey>().is_err(), "{wrong}");
        }
    }
}
