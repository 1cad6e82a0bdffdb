//! As much HTTP/1.1 as measurements need: the heads of requests and answers.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use desserte_model::Software;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

/// Octets that a head may have. The query alone may have 4096; browsers send a few hundred more.
pub(crate) const HEAD_MAX: usize = 16 * 1024;
/// Header fields that a head may have.
const FIELDS_MAX: usize = 64;
/// Octets of an answer's body that are read for its explanation.
const BODY_MAX: usize = 512;
/// Time that the body of a refusal gets to arrive after its head.
const BODY_LIMIT: Duration = Duration::from_millis(500);

/// Field of the upgrade's answer by which our server says that it keeps to the plan in the query string.
pub(crate) const PLAN_FIELD: &str = "desserte-plan";
/// Its value.
pub(crate) const PLAN_KEPT: &str = "kept";

/// Field by which our server names itself beside a LibreSpeed measurement.
pub(crate) const SERVER_FIELD: &str = "desserte-server";
/// Field by which it says what share of its capacity was in use when the measurement began.
pub(crate) const LOAD_FIELD: &str = "desserte-load";
/// Field by which it says its congestion control.
pub(crate) const CONGESTION_FIELD: &str = "desserte-congestion-control";

/// Why a head could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    /// The connection failed.
    #[error("the connection failed during an HTTP head: {0}")]
    Io(#[from] io::Error),
    /// The connection ended.
    #[error("the connection ended before an HTTP head was whole")]
    Ended,
    /// More than any honest head.
    #[error("an HTTP head of more than {HEAD_MAX} octets")]
    TooLong,
    /// Not HTTP/1.1.
    #[error("what arrived is not HTTP/1.1: {0}")]
    NotHttp(#[from] httparse::Error),
}

/// A head and what came after it.
#[derive(Debug)]
pub(crate) struct Received<T> {
    pub(crate) head: T,
    pub(crate) rest: Vec<u8>,
}

/// Names and values; names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    fn from_parsed(parsed: &[httparse::Header<'_>]) -> Self {
        let field = |header: &httparse::Header<'_>| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
        };
        Self(parsed.iter().map(field).collect())
    }

    /// The first value of a field.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The comma-separated values of all fields of a name.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(known, _)| known == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim)
    }

    /// Whether one of those values is `token`, whatever its case.
    pub(crate) fn lists(&self, name: &str, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token))
    }
}

/// The head of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The 1 of HTTP/1.1, or the 0 of HTTP/1.0.
    pub(crate) version_minor: u8,
    pub(crate) fields: Fields,
}

/// The head of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) version_minor: u8,
    pub(crate) fields: Fields,
}

async fn read_head<S: AsyncRead + Unpin, T>(
    stream: &mut S,
    early: Vec<u8>,
    parse: impl Fn(&[u8]) -> Result<Option<(T, usize)>, httparse::Error>,
) -> Result<Received<T>, HeadError> {
    let mut fresh = early.is_empty();
    let mut octets = early;
    loop {
        if fresh && stream.read_buf(&mut octets).await? == 0 {
            return Err(HeadError::Ended);
        }
        fresh = true;
        if let Some((head, length)) = parse(&octets)? {
            return Ok(Received { head, rest: octets.split_off(length) });
        }
        if octets.len() >= HEAD_MAX {
            return Err(HeadError::TooLong);
        }
    }
}

/// Reads the head of a request.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
) -> Result<Received<Request>, HeadError> {
    read_next_request(stream, Vec::with_capacity(1024)).await
}

/// Reads the head of a request of whose octets `early` came in already.
pub(crate) async fn read_next_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    early: Vec<u8>,
) -> Result<Received<Request>, HeadError> {
    read_head(stream, early, |octets| {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut parsed = httparse::Request::new(&mut fields);
        let httparse::Status::Complete(length) = parsed.parse(octets)? else { return Ok(None) };
        let target = parsed.path.unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            version_minor: parsed.version.unwrap_or_default(),
            fields: Fields::from_parsed(parsed.headers),
        };
        Ok(Some((request, length)))
    })
    .await
}

/// Reads the head of an answer from the octets that came in so far, and says how many of them it takes.
///
/// # Missing data
/// `None` while it is not whole.
pub(crate) fn parse_response(octets: &[u8]) -> Result<Option<(Response, usize)>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = parsed.parse(octets)? else { return Ok(None) };
    let response = Response {
        status: parsed.code.unwrap_or(0),
        version_minor: parsed.version.unwrap_or_default(),
        fields: Fields::from_parsed(parsed.headers),
    };
    Ok(Some((response, length)))
}

