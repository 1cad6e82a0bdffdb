//! The query string of the upgrade request: what the client says of itself and asks for.

use std::fmt::Write as _;
use std::time::Duration;

use super::spec;

/// Our key: planned length of the transfer in milliseconds.
const DURATION_MS: &str = "desserte_duration_ms";
/// Our key: payload in octets after which the sender stops.
const PAYLOAD_BYTES: &str = "desserte_payload_bytes";
/// Our key: congestion control asked of the server.
const CONGESTION_CONTROL: &str = "desserte_congestion_control";
/// Our key: rate that the line is expected to have.
const EXPECTED_RATE: &str = "desserte_expected_bits_per_second";
/// The specification's key for stopping a download early.
const EARLY_EXIT: &str = "early_exit";
/// Keys with this prefix belong to the server; from a client they are ignored.
const SERVER_PREFIX: &str = "server_";

/// Why a query string is not acceptable; the answer is status 400 with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Longer than the specification allows.
    #[error("the query string has more than {} octets", spec::QUERY_MAX)]
    TooLong,
    /// A percent sign without two hexadecimal digits, or octets that are not UTF-8.
    #[error("the query string is not URL-encoded UTF-8")]
    NotUrlEncodedUtf8,
    /// A value that is not understood.
    #[error("query parameter {key} cannot be {value:?}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// The value, cut to 64 characters.
        value: String,
    },
}

/// The parameters of a request. Keys of other makes are kept as metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestParameters {
    /// Stop the download after this many octets acknowledged.
    pub early_exit_bytes: Option<u64>,
    /// Planned length of the transfer, at most the specification's upper bound.
    pub duration: Option<Duration>,
    /// Payload in octets after which the sender stops.
    pub payload_bytes: Option<u64>,
    /// Congestion control asked of the server, a kernel's name.
    pub congestion_control: Option<String>,
    /// Rate in bits per second that the line is expected to have.
    pub expected_bits_per_second: Option<u64>,
    /// Everything else, first value of each key, in the order of the query.
    pub metadata: Vec<(String, String)>,
}

impl RequestParameters {
    /// Reads a query string (without its question mark).
    ///
    /// Duplicate keys are ignored after the first, a key without a value is empty, `server_` keys are dropped: so the
    /// specification asks of servers.
    ///
    /// # Errors
    /// When the specification says that the upgrade must fail, or a key of ours has a value that means nothing.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        if query.len() > spec::QUERY_MAX {
            return Err(QueryError::TooLong);
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (decode(key)?, decode(value)?);
            let unwanted = key.is_empty() || key.starts_with(SERVER_PREFIX);
            if !unwanted && pairs.iter().all(|(known, _)| *known != key) {
                pairs.push((key, value));
            }
        }
        let mut parameters = Self::default();
        for (key, value) in pairs {
            match key.as_str() {
                EARLY_EXIT => {
                    let megabytes =
                        number(EARLY_EXIT, &value, spec::EARLY_EXIT_MEGABYTES..=spec::EARLY_EXIT_MEGABYTES)?;
                    parameters.early_exit_bytes = Some(megabytes * 1_000_000);
                }
                DURATION_MS => {
                    let longest = u64::try_from(spec::DURATION_MAX.as_millis()).unwrap_or(u64::MAX);
                    parameters.duration =
                        Some(Duration::from_millis(number(DURATION_MS, &value, 1..=longest)?));
                }
                PAYLOAD_BYTES => {
                    parameters.payload_bytes = Some(number(PAYLOAD_BYTES, &value, 0..=MAX_INTEGER)?)
                }
                EXPECTED_RATE => {
                    parameters.expected_bits_per_second =
                        Some(number(EXPECTED_RATE, &value, 0..=MAX_INTEGER)?);
                }
                CONGESTION_CONTROL => {
                    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                    if value.is_empty() || value.len() > CONGESTION_NAME_MAX || !value.bytes().all(plain) {
                        return Err(bad(CONGESTION_CONTROL, &value));
                    }
                    parameters.congestion_control = Some(value);
                }
                _ => parameters.metadata.push((key, value)),
            }
        }
        Ok(parameters)
    }

    /// Writes the query string (without its question mark). Keys without a value are left out, as clients must.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for (key, value) in &self.metadata {
            pairs.push((key, value.clone()));
        }
        if let Some(bytes) = self.early_exit_bytes {
            pairs.push((EARLY_EXIT, (bytes / 1_000_000).to_string()));
        }
        if let Some(duration) = self.duration {
            pairs.push((DURATION_MS, duration.as_millis().to_string()));
        }
        if let Some(bytes) = self.payload_bytes {
            pairs.push((PAYLOAD_BYTES, bytes.to_string()));
        }
        if let Some(name) = &self.congestion_control {
            pairs.push((CONGESTION_CONTROL, name.clone()));
        }
        if let Some(rate) = self.expected_bits_per_second {
            pairs.push((EXPECTED_RATE, rate.to_string()));
        }
        let mut query = String::new();
        for (key, value) in pairs.iter().filter(|(key, value)| !key.is_empty() && !value.is_empty()) {
            if !query.is_empty() {
                query.push('&');
            }
            encode(key, &mut query);
            query.push('=');
            encode(value, &mut query);
        }
        query
    }
}

