//! Whether a request is one for a measurement, and what it asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use desserte_model::Direction;
use desserte_proto::ndt7::{RequestParameters, spec};

use crate::http::Request;

/// Where the state of the server can be asked for.
const HEALTH_PATH: &str = "/healthz";

/// What a good request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Measure { direction: Direction, key: String, parameters: RequestParameters },
}

/// The answer to a bad one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) status_line: &'static str,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) text: String,
}

impl Refusal {
    fn new(status: u16, status_line: &'static str, text: impl Into<String>) -> Self {
        Self { status, status_line, fields: Vec::new(), text: text.into() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }
}

/// Checks a request as the specification and RFC 6455 (section 4.2.1) ask.
pub(super) fn check(request: &Request) -> Result<Route, Refusal> {
    if request.method != "GET" {
        return Err(
            Refusal::new(405, "405 Method Not Allowed", "only GET is understood").with("Allow", "GET")
        );
    }
    let direction = match request.path.as_str() {
        HEALTH_PATH => return Ok(Route::Health),
        spec::DOWNLOAD_PATH => Direction::Download,
        spec::UPLOAD_PATH => Direction::Upload,
        _ => {
            let text = format!(
                "this is a measurement server; it serves {}, {} and {HEALTH_PATH}",
                spec::DOWNLOAD_PATH,
                spec::UPLOAD_PATH
            );
            return Err(Refusal::new(404, "404 Not Found", text));
        }
    };
    let bad = |text: String| Refusal::new(400, "400 Bad Request", text);
    let fields = &request.fields;
    if !fields.lists("upgrade", "websocket") || !fields.lists("connection", "upgrade") {
        let text = "this address is reached by a WebSocket upgrade";
        return Err(Refusal::new(426, "426 Upgrade Required", text).with("Upgrade", "websocket"));
    }
    if fields.first("sec-websocket-version") != Some("13") {
        let text = "only version 13 of WebSocket is understood";
        return Err(Refusal::new(426, "426 Upgrade Required", text).with("Sec-WebSocket-Version", "13"));
    }
    // The reference server takes the exact header only; RFC 6455 lets a client list several.
    let named = fields.values("sec-websocket-protocol").any(|token| token == spec::SUBPROTOCOL);
    if !named {
        return Err(bad(format!("Sec-WebSocket-Protocol does not name {}", spec::SUBPROTOCOL)));
    }
    let key = fields.first("sec-websocket-key").unwrap_or_default();
    if BASE64.decode(key).map_or(true, |octets| octets.len() != 16) {
        return Err(bad("Sec-WebSocket-Key is not 16 octets in base64".to_owned()));
    }
    let parameters = RequestParameters::parse(&request.query).map_err(|error| bad(error.to_string()))?;
    if parameters.early_exit_bytes.is_some() && direction == Direction::Upload {
        return Err(bad("early_exit is for downloads".to_owned()));
    }
    Ok(Route::Measure { direction, key: key.to_owned(), parameters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::read_request;

    const GOOD: &str = "GET /ndt/v7/download?client_name=x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n";

    async fn status(text: &str) -> Result<Route, u16> {
        check(&read_request(&mut text.as_bytes()).await.unwrap().head).map_err(|refusal| refusal.status)
    }

    #[tokio::test]
    async fn a_good_request_is_routed() {
        let route = status(GOOD).await.unwrap();
        assert!(matches!(route, Route::Measure { direction: Direction::Download, .. }));
        let listed = GOOD.replace("Protocol: net", "Protocol: other, net");
        assert!(status(&listed).await.is_ok());
        assert_eq!(status("GET /healthz HTTP/1.1\r\n\r\n").await, Ok(Route::Health));
    }

    #[tokio::test]
    async fn each_defect_has_its_status() {
        for (from, to, expected) in [
            ("GET", "POST", 405),
            ("/ndt/v7/download", "/ndt/v7/other", 404),
            ("Connection: Upgrade", "Connection: close", 426),
            ("Version: 13", "Version: 8", 426),
            ("Protocol: net.measurementlab.ndt.v7", "Protocol: chat", 400),
            ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: c2hvcnQ=", 400),
            ("client_name=x", "client_name=%zz", 400),
            ("client_name=x", "early_exit=100", 400),
            ("/ndt/v7/download?client_name=x", "/ndt/v7/upload?early_exit=250", 400),
        ] {
            assert_eq!(status(&GOOD.replace(from, to)).await, Err(expected), "{to}");
        }
    }
}
