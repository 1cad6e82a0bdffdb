//! Asking the provider, within limits of time and size.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::metadata::{self, Metadata};
use super::token::Info;
use super::{OpenidError, Settings};

/// Time for one answer, all of it: somebody waits before a browser.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Octets of one answer: documents and keys of large providers have some tens of thousands.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

const TOKEN: &str = "token endpoint";
const KEYS: &str = "keys";
const USER_INFO: &str = "userinfo endpoint";

/// Asks the provider.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
}

/// What comes for a code.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

/// What is told of a person to whoever shows an access token.
pub(super) enum UserInfo {
    Plain(Info),
    /// A token, to be verified first.
    Signed(String),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

impl Fetcher {
    pub(super) fn new() -> Result<Self, OpenidError> {
        // Several providers of cryptography may be linked, so that there is none without a word. An error says that one was named before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(ANSWER_TIMEOUT)
            // A redirection could lead to where only this machine gets.
            .redirect(Policy::none())
            .user_agent(concat!("desserte/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OpenidError::Settings(format!("no client for the OpenID provider: {error}")))?;
        Ok(Self { client })
    }

    pub(super) async fn metadata(&self, issuer: &str) -> Result<Metadata, OpenidError> {
        let address = format!("{}{}", issuer.trim_end_matches('/'), metadata::WHAT);
        let request = self.client.get(address).header(ACCEPT, "application/json");
        json::<Metadata>(metadata::WHAT, request).await?.checked(issuer)
    }

    pub(super) async fn keys(&self, metadata: &Metadata) -> Result<Vec<serde_json::Value>, OpenidError> {
        let request = self.client.get(&metadata.jwks_uri).header(ACCEPT, "application/json");
        Ok(json::<KeySet>(KEYS, request).await?.keys)
    }

    /// RFC 6749, sections 4.1.3 and 2.3.1; RFC 7636, section 4.5.
    pub(super) async fn exchange(
        &self,
        metadata: &Metadata,
        settings: &Settings,
        code: &str,
        verifier: &str,
    ) -> Result<TokenAnswer, OpenidError> {
        let request = self.exchange_request(metadata, settings, code, verifier);
        json(TOKEN, request).await
    }

    fn exchange_request(
        &self,
        metadata: &Metadata,
        settings: &Settings,
        code: &str,
        verifier: &str,
    ) -> RequestBuilder {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &settings.redirect)
            .append_pair("code_verifier", verifier);
        let mut request = self.client.post(&metadata.token_endpoint).header(ACCEPT, "application/json");
        match &settings.client_secret {
            Some(secret) if !metadata.secret_in_body() => {
                let encoded =
                    |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                request = request.basic_auth(encoded(&settings.client_id), Some(encoded(secret)));
            }
            secret => {
                form.append_pair("client_id", &settings.client_id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret);
                }
            }
        }
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.finish())
    }

    pub(super) async fn user_info(
        &self,
        metadata: &Metadata,
        access_token: &str,
    ) -> Result<UserInfo, OpenidError> {
        let address = metadata.userinfo_endpoint.as_ref().ok_or(OpenidError::NoClaim("email"))?;
        let (kind, body) = read(USER_INFO, self.client.get(address).bearer_auth(access_token)).await?;
        if kind.starts_with("application/jwt") {
            let token = String::from_utf8(body).map_err(|_| wrong(USER_INFO, "it is no text"))?;
            return Ok(UserInfo::Signed(token.trim().to_owned()));
        }
        parsed(USER_INFO, &body).map(UserInfo::Plain)
    }
}

async fn json<T: DeserializeOwned>(what: &'static str, request: RequestBuilder) -> Result<T, OpenidError> {
    let (_, body) = read(what, request).await?;
    parsed(what, &body)
}

fn parsed<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, OpenidError> {
    // Without what it holds: it may be a secret.
    serde_json::from_slice(body).map_err(|error| {
        wrong(
            what,
            &format!(
                "it is not the JSON that was expected, at line {}, column {}",
                error.line(),
                error.column()
            ),
        )
    })
}

/// The type and the octets of an answer with status 200.
async fn read(what: &'static str, request: RequestBuilder) -> Result<(String, Vec<u8>), OpenidError> {
    let unreachable =
        |error: reqwest::Error| OpenidError::Unreachable { what, source: error.without_url().into() };
    let mut response: Response = request.send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(wrong(what, &format!("it answered with status {}", response.status().as_u16())));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(wrong(what, "it answers without an end"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((kind, body))
}

fn wrong(what: &'static str, why: &str) -> OpenidError {
    OpenidError::Answer { what, why: why.to_owned() }
}

/// Refuses an address over which secrets would go in the clear. A provider on the same machine is one for trying it out.
pub(super) fn secure(address: &str) -> Result<(), OpenidError> {
    let refused = |why: &str| OpenidError::Settings(format!("{address:?} {why}"));
    let url =
        Url::parse(address).map_err(|_| refused("is no address such as https://connexion.exemple.fr"))?;
    let here = match url.host() {
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if here => Ok(()),
        _ => Err(refused("is not an address with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_the_machine() {
        for good in [
            "https://a.example",
            "https://a.example/realm/",
            "http://127.0.0.1:9",
            "http://[::1]",
            "http://localhost:1/x",
        ] {
            assert!(secure(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "ftp://a.example",
            "http://127.0.0.1.example",
            "javascript:1",
            "file:///etc",
        ] {
            assert!(secure(bad).is_err(), "{bad}");
        }
    }
}
