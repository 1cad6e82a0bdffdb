//! Where a reflector is.

use std::fmt;
use std::str::FromStr;

use desserte_proto::stamp::PORT;

use crate::ServerUrl;

/// A reflector: `host`, `host:port`, `[::1]:port` or `stamp://host:port`; port 862 when none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReflectorAddress(ServerUrl);

/// The refusal of a text that is no reflector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a STAMP reflector such as stamp.example:862")]
pub struct MalformedReflector {
    /// What stood there, cut to 128 characters.
    pub text: String,
}

impl ReflectorAddress {
    /// As the parts of the driver take it that all protocols share.
    pub(crate) const fn url(&self) -> &ServerUrl {
        &self.0
    }

    /// Host and port, as a record carries them.
    #[must_use]
    pub fn authority(&self) -> String {
        self.0.authority()
    }
}

impl fmt::Display for ReflectorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl FromStr for ReflectorAddress {
    type Err = MalformedReflector;

    fn from_str(text: &str) -> Result<Self, MalformedReflector> {
        let malformed = || MalformedReflector { text: text.chars().take(128).collect() };
        ServerUrl::parse_in_clear(text, "stamp://", PORT).map(Self).ok_or_else(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_862_unless_it_is_named() {
        assert_eq!("stamp://r.example".parse::<ReflectorAddress>().unwrap().authority(), "r.example:862");
        assert_eq!("[::1]:80".parse::<ReflectorAddress>().unwrap().authority(), "[::1]:80");
        assert!("http://r.example".parse::<ReflectorAddress>().is_err());
    }
}
