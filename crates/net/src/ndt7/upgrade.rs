//! The WebSocket handshake of ndt7, from the client's side.

use std::time::Duration;

use desserte_model::{Direction, Software};
use desserte_proto::ndt7::{RequestParameters, spec};
use tokio::time::timeout;

use crate::ServerUrl;
use crate::http::{self, HeadError};
use crate::outbox::{NoRandomness, random};
use crate::wire::Wire;

/// Time that the server gets to answer the upgrade request; the specification suggests 5 to 10 s for everything.
const UPGRADE_LIMIT: Duration = Duration::from_secs(7);

/// Why no channel came about.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpgradeError {
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    #[error("the server did not answer the upgrade request within {} s", UPGRADE_LIMIT.as_secs())]
    Timeout,
    #[error("the server is full")]
    Busy { retry_after_s: Option<u64> },
    #[error("the server answered with status {status}: {explanation}")]
    Refused { status: u16, explanation: String },
    #[error("the server's answer does not accept the upgrade ({what})")]
    NotAccepted { what: &'static str },
}

/// An upgraded connection.
pub(super) struct Upgraded {
    /// Octets that came after the server's answer.
    pub(super) early: Vec<u8>,
    /// Whether the server says that it keeps to the duration and the payload asked for.
    pub(super) server_keeps_plan: bool,
}

/// Asks for the upgrade.
pub(super) async fn upgrade(
    wire: &mut Wire,
    server: &ServerUrl,
    direction: Direction,
    parameters: &RequestParameters,
    software: &Software,
) -> Result<Upgraded, UpgradeError> {
    timeout(UPGRADE_LIMIT, exchange(wire, server, direction, parameters, software))
        .await
        .map_err(|_| UpgradeError::Timeout)?
}

async fn exchange(
    wire: &mut Wire,
    server: &ServerUrl,
    direction: Direction,
    parameters: &RequestParameters,
    software: &Software,
) -> Result<Upgraded, UpgradeError> {
    let key = http::key(random()?);
    let path = match direction {
        Direction::Download => spec::DOWNLOAD_PATH,
        Direction::Upload => spec::UPLOAD_PATH,
    };
    let request = format!(
        "GET {path}?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n\
         User-Agent: {agent}\r\n\r\n",
        query = parameters.to_query(),
        host = server.authority(),
        protocol = spec::SUBPROTOCOL,
        agent = http::agent(software),
    );
    http::write_all(wire, &request).await.map_err(HeadError::Io)?;
    let http::Received { head, rest } = http::read_response(wire).await?;
    match head.status {
        101 => {}
        503 => {
            return Err(UpgradeError::Busy {
                retry_after_s: http::retry_after(head.fields.first("retry-after")),
            });
        }
        status => {
            let length = head.fields.first("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            let explanation = http::explanation(wire, rest, length).await;
            return Err(UpgradeError::Refused { status, explanation });
        }
    }
    let fields = &head.fields;
    let refused = |what| Err(UpgradeError::NotAccepted { what });
    if !fields.lists("upgrade", "websocket") || !fields.lists("connection", "upgrade") {
        refused("no upgrade to websocket")
    } else if fields.first("sec-websocket-accept") != Some(&http::accept_key(&key)) {
        refused("wrong Sec-WebSocket-Accept")
    } else if fields.first("sec-websocket-protocol") != Some(spec::SUBPROTOCOL) {
        refused("another Sec-WebSocket-Protocol")
    } else if fields.first("sec-websocket-extensions").is_some_and(|value| !value.is_empty()) {
        refused("an extension that was not asked for")
    } else {
        Ok(Upgraded { early: rest, server_keeps_plan: fields.lists(http::PLAN_FIELD, http::PLAN_KEPT) })
    }
}