/// Reads the head of an answer.
pub(crate) async fn read_response<S: AsyncRead + Unpin>(
    stream: &mut S,
) -> Result<Received<Response>, HeadError> {
    read_next_response(stream, Vec::with_capacity(1024)).await
}

/// Reads the head of an answer of whose octets `early` came in already.
pub(crate) async fn read_next_response<S: AsyncRead + Unpin>(
    stream: &mut S,
    early: Vec<u8>,
) -> Result<Received<Response>, HeadError> {
    read_head(stream, early, parse_response).await
}

/// What a program calls itself in `User-Agent`.
pub(crate) fn agent(software: &Software) -> String {
    format!("{}/{}", token(&software.name), token(&software.version))
}

/// Letters that a User-Agent may consist of; the rest would need quoting.
pub(crate) fn token(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '+');
    let kept: String = text.chars().filter(plain).take(64).collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept }
}

/// Seconds of a `Retry-After` beyond which it is as good as absent: a day.
const RETRY_AFTER_MAX: u64 = 86_400;

/// Reads a `Retry-After` in seconds.
pub(crate) fn retry_after(value: Option<&str>) -> Option<u64> {
    value?.parse().ok().filter(|seconds| *seconds <= RETRY_AFTER_MAX)
}

/// Whether a connection goes on after a message (RFC 9112, section 9.3).
pub(crate) fn keeps_alive(version_minor: u8, fields: &Fields) -> bool {
    if version_minor == 0 {
        fields.lists("connection", "keep-alive")
    } else {
        !fields.lists("connection", "close")
    }
}

/// The first line of a refusal's body, for people; what has arrived or soon does.
pub(crate) async fn explanation<S: AsyncRead + Unpin>(
    stream: &mut S,
    mut body: Vec<u8>,
    length: usize,
) -> String {
    let wanted = length.min(BODY_MAX);
    let reading = async {
        while body.len() < wanted {
            match stream.read_buf(&mut body).await {
                Ok(count) if count > 0 => {}
                _ => break,
            }
        }
    };
    let _ = tokio::time::timeout(BODY_LIMIT, reading).await;
    body.truncate(wanted);
    let text = String::from_utf8_lossy(&body);
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}

/// An answer that ends the connection.
pub(crate) fn refusal(status: &str, extra: &[(&str, String)], text: &str) -> String {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in extra {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = text.len() + 1;
    format!(
        "{head}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}\n"
    )
}

/// What a server answers to a client's key (RFC 6455, section 4.2.2).
pub(crate) fn accept_key(key: &str) -> String {
    const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let digest =
        ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    BASE64.encode(digest.as_ref())
}

/// A client's key: sixteen octets that the caller drew.
pub(crate) fn key(random: [u8; 16]) -> String {
    BASE64.encode(random)
}

/// Writes everything and flushes.
pub(crate) async fn write_all<S: AsyncWrite + Unpin>(stream: &mut S, text: &str) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_the_rfcs_key_is_the_rfcs_answer() {
        // RFC 6455, section 1.3.
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[tokio::test]
    async fn a_request_ends_where_its_head_ends() {
        let text =
            b"GET /ndt/v7/upload?a=b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\r\n\x82\x00";
        let received = read_request(&mut &text[..]).await.unwrap();
        assert_eq!((received.head.path.as_str(), received.head.query.as_str()), ("/ndt/v7/upload", "a=b"));
        assert!(received.head.fields.lists("connection", "upgrade"));
        assert!(!received.head.fields.lists("connection", "close"));
        assert_eq!(received.rest, b"\x82\x00");
    }

    #[tokio::test]
    async fn heads_that_are_no_heads_are_refused() {
        assert!(matches!(read_request(&mut &b"GET / HT"[..]).await, Err(HeadError::Ended)));
        assert!(matches!(read_request(&mut &b"\x16\x03\x01\x02\x00"[..]).await, Err(HeadError::NotHttp(_))));
        let long = format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(2 * HEAD_MAX));
        assert!(matches!(read_request(&mut long.as_bytes()).await, Err(HeadError::TooLong)));
    }
}
