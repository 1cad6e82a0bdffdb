//! Where an iperf3 server is.

use std::fmt;
use std::str::FromStr;

use desserte_proto::iperf3::spec;

use crate::ServerUrl;

/// An iperf3 server: `host`, `host:port`, `[::1]:port` or `iperf3://host:port`; port 5201 when none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iperf3Server(ServerUrl);

/// The refusal of a text that is no iperf3 server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an iperf3 server such as iperf3.example:5201")]
pub struct MalformedIperf3Server {
    /// What stood there, cut to 128 characters.
    pub text: String,
}

impl Iperf3Server {
    /// As all protocols have it.
    #[must_use]
    pub const fn url(&self) -> &ServerUrl {
        &self.0
    }

    /// Host and port, as a record carries them.
    #[must_use]
    pub fn authority(&self) -> String {
        self.0.authority()
    }
}

impl fmt::Display for Iperf3Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl FromStr for Iperf3Server {
    type Err = MalformedIperf3Server;

    fn from_str(text: &str) -> Result<Self, MalformedIperf3Server> {
        let malformed = || MalformedIperf3Server { text: text.chars().take(128).collect() };
        ServerUrl::parse_in_clear(text, "iperf3://", spec::PORT).map(Self).ok_or_else(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_5201_unless_it_is_named() {
        for (text, expected) in [
            ("iperf.example", "iperf.example:5201"),
            ("iperf3://iperf.example:80", "iperf.example:80"),
            ("192.0.2.1:9", "192.0.2.1:9"),
            ("[2001:db8::1]", "[2001:db8::1]:5201"),
        ] {
            assert_eq!(text.parse::<Iperf3Server>().unwrap().authority(), expected);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "a b", "ws://a.example", "a.example/x", "u@a.example", "a.example:99999"] {
            assert!(text.parse::<Iperf3Server>().is_err(), "{text}");
        }
    }
}
