//! A WebSocket channel: frames in and out of one connection, both at once from one task.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use desserte_proto::websocket::{FrameError, FrameReader, Opcode, Piece, Sender};
use tokio::io::AsyncWrite as _;
use tokio::time::{Instant, Sleep};

use crate::outbox::{NoRandomness, Outbox};
use crate::tcp::send_at_once;
use crate::wire::Wire;

/// Octets read at once by the end that receives the load.
const READ_BUFFER_RECEIVER: usize = 1 << 18;
/// Octets read at once by the end that sends it, which hears little.
const READ_BUFFER_SENDER: usize = 1 << 12;
/// Time that the last frames get to leave once a run is over.
const LAST_FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// What a channel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChannelKind {
    /// Which end this is.
    pub(crate) role: Sender,
    /// Whether it receives the load.
    pub(crate) receives: bool,
    /// Octets that the end that receives the load may read at once.
    pub(crate) read_at_most: usize,
    /// Longest message that is accepted.
    pub(crate) max_message: u64,
    /// Longest text that is kept.
    pub(crate) max_text: usize,
}

/// What happened on a channel since it was asked last.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    /// What arrived; payload in one sum wherever nothing came between.
    pub(crate) pieces: Vec<Piece>,
    /// Octets that crossed the socket either way, of whatever kind, TLS included.
    pub(crate) moved: u64,
    /// A bulk message was handed over whole.
    pub(crate) bulk_sent: bool,
    /// The connection came to its end, or broke.
    pub(crate) ended: Option<io::Result<()>>,
    /// What arrived was not WebSocket.
    pub(crate) malformed: Option<FrameError>,
}

impl Happened {
    fn clear(&mut self) {
        self.pieces.clear();
        self.moved = 0;
        self.bulk_sent = false;
        self.ended = None;
        self.malformed = None;
    }

    fn take_octets(&mut self, reader: &mut FrameReader, mut octets: &[u8]) {
        while self.malformed.is_none() {
            match reader.read(&mut octets) {
                Ok(Some(Piece::Payload { bytes })) => match self.pieces.last_mut() {
                    Some(Piece::Payload { bytes: sum }) => *sum += bytes,
                    _ => self.pieces.push(Piece::Payload { bytes }),
                },
                Ok(Some(piece)) => self.pieces.push(piece),
                Ok(None) => break,
                Err(error) => self.malformed = Some(error),
            }
        }
    }
}

/// One end of an upgraded connection.
#[derive(Debug)]
pub(crate) struct Channel {
    wire: Wire,
    reader: FrameReader,
    outbox: Outbox,
    buffer: Vec<u8>,
    needs_flush: bool,
    /// Octets that came in with the end of the handshake.
    early: Vec<u8>,
    receives: bool,
    /// Octets that had crossed the socket when it was asked last.
    crossed: u64,
    sleep: Pin<Box<Sleep>>,
}

impl Channel {
    /// A channel over `wire`, whose handshake left `early` octets behind it.
    pub(crate) fn new(wire: Wire, early: Vec<u8>, kind: ChannelKind) -> Result<Self, NoRandomness> {
        send_at_once(wire.tcp(), false);
        let sender = match kind.role {
            Sender::Client => Sender::Server,
            Sender::Server => Sender::Client,
        };
        // Decrypted octets are taken where they are, at most a TLS record at a time.
        let buffer = match (&wire, kind.receives) {
            (Wire::Tls(_), _) => 0,
            (Wire::Clear(_), true) => kind.read_at_most.clamp(READ_BUFFER_SENDER, READ_BUFFER_RECEIVER),
            (Wire::Clear(_), false) => READ_BUFFER_SENDER,
        };
        Ok(Self {
            wire,
            reader: FrameReader::new(sender, kind.max_message, kind.max_text),
            outbox: Outbox::new(kind.role)?,
            buffer: vec![0; buffer],
            needs_flush: false,
            early,
            receives: kind.receives,
            crossed: 0,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        })
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Whether this end receives the load.
    pub(crate) const fn receives(&self) -> bool {
        self.receives
    }

    /// Octets that may be read at once.
    pub(crate) fn read_at_most(&self) -> usize {
        /// Payload of a TLS record (RFC 8446, section 5.1), which is decrypted and taken whole.
        const TLS_RECORD: usize = 1 << 14;
        if self.buffer.is_empty() { TLS_RECORD } else { self.buffer.len() }
    }

    /// Keeps what is handed over but cannot be sent yet to about `bytes`.
    pub(crate) fn limit_unsent(&mut self, bytes: u64) {
        self.wire.limit_unsent(bytes);
    }

    pub(crate) fn into_wire(self) -> Wire {
        self.wire
    }

    pub(crate) fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), NoRandomness> {
        self.outbox.push(opcode, payload)
    }

