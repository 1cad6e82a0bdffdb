//! What a request to a server asks for.

use std::fmt;
use std::str::FromStr;

use super::spec;

/// The path below which the addresses of a server stand: empty for the root, or such as `backend` or `speed/backend`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

/// The refusal of a text that cannot be a base path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a base path: letters, digits and - . _ ~ between slashes, {} octets at the most",
    spec::BASE_MAX
)]
pub struct MalformedBase {
    /// What stood there, cut to 64 characters.
    pub text: String,
}

impl Base {
    /// The path of one of the names below the base.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        if self.0.is_empty() { format!("/{name}") } else { format!("/{}/{name}", self.0) }
    }

    /// The name below the base, if `path` stands there.
    fn name<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below = path.strip_prefix('/')?;
        if self.0.is_empty() { Some(below) } else { below.strip_prefix(self.0.as_str())?.strip_prefix('/') }
    }
}

impl Default for Base {
    fn default() -> Self {
        Self("backend".to_owned())
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Base {
    type Err = MalformedBase;

    fn from_str(text: &str) -> Result<Self, MalformedBase> {
        let trimmed = text.trim_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'/');
        let steps = |part: &str| !part.is_empty() && part != "." && part != "..";
        let good = trimmed.len() <= spec::BASE_MAX
            && trimmed.bytes().all(plain)
            && (trimmed.is_empty() || trimmed.split('/').all(steps));
        if good {
            Ok(Self(trimmed.to_owned()))
        } else {
            Err(MalformedBase { text: text.chars().take(64).collect() })
        }
    }
}

/// One of the addresses of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Octets to download.
    Garbage,
    /// Where uploads go, and what latency is measured with.
    Empty,
    /// The client's own address.
    GetIp,
    /// Where the web client would leave its results.
    Results,
}

/// The methods that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD: as GET, without a body in the answer.
    Head,
    /// POST.
    Post,
    /// OPTIONS: a browser asks whether a page of another origin may.
    Options,
}

impl Method {
    /// Reads a method; `None` for any other.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "GET" => Some(Self::Get),
            "HEAD" => Some(Self::Head),
            "POST" => Some(Self::Post),
            "OPTIONS" => Some(Self::Options),
            _ => None,
        }
    }
}

/// What the query string says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Chunks of a download, within what a server gives.
    pub chunks: u64,
    /// Whether pages of another origin may read the answer.
    pub cors: bool,
    /// Ours: the rate in bit/s that the client expects of its line.
    pub expected_bits_per_second: Option<u64>,
}

impl Parameters {
    /// Reads a query string (without its question mark). A value that means nothing counts as absent, as the PHP server has
    /// it; of two values of a key the first counts.
    ///
    /// # Missing data
    /// `None` if the query is longer than [`spec::QUERY_MAX`].
    #[must_use]
    pub fn read(query: &str) -> Option<Self> {
        if query.len() > spec::QUERY_MAX {
            return None;
        }
        let value = |key: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, _)| *known == key).map(|(_, value)| value)
        };
        let number = |key: &str| value(key).and_then(|text| text.parse::<u64>().ok());
        Some(Self {
            chunks: number(spec::CHUNK_SIZE)
                .filter(|chunks| *chunks > 0)
                .unwrap_or(spec::CHUNKS_DEFAULT)
                .min(spec::CHUNKS_MAX),
            cors: value("cors") == Some("true"),
            expected_bits_per_second: number(spec::EXPECTED_RATE),
        })
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The address.
    pub what: What,
    /// What its query says.
    pub parameters: Parameters,
}

impl Asked {
    /// Reads the target of a request.
    ///
    /// # Missing data
    /// `None` if the path is none of a LibreSpeed server's below `base`, with or without `.php`, or the query is too long.
    #[must_use]
    pub fn read(base: &Base, path: &str, query: &str) -> Option<Self> {
        let name = base.name(path).map(|name| name.strip_suffix(".php").unwrap_or(name));
        let what = match name {
            Some("garbage") => What::Garbage,
            Some("empty") => What::Empty,
            Some("getIP") => What::GetIp,
            _ if is_results(path) => What::Results,
            _ => return None,
        };
        Some(Self { what, parameters: Parameters::read(query)? })
    }

    /// Whether a path could be one of these: a cheap look before anything else is done with a request.
    #[must_use]
    pub fn is_path(base: &Base, path: &str) -> bool {
        Self::read(base, path, "").is_some()
    }
}

/// Results stand beside the base in the PHP server and below it in others; every such address is told the same.
fn is_results(path: &str) -> bool {
    let mut steps = path.rsplit('/');
    let known = matches!(steps.next(), Some("telemetry" | "telemetry.php" | "" | "index.php" | "json.php"));
    known && steps.next() == Some("results")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn what(base: &str, path: &str) -> Option<What> {
        Asked::read(&base.parse().unwrap(), path, "").map(|asked| asked.what)
    }

    #[test]
    fn both_servers_names_are_known_below_the_base_and_nowhere_else() {
        for (base, path, expected) in [
            ("backend", "/backend/garbage", Some(What::Garbage)),
            ("/backend/", "/backend/garbage.php", Some(What::Garbage)),
            ("", "/empty.php", Some(What::Empty)),
            ("a/b", "/a/b/getIP", Some(What::GetIp)),
            ("backend", "/results/telemetry.php", Some(What::Results)),
            ("backend", "/backend/results/telemetry", Some(What::Results)),
            ("backend", "/garbage", None),
            ("backend", "/backendgarbage", None),
            ("backend", "/backend/garbage.php.php", None),
            ("backend", "/backend/garbage/", None),
            ("", "/", None),
            ("", "garbage", None),
        ] {
            assert_eq!(what(base, path), expected, "{base} {path}");
        }
    }

    #[test]
    fn numbers_that_mean_nothing_give_the_default_and_large_ones_the_most() {
        for (query, chunks) in [
            ("", 4),
            ("r=0.5&ckSize=100", 100),
            ("ckSize=0", 4),
            ("ckSize=-1", 4),
            ("ckSize=1e9", 4),
            ("ckSize=5000", 1_024),
            ("ckSize=99999999999999999999", 4),
            ("ckSize=7&ckSize=8", 7),
        ] {
            assert_eq!(Parameters::read(query).unwrap().chunks, chunks, "{query}");
        }
        assert!(Parameters::read("cors=true&r=1").unwrap().cors);
        assert!(!Parameters::read("cors=1").unwrap().cors);
        assert_eq!(Parameters::read(&"x".repeat(4_097)), None);
    }

    #[test]
    fn a_base_is_a_plain_path() {
        for text in ["a b", "a//b", "../x", "a/./b", "a?b", "é", &"x".repeat(257)] {
            assert!(text.parse::<Base>().is_err(), "{text}");
        }
        assert_eq!(Base::default().path("empty"), "/backend/empty");
        assert_eq!("".parse::<Base>().unwrap().path("empty"), "/empty");
    }

    proptest! {
        #[test]
        fn foreign_targets_never_panic_and_never_ask_for_too_much(path in "\\PC{0,60}", query in "\\PC{0,200}") {
            if let Some(asked) = Asked::read(&Base::default(), &path, &query) {
                prop_assert!((1..=spec::CHUNKS_MAX).contains(&asked.parameters.chunks));
            }
        }
    }
}
