//! Whether a scheduler is there and has executors. Ballista itself would let a question wait without a word.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::ClusterError;

/// Time for a scheduler to answer: one that works on a large plan answers late.
const ANSWER: Duration = Duration::from_secs(10);

/// Octets of an answer that are read; it is one line below a few headers.
const ANSWER_BYTES: u64 = 4_096;

/// Time between two tries to reach a scheduler that is starting.
const PAUSE: Duration = Duration::from_millis(250);

/// Fails when there is no scheduler, or it has no executor.
pub(crate) async fn check(host: &str, port: u16) -> Result<(), ClusterError> {
    let scheduler = format!("{host}:{port}");
    match asked(host, port).await {
        Ok(Some(200)) => Ok(()),
        Ok(Some(503)) => Err(ClusterError::NoExecutor { scheduler }),
        Ok(_) => {
            Err(ClusterError::NoScheduler { scheduler, said: "something else listens there".to_owned() })
        }
        Err(error) => Err(ClusterError::NoScheduler { scheduler, said: error.to_string() }),
    }
}

/// Waits for a scheduler, with or without executors.
pub(crate) async fn wait(host: &str, port: u16, seconds: u64) -> Result<(), ClusterError> {
    let until = Instant::now() + Duration::from_secs(seconds);
    loop {
        match check(host, port).await {
            Err(ClusterError::NoScheduler { .. }) if Instant::now() < until => sleep(PAUSE).await,
            Ok(()) | Err(ClusterError::NoExecutor { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// The status with which the scheduler says whether it is ready.
async fn asked(host: &str, port: u16) -> io::Result<Option<u16>> {
    let ask = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.split_whitespace().nth(1).and_then(|status| status.parse().ok()))
    };
    timeout(ANSWER, ask).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
