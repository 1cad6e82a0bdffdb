//! The client's connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use desserte_proto::iperf3::{Parameters, Transport, is_connect_reply, spec};
use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::load::Socket;
use crate::connect::{ConnectError, ConnectPlan, connect_to};
use crate::tcp::limit_receive_buffer;

/// Time that the server gets to answer the opening of a flow before it is asked again.
const REPLY_LIMIT: Duration = Duration::from_secs(1);
/// Pause after the server's system said that nobody listens.
const REFUSED_PAUSE: Duration = Duration::from_millis(200);
/// How often it is asked: a datagram may be lost, but four in a row mean that UDP does not get through.
const REPLY_ATTEMPTS: u32 = 4;

/// Why a data connection did not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("opening a data connection: {0}")]
    Connect(#[from] ConnectError),
    #[error("opening a data connection: {0}")]
    Io(#[from] std::io::Error),
    #[error("the server does not answer over UDP")]
    NoReply,
}

/// Opens all data connections, one after the other: their order is what tells the server which is which. `sockets` has
/// those that came about also when one does not.
pub(super) async fn open(
    plan: &ConnectPlan<'_>,
    server: SocketAddr,
    parameters: &Parameters,
    cookie: &[u8; spec::COOKIE_LENGTH],
    receive_buffer: Option<usize>,
    sockets: &mut Vec<Socket>,
) -> Result<(), OpenError> {
    let directions = u16::from(parameters.mode.client_sends()) + u16::from(parameters.mode.server_sends());
    for _ in 0..parameters.streams * directions {
        sockets.push(match parameters.transport {
            Transport::Tcp => {
                let mut tcp = connect_to(plan, server, |socket| {
                    prepare(&SockRef::from(socket), parameters);
                    if let Some(bytes) = receive_buffer {
                        limit_receive_buffer(socket, bytes);
                    }
                })
                .await?;
                tcp.write_all(cookie).await?;
                Socket::Tcp(Arc::new(tcp))
            }
            Transport::Udp => Socket::Udp(Arc::new(open_flow(plan, server, parameters).await?)),
        });
    }
    Ok(())
}

/// Sets what a test asks of a socket before it connects. A kernel that cannot keeps its own.
pub(super) fn prepare(socket: &SockRef<'_>, parameters: &Parameters) {
    let asked = |what: &str, result: std::io::Result<()>| {
        if let Err(error) = result {
            tracing::debug!(what, %error, "the system does not set a socket as the test asks");
        }
    };
    if let Some(bytes) = parameters.window_bytes {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        asked("window", socket.set_recv_buffer_size(bytes));
        asked("window", socket.set_send_buffer_size(bytes));
    }
    if let Some(octet) = parameters.type_of_service {
        asked("TOS", socket.set_tos_v4(u32::from(octet)));
    }
    if parameters.transport == Transport::Tcp {
        if parameters.no_delay {
            asked("nodelay", socket.set_tcp_nodelay(true));
        }
        if let Some(bytes) = parameters.segment_bytes {
            asked("MSS", socket.set_tcp_mss(u32::from(bytes)));
        }
    } else if parameters.window_bytes.is_none() {
        // A burst of a millisecond at 10 Gbit/s; the kernel gives what it may.
        asked("buffer", socket.set_recv_buffer_size(1 << 21));
    }
}

async fn open_flow(
    plan: &ConnectPlan<'_>,
    server: SocketAddr,
    parameters: &Parameters,
) -> Result<UdpSocket, OpenError> {
    let socket = UdpSocket::bind(plan.path.datagrams_from(server)).await?;
    let options = SockRef::from(&socket);
    if let Some(name) = &plan.path.interface {
        options.bind_device(Some(name.as_bytes()))?;
    }
    prepare(&options, parameters);
    socket.connect(server).await?;
    let mut octets = [0; 64];
    for _ in 0..REPLY_ATTEMPTS {
        socket.send(&spec::UDP_CONNECT).await?;
        let reply = async {
            loop {
                // Load may overtake the answer.
                let count = socket.recv(&mut octets).await?;
                if is_connect_reply(&octets[..count]) {
                    return std::io::Result::Ok(());
                }
            }
        };
        match timeout(REPLY_LIMIT, reply).await {
            Ok(Ok(())) => return Ok(socket),
            // A server that is slower than its own word.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => tracing::debug!("a flow is asked for again"),
        }
    }
    Err(OpenError::NoReply)
}
