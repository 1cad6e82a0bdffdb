//! One client's messages, from the first octet to the last.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use pgwire::api::{ClientInfo as _, DefaultClient, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use pgwire::tokio::server::{PgWireMessageServerCodec, process_error, process_message};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::{Framed, FramedParts};

use crate::connection::{Connection, Extended};
use crate::fault::{code, fatal};
use crate::meter::{Metered, Transport};
use crate::server::Shared;
use crate::statement::Prepared;

/// Longest time from the first octet to the end of the login.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time that a client may read nothing of what was sent to it, or answer no sign of life.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// The requests that may come before the first message: eight octets each, the length and one of these.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];

type Talk = Framed<Metered, PgWireMessageServerCodec<Prepared>>;

/// Serves one client until one side ends.
pub(crate) async fn hold(
    stream: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE_MAX / 2))?;
    socket.set_tcp_user_timeout(Some(SILENCE_MAX))?;
    let login_by = Instant::now() + LOGIN_TIMEOUT;
    let Ok(began) = timeout_at(login_by, negotiate(stream, tls)).await else { return Ok(()) };
    let (transport, first, secure) = began?;
    let (metered, meter) = Metered::new(transport);
    let codec = PgWireMessageServerCodec::new(DefaultClient::new(address, secure));
    let mut parts = FramedParts::new::<PgWireBackendMessage>(metered, codec);
    parts.read_buf.extend_from_slice(&first);
    let mut talk: Talk = Framed::from_parts(parts);
    talk.set_state(PgWireConnectionState::AwaitingStartup);
    let idle = Duration::from_secs(shared.config.idle_timeout_s);
    let connection = Connection::new(shared.clone());
    loop {
        let arriving = arriving(&talk);
        meter.taken(arriving);
        let message =
            if arriving { timeout_at(login_by, talk.next()).await } else { timeout(idle, talk.next()).await };
        let message = match message {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(failed))) => return end(&mut talk, failed).await,
            Ok(None) => return Ok(()),
            Err(_) => {
                let said = "terminating connection: nothing was said for longer than sql.idle_timeout_s";
                return end(&mut talk, fatal(code::IDLE, said)).await;
            }
        };
        if matches!(message, PgWireFrontendMessage::Terminate(_)) {
            return Ok(());
        }
        let extended = message.is_extended_query();
        let done = process_message(
            message,
            &mut talk,
            connection.clone(),
            connection.clone(),
            Arc::new(Extended(connection.clone())),
            Arc::new(NoopHandler),
            shared.slots.clone(),
        )
        .await;
        if let Err(failed) = done {
            let told: ErrorInfo = failed.into();
            // Whatever goes wrong before a login ends the connection: the library would go on to take questions.
            if arriving || told.is_fatal() {
                return end(&mut talk, PgWireError::UserError(Box::new(told))).await;
            }
            process_error(&mut talk, PgWireError::UserError(Box::new(told)), extended).await?;
        }
    }
}

fn arriving(talk: &Talk) -> bool {
    matches!(
        talk.state(),
        PgWireConnectionState::AwaitingSslRequest
            | PgWireConnectionState::AwaitingStartup
            | PgWireConnectionState::AuthenticationInProgress
    )
}

/// Says why, and ends.
async fn end(talk: &mut Talk, failed: PgWireError) -> io::Result<()> {
    let mut told: ErrorInfo = failed.into();
    told.severity = "FATAL".to_owned();
    talk.send(PgWireBackendMessage::ErrorResponse(told.into())).await?;
    talk.close().await
}

/// Agrees on TLS or clear text; gives the transport, the first octets that were read beyond that, and whether it is TLS.
async fn negotiate(
    mut stream: TcpStream,
    tls: Option<TlsAcceptor>,
) -> io::Result<(Box<dyn Transport>, Vec<u8>, bool)> {
    let mut first = [0; 8];
    // Each is asked for once.
    for _ in 0..2 {
        stream.read_exact(&mut first).await?;
        match (first, &tls) {
            (SSL_REQUEST, Some(tls)) => {
                stream.write_all(b"S").await?;
                return Ok((Box::new(tls.accept(stream).await?), Vec::new(), true));
            }
            (SSL_REQUEST | GSS_REQUEST, _) => stream.write_all(b"N").await?,
            _ => return Ok((Box::new(stream), first.to_vec(), false)),
        }
    }
    Ok((Box::new(stream), Vec::new(), false))
}
