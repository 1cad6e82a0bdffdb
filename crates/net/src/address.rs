//! Where a measurement server is, and over which version of IP it is reached.

use std::fmt;
use std::str::FromStr;

use desserte_model::IpFamily;
use url::Url;

/// Which version of IP a run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FamilyChoice {
    /// The addresses in the resolver's order; the first that answers is used and recorded.
    #[default]
    Any,
    /// Only this version; a server without such an address is unreachable.
    Only(IpFamily),
}

impl FamilyChoice {
    /// Whether an address of `family` may be used.
    #[must_use]
    pub fn allows(self, family: IpFamily) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted == family,
        }
    }
}

/// The refusal of a text that is not a server's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedServerUrl {
    /// The text is not a URL at all.
    #[error("{text:?} is not a URL such as wss://server.example:4443")]
    NotAUrl {
        /// What stood there, cut to 128 characters.
        text: String,
    },
    /// Neither `ws` nor `wss`.
    #[error("a measurement server is reached over ws or wss, not {scheme:?}")]
    Scheme {
        /// What stood there.
        scheme: String,
    },
    /// A path, a query, a fragment or credentials, which a base address does not have.
    #[error("the address of a measurement server is scheme, host and port alone (wss://server.example:4443)")]
    NotABase,
}

/// The base address of a measurement server: `ws://host[:port]` in clear or `wss://host[:port]` over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    secure: bool,
    host: url::Host<String>,
    port: u16,
}

impl ServerUrl {
    /// A server of another protocol, reached in clear.
    const fn in_clear(host: url::Host<String>, port: u16) -> Self {
        Self { secure: false, host, port }
    }

    /// Reads `host`, `host:port` or `[address]:port`, with or without `scheme` in front.
    pub(crate) fn parse_in_clear(text: &str, scheme: &str, default_port: u16) -> Option<Self> {
        let bare = text.strip_prefix(scheme).unwrap_or(text);
        // Read as a URL of a scheme that is known, so that names and addresses of both kinds are checked.
        let url = Url::parse(&format!("http://{bare}")).ok()?;
        let plain = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        // The default port of that scheme is left out of what was read.
        let names_80 = bare.trim_end_matches('/').ends_with(":80");
        let port = url.port().unwrap_or(if names_80 { 80 } else { default_port });
        url.host().filter(|_| plain).map(|host| Self::in_clear(host.to_owned(), port))
    }

    /// The address of a server of another scheme than `ws`, which is over TLS or not alike.
    pub(crate) const fn from_parts(secure: bool, host: url::Host<String>, port: u16) -> Self {
        Self { secure, host, port }
    }

    /// Whether the run goes over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host: a name, or an address of IPv4 or IPv6.
    #[must_use]
    pub const fn host(&self) -> &url::Host<String> {
        &self.host
    }

    /// The TCP port; 80 or 443 when the text named none.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the server is on this machine, as far as the address itself says.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// Host and port, as a `Host` header and a record carry them (`[::1]:4443`).
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl FromStr for ServerUrl {
    type Err = MalformedServerUrl;

    fn from_str(text: &str) -> Result<Self, MalformedServerUrl> {
        let not_a_url = || MalformedServerUrl::NotAUrl { text: text.chars().take(128).collect() };
        let url = Url::parse(text).map_err(|_| not_a_url())?;
        let secure = match url.scheme() {
            "ws" => false,
            "wss" => true,
            other => return Err(MalformedServerUrl::Scheme { scheme: other.to_owned() }),
        };
        let bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(MalformedServerUrl::NotABase);
        }
        let host = url.host().ok_or_else(not_a_url)?.to_owned();
        let port = url.port_or_known_default().ok_or_else(not_a_url)?;
        Ok(Self { secure, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_is_scheme_host_and_port() {
        let url: ServerUrl = "wss://mesure.example:4443".parse().unwrap();
        assert!(url.is_secure());
        assert_eq!(url.authority(), "mesure.example:4443");
        let url: ServerUrl = "ws://[::1]:8080/".parse().unwrap();
        assert!(!url.is_secure());
        assert_eq!(url.authority(), "[::1]:8080");
        assert_eq!(url.to_string(), "ws://[::1]:8080");
        assert_eq!("wss://a.example".parse::<ServerUrl>().unwrap().port(), 443);
    }

    #[test]
    fn anything_but_a_base_address_is_refused() {
        for text in
            ["", "server.example", "https://a.example", "ws://a.example/ndt", "ws://u:p@a.example", "ws://"]
        {
            assert!(text.parse::<ServerUrl>().is_err(), "{text}");
        }
    }
}
