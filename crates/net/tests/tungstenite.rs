//! Our framing against another implementation of WebSocket, in both roles (tungstenite, through tokio-tungstenite).
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::{TestServer, run_config};
use desserte_model::{CountingLayer, Direction, RunOutcome};
use desserte_net::ndt7;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Message};

const SUBPROTOCOL: &str = "net.measurementlab.ndt.v7";

async fn dial(server: &TestServer, path: &str) -> tokio_tungstenite::WebSocketStream<tokio::net::TcpStream> {
    let url = server.url("127.0.0.1");
    let mut request = format!("{url}{path}").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let tcp = tokio::net::TcpStream::connect(url.strip_prefix("ws://").unwrap()).await.unwrap();
    tokio_tungstenite::client_async(request, tcp).await.unwrap().0
}

#[tokio::test]
async fn a_client_of_another_make_downloads() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut channel = dial(&server, "/ndt/v7/download?desserte_duration_ms=700").await;
    channel.send(Message::Ping(Bytes::from_static(b"tick"))).await.unwrap();
    let (mut binary, mut texts, mut pongs, mut closed) = (0, 0, 0, false);
    while let Some(Ok(message)) = channel.next().await {
        match message {
            Message::Binary(octets) => {
                assert!(octets.len().is_power_of_two() && (1 << 10..=1 << 20).contains(&octets.len()));
                binary += octets.len();
            }
            Message::Text(text) => {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert!(value["ConnectionInfo"]["Client"].as_str().unwrap().starts_with("127.0.0.1:"));
                texts += 1;
            }
            Message::Pong(payload) => pongs += u32::from(payload == "tick"),
            Message::Close(_) => closed = true,
            other => panic!("{other:?}"),
        }
    }
    assert!(binary > 1_000_000 && texts >= 2 && pongs == 1 && closed, "{binary} {texts} {pongs} {closed}");
}

#[tokio::test]
async fn a_client_of_another_make_uploads_messages_of_the_greatest_size() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut channel = dial(&server, "/ndt/v7/upload?desserte_duration_ms=5000").await;
    let message = Bytes::from(vec![7; 1 << 24]);
    for _ in 0..3 {
        channel.send(Message::Binary(message.clone())).await.unwrap();
    }
    channel.close(None).await.unwrap();
    let mut last = serde_json::Value::Null;
    while let Some(Ok(message)) = channel.next().await {
        if let Message::Text(text) = message {
            last = serde_json::from_str(&text).unwrap();
        }
    }
    assert_eq!(last["AppInfo"]["NumBytes"], 3 << 24, "{last}");
    assert_eq!(last["Desserte"]["Last"], true);
}

#[tokio::test]
async fn a_client_that_sends_binary_into_a_download_is_hung_up_on() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let mut channel = dial(&server, "/ndt/v7/download").await;
    channel.send(Message::Binary(Bytes::from_static(b"x"))).await.unwrap();
    let hung_up = async { while let Some(Ok(_)) = channel.next().await {} };
    tokio::time::timeout(Duration::from_secs(5), hung_up).await.unwrap();
}

/// A server in the manner of the reference one: no AppInfo, no last message, pings, its own idea of the time.
async fn reference_server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut path = String::new();
                #[expect(clippy::result_large_err, reason = "the library's signature")]
                let answer = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                    path = request.uri().path().to_owned();
                    response
                        .headers_mut()
                        .insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
                    Ok(response)
                };
                let mut channel = tokio_tungstenite::accept_hdr_async(tcp, answer).await.unwrap();
                let begun = std::time::Instant::now();
                let mut received = 0;
                let bulk = Bytes::from(vec![9; 1 << 13]);
                for tick in 0_u32.. {
                    if begun.elapsed() > Duration::from_millis(1_500) {
                        break;
                    }
                    if path.ends_with("download") {
                        channel.send(Message::Binary(bulk.clone())).await.unwrap();
                    } else if let Some(Ok(message)) = channel.next().await {
                        received += message.len();
                        if message.is_close() {
                            break;
                        }
                    } else {
                        break;
                    }
                    if tick % 50 == 0 {
                        let elapsed = begun.elapsed().as_micros();
                        let text = format!(
                            "{{\"ConnectionInfo\":{{\"Client\":\"a\",\"Server\":\"b\",\"UUID\":\"c\"}},\
                             \"TCPInfo\":{{\"BytesReceived\":{received},\"ElapsedTime\":{elapsed},\"State\":1}}}}"
                        );
                        if channel.send(Message::text(text)).await.is_err() {
                            break;
                        }
                        let _ = channel.send(Message::Ping(Bytes::from_static(b"123456789"))).await;
                    }
                }
                let _ = channel.close(None).await;
                while let Some(Ok(_)) = channel.next().await {}
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_another_make_is_measured_by_what_it_tells() {
    let address = reference_server().await;
    for (direction, layer) in
        [(Direction::Download, CountingLayer::Application), (Direction::Upload, CountingLayer::Kernel)]
    {
        let mut config = run_config(&format!("ws://{address}"), direction);
        config.duration = Duration::from_millis(1_000);
        let record = ndt7::run(&config).await;
        assert_eq!(record.outcome, RunOutcome::Complete, "{record:?}");
        assert_eq!(record.counted_by.unwrap().layer, layer);
        assert!(
            record.samples.len() >= 3 && record.samples.last().unwrap().bytes > 100_000,
            "{:?}",
            record.samples
        );
        assert_eq!((record.server.id, record.congestion_control.server), (None, None));
        assert!(!record.server_tcp.is_empty());
    }
}
