//! One request after the other, tried again while that can help.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use crate::{Series, wire};

/// The version that requests say they are of.
const VERSION: &str = "0.1.0";

/// Longest wait for a store's answer: it may have much to write.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a request is made before the store is given up for now, and the wait before the second time; each wait is
/// twice the one before: half a minute in all.
const ATTEMPTS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait that a store may ask for.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// How much of a refusal is told.
const TOLD_OCTETS: usize = 500;

/// Where samples go.
#[derive(Clone)]
pub struct Destination {
    /// The address that takes them, such as `http://localhost:9090/api/v1/write`.
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    pub bearer_token: Option<String>,
}

/// Why samples are not in the store.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The client could not be made.
    #[error("cannot prepare requests")]
    Client(#[source] reqwest::Error),
    /// A request could not be packed.
    #[error("cannot pack samples")]
    Packing(#[source] snap::Error),
    /// The store refuses these samples, and would again.
    #[error("the store refuses these samples ({status}): {said}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// What it says.
        said: String,
    },
    /// The store did not answer, or asked to wait, too often.
    #[error("the store did not take samples in {ATTEMPTS} attempts: {said}")]
    Unavailable {
        /// What was seen last.
        said: String,
    },
}

/// A client of one store.
pub struct Sender {
    client: Client,
    destination: Destination,
    first_wait: Duration,
}

enum Attempt {
    Taken,
    Again { said: String, wait: Option<Duration> },
}

impl Sender {
    /// Prepares for a store; nothing is sent.
    ///
    /// # Errors
    /// When the machine's certificates cannot be read.
    pub fn new(destination: Destination) -> Result<Self, SendError> {
        // Several providers of cryptography may be linked, so that there is none without a word. An error says that one was
        // named before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(ANSWER_TIMEOUT)
            .user_agent(concat!("desserte/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(SendError::Client)?;
        Ok(Self { client, destination, first_wait: FIRST_WAIT })
    }

    /// Sends series in one request; returns when the store has answered that it has them.
    ///
    /// # Errors
    /// When the store refuses them, or is not there for half a minute.
    pub async fn send(&self, series: &[Series]) -> Result<(), SendError> {
        let body = wire::body(series).map_err(SendError::Packing)?;
        let mut wait = self.first_wait;
        let mut last = String::new();
        for attempt in 1..=ATTEMPTS {
            match self.attempt(body.clone()).await? {
                Attempt::Taken => return Ok(()),
                Attempt::Again { said, wait: asked } => {
                    tracing::warn!(attempt, said, "the store did not take samples");
                    last = said;
                    if attempt < ATTEMPTS {
                        tokio::time::sleep(asked.unwrap_or(wait).min(WAIT_MAX)).await;
                        wait *= 2;
                    }
                }
            }
        }
        Err(SendError::Unavailable { said: last })
    }

    async fn attempt(&self, body: Vec<u8>) -> Result<Attempt, SendError> {
        let mut request = self
            .client
            .post(&self.destination.url)
            .header(CONTENT_ENCODING, "snappy")
            .header(CONTENT_TYPE, "application/x-protobuf")
            .header("X-Prometheus-Remote-Write-Version", VERSION)
            .body(body);
        if let Some(token) = &self.destination.bearer_token {
            request = request.bearer_auth(token);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                // Without the address, which may hold a password.
                let said = chain(&error.without_url());
                return Ok(Attempt::Again { said, wait: None });
            }
        };
        let status = response.status();
        if status.is_success() {
            return Ok(Attempt::Taken);
        }
        // The specification: a 4xx is final, save 429.
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            let wait = retry_after(&response);
            return Ok(Attempt::Again { said: format!("{status}: {}", told(response).await), wait });
        }
        Err(SendError::Refused { status, said: told(response).await })
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}

async fn told(response: Response) -> String {
    let mut text = response.text().await.unwrap_or_default();
    let cut = text.floor_char_boundary(TOLD_OCTETS);
    text.truncate(cut);
    text.trim().to_owned()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text = format!("{text}: {error}");
        below = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection after the other with these statuses; gives what it was asked.
    async fn store(answers: &'static [&'static str]) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/write", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 16 * 1024];
                let read = stream.read(&mut head).await.unwrap();
                asked.push(String::from_utf8_lossy(&head[..read]).to_lowercase());
                let reply =
                    format!("HTTP/1.1 {answer}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsaid");
                stream.write_all(reply.as_bytes()).await.unwrap();
            }
            asked
        });
        (url, task)
    }

    fn sender(url: String) -> Sender {
        let mut sender = Sender::new(Destination { url, bearer_token: Some("secret".to_owned()) }).unwrap();
        sender.first_wait = Duration::from_millis(1);
        sender
    }

    fn one() -> Vec<Series> {
        let mut series = Series::new("up", []).unwrap();
        series.push(1, 1.0).unwrap();
        vec![series]
    }

    #[tokio::test]
    async fn a_store_that_is_busy_is_asked_again() {
        let (url, store) = store(&["503 Busy", "429 Slower", "204 Taken"]).await;
        sender(url).send(&one()).await.unwrap();
        let asked = store.await.unwrap();
        assert_eq!(asked.len(), 3);
        for header in [
            "content-encoding: snappy",
            "content-type: application/x-protobuf",
            "x-prometheus-remote-write-version: 0.1.0",
            "authorization: bearer secret",
        ] {
            assert!(asked[2].contains(header), "{header}: {}", asked[2]);
        }
    }

    #[tokio::test]
    async fn what_is_refused_is_not_sent_again() {
        let (url, store) = store(&["400 Bad"]).await;
        let error = sender(url).send(&one()).await.unwrap_err();
        assert!(matches!(&error, SendError::Refused { said, .. } if said == "said"), "{error}");
        assert_eq!(store.await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_is_given_up_and_its_secrets_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = sender(format!("http://name:word@{address}/write")).send(&one()).await.unwrap_err();
        assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
        assert!(!error.to_string().contains("word"), "{error}");
    }
}
