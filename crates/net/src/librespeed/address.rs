//! Where a LibreSpeed server is.

use std::fmt;
use std::str::FromStr;

use desserte_proto::librespeed::spec::BASE_MAX;
use url::Url;

use crate::ServerUrl;

/// The refusal of a text that is not a LibreSpeed server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the address of a LibreSpeed server, such as https://speed.example/backend/: {what}")]
pub struct MalformedLibreSpeedUrl {
    /// What stood there, cut to 128 characters.
    pub text: String,
    /// What is wrong with it.
    pub what: &'static str,
}

/// The address of a LibreSpeed server: `http` or `https`, host, port and the path below which `garbage` and `empty` stand.
///
/// The path of the page that people open does too: `backend/` below it is tried, and names with and without `.php`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibreSpeedUrl {
    origin: ServerUrl,
    /// With a slash at either end.
    folder: String,
    /// Whether names end in `.php`; `None` until the server was asked.
    php: Option<bool>,
}

impl LibreSpeedUrl {
    /// Scheme, host and port.
    #[must_use]
    pub const fn origin(&self) -> &ServerUrl {
        &self.origin
    }

    /// Whether the server has been asked already where its names stand.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.php.is_some()
    }

    /// The places to try for a server that was not asked yet, the likeliest first.
    pub(super) fn candidates(&self) -> Vec<Self> {
        if self.is_settled() {
            return vec![self.clone()];
        }
        let below = format!("{}backend/", self.folder);
        let at = |folder: &str, php| Self { folder: folder.to_owned(), php: Some(php), ..self.clone() };
        vec![at(&self.folder, false), at(&self.folder, true), at(&below, false), at(&below, true)]
    }

    /// The target of a request.
    pub(super) fn target(&self, name: &str, query: &str) -> String {
        let suffix = if self.php == Some(true) { ".php" } else { "" };
        format!("{}{name}{suffix}?{query}", self.folder)
    }
}

impl fmt::Display for LibreSpeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.origin.is_secure() { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.origin.authority(), self.folder)
    }
}

impl FromStr for LibreSpeedUrl {
    type Err = MalformedLibreSpeedUrl;

    fn from_str(text: &str) -> Result<Self, MalformedLibreSpeedUrl> {
        let wrong = |what| MalformedLibreSpeedUrl { text: text.chars().take(128).collect(), what };
        let url = Url::parse(text).map_err(|_| wrong("not a URL"))?;
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("neither http nor https")),
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has credentials"));
        }
        if url.path().len() > BASE_MAX {
            return Err(wrong("its path is too long"));
        }
        let host = url.host().ok_or_else(|| wrong("no host"))?.to_owned();
        let port = url.port_or_known_default().ok_or_else(|| wrong("no port"))?;
        let folder = format!("{}/", url.path().trim_end_matches('/'));
        Ok(Self { origin: ServerUrl::from_parts(secure, host, port), folder, php: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_or_its_backend_is_an_address() {
        let url: LibreSpeedUrl = "https://speed.example".parse().unwrap();
        assert_eq!(url.origin().authority(), "speed.example:443");
        let tried: Vec<String> = url.candidates().iter().map(|place| place.target("empty", "r=1")).collect();
        assert_eq!(tried, ["/empty?r=1", "/empty.php?r=1", "/backend/empty?r=1", "/backend/empty.php?r=1"]);
        let url: LibreSpeedUrl = "http://[::1]:8080/a/b/".parse().unwrap();
        assert_eq!(url.to_string(), "http://[::1]:8080/a/b/");
        assert_eq!(url.candidates()[0].candidates().len(), 1);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "speed.example", "ws://a.example", "http://a.example/?x", "http://u:p@a.example", "http://"]
        {
            assert!(text.parse::<LibreSpeedUrl>().is_err(), "{text}");
        }
        assert!(format!("http://a.example/{}", "x".repeat(300)).parse::<LibreSpeedUrl>().is_err());
    }
}
