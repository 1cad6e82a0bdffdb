//! Identifiers, each a type of its own so that one cannot stand for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The refusal of a text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}")]
pub struct MalformedId {
    /// What was expected.
    pub kind: &'static str,
    /// What stood there, cut to 64 characters.
    pub text: String,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(with = "String"))] Uuid);

        impl $name {
            /// Wraps an identifier that was made elsewhere.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The identifier's 128 bits.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| MalformedId { kind: $kind, text: text.chars().take(64).collect() })
            }
        }
    };
}

uuid_id! {
    /// Names one record for ever; made by the probe (UUID version 7, RFC 9562), the key of idempotent ingest.
    RecordId, "record identifier (UUID)"
}
uuid_id! {
    /// Names one batch; a repeated upload of the same records may carry another.
    BatchId, "batch identifier (UUID)"
}
uuid_id! {
    /// Names one start of the probe's monotonic clock (one boot of the machine it runs on).
    BootId, "boot identifier (UUID)"
}

/// Names a probe by its key: the first 16 octets of the SHA-256 of its Ed25519 public key, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProbeId(#[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9a-f]{32}$")))] String);

impl ProbeId {
    /// The identifier as text: 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProbeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProbeId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let digits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if digits {
            Ok(Self(text.to_owned()))
        } else {
            let text = text.chars().take(64).collect();
            Err(MalformedId { kind: "probe identifier (32 hexadecimal digits)", text })
        }
    }
}

impl TryFrom<String> for ProbeId {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

impl From<ProbeId> for String {
    fn from(id: ProbeId) -> Self {
        id.0
    }
}

macro_rules! label_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// 1 to 64 characters out of `a-z`, `0-9`, `.`, `-`, `_` and `:`, so that it can stand in a metric label or a path.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9._:-]{1,64}$")))] String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':');
                if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(MalformedId { kind: $kind, text: text.chars().take(64).collect() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;

            fn try_from(text: String) -> Result<Self, MalformedId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

label_id! {
    /// Names a measurement server, as the server itself says.
    ServerId, "server identifier (1 to 64 of a-z 0-9 . - _ :)"
}
label_id! {
    /// Names a target of latency echoes, as the probe's configuration says.
    TargetId, "target identifier (1 to 64 of a-z 0-9 . - _ :)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_thirty_two_lower_case_digits_name_a_probe() {
        assert!("00112233445566778899aabbccddeeff".parse::<ProbeId>().is_ok());
        for wrong in ["", "00112233445566778899AABBCCDDEEFF", "00112233445566778899aabbccddeefg"] {
            assert!(wrong.parse::<ProbeId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_label_cannot_carry_a_path_or_a_quote() {
        assert!("paris-1.example:4443".parse::<ServerId>().is_ok());
        for wrong in ["", "a/b", "a\"b", "É"] {
            assert!(wrong.parse::<TargetId>().is_err(), "{wrong}");
        }
    }
}
