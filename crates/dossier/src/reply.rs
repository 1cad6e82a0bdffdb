//! The other side's reply: kept as signed, printed beside the claim.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use desserte_custody::Hash;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

/// First line of what is signed.
const HEADING: &str = "desserte-reply/1";

/// Octets of a reply at the most: some ten printed pages.
pub(crate) const TEXT_OCTETS_MAX: usize = 32 * 1024;

/// What became of the claim after the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing yet.
    Pending,
    /// It stands as it was.
    Maintained,
    /// It was put right.
    Amended,
    /// It was taken back.
    Withdrawn,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Fingerprint of the dossier that it replies to.
    pub dossier: Hash,
    /// Who replies.
    pub operator: String,
    /// On which day it came: `2026-12-01`.
    pub received: String,
    /// What they say, in their own words.
    pub text: String,
    /// Their public key, 32 octets in Base64. Whether it is theirs they have to say elsewhere.
    pub public_key: String,
    /// Ed25519 over [`reply_text`], Base64.
    pub signature: String,
    /// What became of the claim.
    pub outcome: Outcome,
    /// Why, in the words of who made the dossier.
    pub because: String,
}

/// Why a reply is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The text is empty or too long.
    #[error("a reply has from 1 to {TEXT_OCTETS_MAX} octets of text; this one has {0}")]
    Length(usize),
    /// The key is none.
    #[error("the key is no Ed25519 public key: 32 octets in Base64")]
    Key,
    /// The signature is none.
    #[error("the signature is no Ed25519 signature: 64 octets in Base64")]
    Malformed,
    /// The signature is not this key's over this text.
    #[error(
        "the signature is not this key's over this text and this dossier: sign exactly what `desserte dossier reply-text` writes"
    )]
    Signature,
}

/// What the other side signs: the text, and which dossier it is about.
#[must_use]
pub fn reply_text(dossier: Hash, text: &str) -> String {
    format!("{HEADING}\ndossier {dossier}\n\n{text}")
}

impl Reply {
    /// Checks the signature.
    ///
    /// # Errors
    /// When the reply cannot be what its key signed.
    pub fn check(&self) -> Result<(), ReplyError> {
        if !(1..=TEXT_OCTETS_MAX).contains(&self.text.len()) {
            return Err(ReplyError::Length(self.text.len()));
        }
        let key = octets::<32>(&self.public_key).and_then(|octets| VerifyingKey::from_bytes(&octets).ok());
        let key = key.ok_or(ReplyError::Key)?;
        let signature = octets::<64>(&self.signature).ok_or(ReplyError::Malformed)?;
        key.verify_strict(reply_text(self.dossier, &self.text).as_bytes(), &Signature::from_bytes(&signature))
            .map_err(|_| ReplyError::Signature)
    }
}

fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use desserte_custody::Hash;
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    #[test]
    fn a_reply_holds_for_its_text_its_dossier_and_its_key_alone() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let (dossier, text) = (Hash([1; 32]), "La ligne a été réparée le 3.");
        let signature = key.sign(reply_text(dossier, text).as_bytes());
        let good = Reply {
            dossier,
            operator: "Opérateur".to_owned(),
            received: "2026-12-01".to_owned(),
            text: text.to_owned(),
            public_key: BASE64_STANDARD.encode(key.verifying_key().as_bytes()),
            signature: BASE64_STANDARD.encode(signature.to_bytes()),
            outcome: Outcome::Pending,
            because: String::new(),
        };
        assert_eq!(good.check(), Ok(()));
        let other = |change: fn(&mut Reply)| {
            let mut other = good.clone();
            change(&mut other);
            other.check()
        };
        assert_eq!(other(|reply| reply.text.push('!')), Err(ReplyError::Signature));
        assert_eq!(other(|reply| reply.dossier = Hash([2; 32])), Err(ReplyError::Signature));
        assert_eq!(other(|reply| reply.text.clear()), Err(ReplyError::Length(0)));
        assert_eq!(other(|reply| reply.public_key.truncate(8)), Err(ReplyError::Key));
        assert_eq!(other(|reply| reply.signature.clear()), Err(ReplyError::Malformed));
        // What became of the claim is not the other side's to say.
        assert_eq!(other(|reply| reply.outcome = Outcome::Withdrawn), Ok(()));
    }
}
