//! The line between probe and collector: it passes on, cuts, loses, repeats and swaps, and keeps books of what it saw.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use desserte_e2e::BATCHES;

use crate::books::Books;

/// What the line does to requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Passes,
    Down,
    /// Half of a batch arrives.
    Cuts,
    /// The collector answers, and the probe never hears it.
    LosesAnswers,
    /// Each batch arrives twice.
    Repeats,
    /// A batch gets no answer, and arrives after the next one.
    Swaps,
}

/// The longest that one end waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);

struct State {
    line: Line,
    collector: SocketAddr,
    /// Batches on a long way round.
    held: Vec<Vec<u8>>,
    books: Books,
}

/// The line.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// Where the probe finds it.
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Begins to pass on to `collector`.
    pub(crate) fn start(collector: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let state = State { line: Line::Passes, collector, held: Vec::new(), books: Books::default() };
        let proxy = Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(state)) };
        let own = proxy.clone();
        // Both kinds of thread end with the process: a line has no end of its own.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        proxy
    }

    /// Changes what the line does.
    pub(crate) fn set(&self, line: Line) {
        self.state().line = line;
    }

    /// Looks into the books.
    pub(crate) fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.state().books)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one connection until either end has enough. Errors are what a line does.
    fn serve(&self, mut probe: TcpStream) {
        let _ = probe.set_read_timeout(Some(PATIENCE));
        while self.one(&mut probe).is_ok() {}
    }

    fn one(&self, probe: &mut TcpStream) -> io::Result<()> {
        let (line, collector) = {
            let state = self.state();
            (state.line, state.collector)
        };
        let request = message(probe)?;
        let over = || io::Error::from(io::ErrorKind::ConnectionReset);
        let is_batch = request.starts_with(format!("POST {BATCHES} ").as_bytes());
        match line {
            Line::Down => return Err(over()),
            Line::Cuts if is_batch => {
                TcpStream::connect(collector)?.write_all(&request[..request.len() / 2])?;
                return Err(over());
            }
            Line::Swaps if is_batch && self.state().held.is_empty() => {
                self.state().books.offer(&request);
                self.state().held.push(request);
                return Err(over());
            }
            _ => {}
        }
        let answer = self.pass(collector, &request, is_batch)?;
        if is_batch && line == Line::Repeats {
            self.pass(collector, &request, true)?;
        }
        if is_batch {
            let held = std::mem::take(&mut self.state().held);
            for late in held {
                let _ = self.pass(collector, &late, true);
            }
            if line == Line::LosesAnswers {
                return Err(over());
            }
        }
        probe.write_all(&answer)
    }

    fn pass(&self, collector: SocketAddr, request: &[u8], is_batch: bool) -> io::Result<Vec<u8>> {
        if is_batch {
            self.state().books.offer(request);
        }
        let mut stream = TcpStream::connect(collector)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request)?;
        let answer = message(&mut stream)?;
        if is_batch {
            self.state().books.answered(request, &answer);
        }
        Ok(answer)
    }
}

/// Reads one message of HTTP/1.1: its head, and as much body as that says.
fn message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let whole = |end: usize| octets.len() >= end + body_length(&octets[..end]);
        if body_begin(&octets).is_some_and(whole) {
            return Ok(octets);
        }
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => octets.extend_from_slice(&piece[..count]),
        }
    }
}

/// Where the body of a message begins, once its head is whole.
pub(crate) fn body_begin(message: &[u8]) -> Option<usize> {
    message.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn body_length(head: &[u8]) -> usize {
    header(head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A header of a message's head.
pub(crate) fn header(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