    pub(crate) fn send_bulk(&mut self, bytes: u64) -> Result<(), NoRandomness> {
        self.outbox.push_bulk(bytes)
    }

    /// Moves octets both ways until something happened or `until` has come.
    pub(crate) async fn step(&mut self, until: Instant, happened: &mut Happened) {
        happened.clear();
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            happened.take_octets(&mut self.reader, &early);
            self.note_moved(happened);
            return;
        }
        if self.sleep.deadline() != until {
            self.sleep.as_mut().reset(until);
        }
        std::future::poll_fn(|cx| self.poll_step(cx, happened)).await;
    }

    fn poll_step(&mut self, cx: &mut Context<'_>, happened: &mut Happened) -> Poll<()> {
        let mut progress = match self.poll_out(cx, happened) {
            Ok(progress) => progress,
            Err(error) => {
                // What the other end said before it hung up may still be read; only then is it the end.
                happened.ended = Some(Err(error));
                true
            }
        };
        let Self { wire, reader, buffer, .. } = self;
        match wire.poll_take(cx, buffer, &mut |octets| happened.take_octets(reader, octets)) {
            Poll::Ready(Ok(0)) => {
                happened.ended = Some(Ok(()));
                progress = true;
            }
            Poll::Ready(Ok(_)) => {
                happened.ended = None;
                progress = true;
            }
            Poll::Ready(Err(error)) => {
                happened.ended = Some(Err(error));
                progress = true;
            }
            Poll::Pending => {}
        }
        // Also what brought no octet for us: records that are empty, or incomplete, or about TLS itself.
        progress |= self.note_moved(happened);
        if progress || self.sleep.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Notes what has crossed the socket since the last time; whether anything has.
    fn note_moved(&mut self, happened: &mut Happened) -> bool {
        let crossed = self.wire.crossed();
        let moved = crossed - self.crossed;
        self.crossed = crossed;
        happened.moved += moved;
        moved > 0
    }

    /// Writes once, or flushes; whether anything moved.
    fn poll_out(&mut self, cx: &mut Context<'_>, happened: &mut Happened) -> io::Result<bool> {
        let Self { wire, outbox, needs_flush, .. } = self;
        if !outbox.is_empty() {
            return match outbox.with_slices(|slices| Pin::new(&mut *wire).poll_write_vectored(cx, slices)) {
                Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => {
                    *needs_flush = true;
                    happened.bulk_sent |= outbox.sent(count);
                    Ok(true)
                }
                Poll::Ready(Err(error)) => Err(error),
                Poll::Pending => Ok(false),
            };
        }
        if *needs_flush {
            match Pin::new(&mut *wire).poll_flush(cx) {
                Poll::Ready(Ok(())) => *needs_flush = false,
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {}
            }
        }
        Ok(false)
    }

    /// Sends the short frames that still wait, then closes this end's direction; gives up after a second.
    pub(crate) async fn finish(&mut self) {
        let Self { wire, outbox, .. } = self;
        let closing = std::future::poll_fn(|cx| {
            while !outbox.is_empty() && !outbox.holds_bulk() {
                match outbox.with_slices(|slices| Pin::new(&mut *wire).poll_write_vectored(cx, slices)) {
                    Poll::Ready(Ok(count)) if count > 0 => {
                        outbox.sent(count);
                    }
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
            match Pin::new(&mut *wire).poll_flush(cx) {
                Poll::Ready(Ok(())) => Pin::new(&mut *wire).poll_shutdown(cx).map(|_| ()),
                Poll::Ready(Err(_)) => Poll::Ready(()),
                Poll::Pending => Poll::Pending,
            }
        });
        // Too slow is as good as closed: whoever is left will see the connection end.
        let _ = tokio::time::timeout(LAST_FLUSH_LIMIT, closing).await;
    }
}