/// Longest name of a congestion control in the Linux kernel (`TCP_CA_NAME_MAX`, with its final zero).
const CONGESTION_NAME_MAX: usize = 15;

/// Integers beyond this are not exact in JSON readers.
const MAX_INTEGER: u64 = 1 << 53;

fn number(key: &'static str, value: &str, allowed: std::ops::RangeInclusive<u64>) -> Result<u64, QueryError> {
    value.parse().ok().filter(|number| allowed.contains(number)).ok_or_else(|| bad(key, value))
}

fn bad(key: &'static str, value: &str) -> QueryError {
    QueryError::BadValue { key, value: value.chars().take(64).collect() }
}

fn decode(text: &str) -> Result<String, QueryError> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                value.and_then(|value| u8::try_from(value).ok()).ok_or(QueryError::NotUrlEncodedUtf8)?
            }
            plain => plain,
        });
    }
    String::from_utf8(octets).map_err(|_| QueryError::NotUrlEncodedUtf8)
}

fn encode(text: &str, out: &mut String) {
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "%{octet:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_servers_should_tolerate_is_tolerated() {
        let parsed =
            RequestParameters::parse("client_name=a%20b&client_name=c&flag&server_x=1&&early_exit=250&=v")
                .unwrap();
        assert_eq!(parsed.early_exit_bytes, Some(250_000_000));
        let expected = [("client_name", "a b"), ("flag", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(parsed.metadata, expected);
    }

    #[test]
    fn what_must_fail_fails() {
        assert_eq!(RequestParameters::parse(&"a".repeat(4097)), Err(QueryError::TooLong));
        assert!(RequestParameters::parse(&"a".repeat(4096)).is_ok());
        for query in ["a=%", "a=%4", "a=%zz", "%ff=1", "a=%C3"] {
            assert_eq!(RequestParameters::parse(query), Err(QueryError::NotUrlEncodedUtf8), "{query}");
        }
        for query in [
            "early_exit=249",
            "early_exit=",
            "desserte_duration_ms=13001",
            "desserte_duration_ms=0",
            "desserte_payload_bytes=-1",
            "desserte_congestion_control=../x",
        ] {
            assert!(matches!(RequestParameters::parse(query), Err(QueryError::BadValue { .. })), "{query}");
        }
    }

    proptest! {
        #[test]
        fn what_a_client_writes_a_server_reads(
            name in "\\PC{1,20}", ms in 1_u64..=13_000, payload in proptest::option::of(0_u64..1 << 53),
        ) {
            let parameters = RequestParameters {
                duration: Some(Duration::from_millis(ms)),
                payload_bytes: payload,
                congestion_control: Some("cubic".to_owned()),
                expected_bits_per_second: Some(20_000_000),
                metadata: vec![("client_name".to_owned(), name)],
                ..RequestParameters::default()
            };
            prop_assert_eq!(RequestParameters::parse(&parameters.to_query()), Ok(parameters));
        }

        #[test]
        fn foreign_queries_never_panic(query in "\\PC{0,200}") {
            let _ = RequestParameters::parse(&query);
        }
    }
}
