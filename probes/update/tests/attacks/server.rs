//! A web server that gives out a folder, honestly or not.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What it does with paths that begin so.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    /// Gives out what is there.
    Honest,
    /// Sends without end.
    Endless(&'static str),
    /// Begins and sends nothing more.
    Stalls(&'static str),
    /// Sends an octet now and then.
    Trickles(&'static str),
    /// Answers everything with a status.
    Answers(u16),
}

/// The server, until it is dropped.
pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(folder: &Path, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (folder, log) = (folder.to_owned(), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, folder.clone(), behaviour, Arc::clone(&log)));
            }
        });
        Self { port, asked, task }
    }

    pub(crate) fn address(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap()
    }

    /// The paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one request; the client opens another connection for the next. An error means that the client has gone, as it should.
async fn serve(
    mut stream: TcpStream,
    folder: PathBuf,
    behaviour: Behaviour,
    log: Arc<Mutex<Vec<String>>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    log.lock().unwrap().push(path.clone());
    let mut send = async |octets: &[u8]| stream.write_all(octets).await.ok();
    match behaviour {
        Behaviour::Answers(status) => {
            send(
                format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
            )
            .await?;
        }
        Behaviour::Endless(begin) if path.starts_with(begin) => {
            send(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await?;
            loop {
                send(&[b' '; 1024]).await?;
            }
        }
        Behaviour::Stalls(begin) if path.starts_with(begin) => {
            send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n{").await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Behaviour::Trickles(begin) if path.starts_with(begin) => {
            send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n").await?;
            loop {
                send(b" ").await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        _ => match std::fs::read(folder.join(path.trim_start_matches('/'))) {
            Ok(octets) => {
                let length = octets.len();
                send(
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
                        .as_bytes(),
                )
                .await?;
                send(&octets).await?;
            }
            Err(_) => send(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?,
        },
    }
    Some(())
}
