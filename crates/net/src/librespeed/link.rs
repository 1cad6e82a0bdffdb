//! One connection of a run: requests out, answers in, their payload counted and forgotten.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use desserte_proto::librespeed::{BodyReader, Framing};
use tokio::io::AsyncWrite as _;

use crate::OwnOctets;
use crate::charge::{OwnMeter, Tariff};
use crate::drive::{UNSENT_MAX, UNSENT_MIN};
use crate::http::{self, HEAD_MAX, Response};
use crate::tcp::TcpInfo;
use crate::wire::Wire;

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// The head of an answer is whole.
    Head(Box<Response>),
    /// Octets of payload arrived.
    Payload(u64),
    /// An answer is whole.
    Answered { head: Box<Response>, keep_alive: bool },
    /// The connection ended, or what arrived was no answer.
    Ended(String),
}

/// An answer that comes in.
#[derive(Debug)]
enum Answer {
    /// Nothing was asked.
    None,
    /// So much of its head.
    Head(Vec<u8>),
    /// Its body.
    Body { head: Box<Response>, body: BodyReader },
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    wire: Wire,
    /// The head of a request, and how much of it is sent.
    head: (Vec<u8>, usize),
    /// Octets of an upload's body still to be sent.
    bulk_left: u64,
    bulk_sent: u64,
    unsent_limit: u64,
    needs_flush: bool,
    answer: Answer,
    /// Octets acknowledged before the run began.
    acked_before: u64,
    own_meter: OwnMeter,
    own: OwnOctets,
    over: bool,
}

impl Link {
    pub(super) fn new(wire: Wire) -> Self {
        let acked_before = acked(&wire);
        Self {
            wire,
            head: (Vec::new(), 0),
            bulk_left: 0,
            bulk_sent: 0,
            unsent_limit: 0,
            needs_flush: false,
            answer: Answer::None,
            acked_before,
            own_meter: OwnMeter::default(),
            own: OwnOctets::default(),
            over: false,
        }
    }

    pub(super) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Octets acknowledged since the run began.
    pub(super) fn acked(&self) -> u64 {
        acked(&self.wire).saturating_sub(self.acked_before)
    }

    /// Octets that it has put on the interface, headers included; what was known last when the kernel tells nothing more.
    pub(super) fn own(&mut self, tariff: Tariff) -> OwnOctets {
        if let Some(info) = TcpInfo::read(self.wire.tcp()) {
            self.own = self.own_meter.read(tariff, &info);
        }
        self.own
    }

    /// Sends a request, and `bulk` octets of body after it.
    pub(super) fn request(&mut self, head: String, bulk: u64) {
        self.head = (head.into_bytes(), 0);
        self.bulk_left = bulk;
        self.answer = Answer::Head(Vec::new());
    }

    /// Lets go of the connection at once.
    pub(super) fn reset(self) {
        self.wire.reset();
    }

    /// Moves octets both ways; whether anything moved.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        block: &[u8],
        buffer: &mut [u8],
        events: &mut Vec<Event>,
    ) -> bool {
        if self.over {
            return false;
        }
        let before = self.wire.crossed();
        let written = self.poll_out(cx, block);
        let Self { wire, answer, .. } = self;
        let mut fault = None;
        let read = wire.poll_take(cx, buffer, &mut |octets| {
            if fault.is_none() {
                fault = take(answer, octets, events).err();
            }
        });
        // What the other end said before it hung up is read first; only then is a failed write the end.
        let ended = match (fault, read, written) {
            (Some(fault), ..) => Some(fault),
            (None, Poll::Ready(Ok(0)), _) => Some(self.end_of_stream(events)),
            (None, Poll::Ready(Err(error)), _) | (None, Poll::Pending, Err(error)) => Some(error.to_string()),
            _ => None,
        };
        if let Some(reason) = ended {
            self.over = true;
            if !reason.is_empty() {
                events.push(Event::Ended(reason));
            }
            return true;
        }
        // Also what brought no octet for us: parts of TLS records.
        self.wire.crossed() != before
    }

    /// The end of the connection may be the end of an answer; an empty text says that it was.
    fn end_of_stream(&mut self, events: &mut Vec<Event>) -> String {
        match std::mem::replace(&mut self.answer, Answer::None) {
            Answer::Body { head, body } if body.may_end() => {
                events.push(Event::Answered { head, keep_alive: false });
                String::new()
            }
            _ => "the server closed the connection".to_owned(),
        }
    }

    fn poll_out(&mut self, cx: &mut Context<'_>, block: &[u8]) -> io::Result<()> {
        let Self { wire, head: (head, sent), .. } = self;
        if *sent < head.len() {
            if let Poll::Ready(count) = Pin::new(&mut *wire).poll_write(cx, &head[*sent..]) {
                *sent += some(count?)?;
                self.needs_flush = true;
            }
        } else if self.bulk_left > 0 {
            let most = block.len().min(usize::try_from(self.bulk_left).unwrap_or(usize::MAX));
            if let Poll::Ready(count) = Pin::new(&mut *wire).poll_write(cx, &block[..most]) {
                let count = some(count?)? as u64;
                self.bulk_left -= count;
                self.bulk_sent += count;
                self.needs_flush = true;
                let wanted = (self.bulk_sent / 16).clamp(UNSENT_MIN, UNSENT_MAX).next_power_of_two();
                if wanted != self.unsent_limit {
                    self.unsent_limit = wanted;
                    self.wire.limit_unsent(wanted);
                }
            }
        } else if self.needs_flush {
            if let Poll::Ready(flushed) = Pin::new(&mut *wire).poll_flush(cx) {
                flushed?;
                self.needs_flush = false;
            }
        }
        Ok(())
    }
}

fn some(count: usize) -> io::Result<usize> {
    if count == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(count) }
}

fn acked(wire: &Wire) -> u64 {
    TcpInfo::read(wire.tcp()).map_or(0, |info| info.bytes_acked())
}

/// Takes in octets of an answer.
fn take(answer: &mut Answer, mut octets: &[u8], events: &mut Vec<Event>) -> Result<(), String> {
    while !octets.is_empty() {
        match answer {
            Answer::None => return Err("the server sent what was not asked for".to_owned()),
            Answer::Head(seen) => {
                let before = seen.len();
                seen.extend_from_slice(&octets[..octets.len().min(HEAD_MAX - before)]);
                let parsed =
                    http::parse_response(seen).map_err(|error| format!("no HTTP/1.1 answer: {error}"))?;
                let Some((head, length)) = parsed else {
                    if seen.len() == HEAD_MAX {
                        return Err("the head of an answer is too long".to_owned());
                    }
                    return Ok(());
                };
                octets = &octets[length - before..];
                *answer = if (100..200).contains(&head.status) {
                    Answer::Head(Vec::new())
                } else {
                    let head = Box::new(head);
                    events.push(Event::Head(head.clone()));
                    Answer::Body { body: body(&head)?, head }
                };
            }
            Answer::Body { head, body } => {
                let count = body.read(&mut octets).map_err(|error| error.to_string())?;
                if count > 0 && (200..300).contains(&head.status) {
                    match events.last_mut() {
                        Some(Event::Payload(sum)) => *sum += count,
                        _ => events.push(Event::Payload(count)),
                    }
                }
            }
        }
        // Also an answer without a body, right after its head.
        if matches!(answer, Answer::Body { body, .. } if body.is_complete()) {
            if let Answer::Body { head, .. } = std::mem::replace(answer, Answer::None) {
                let keep_alive = http::keeps_alive(head.version_minor, &head.fields);
                events.push(Event::Answered { head, keep_alive });
            }
        }
    }
    Ok(())
}

fn body(head: &Response) -> Result<BodyReader, String> {
    let fields = &head.fields;
    let framing = if head.status == 204 {
        Framing::Length(0)
    } else {
        let (lengths, codings) = (fields.values("content-length"), fields.values("transfer-encoding"));
        Framing::read(lengths, codings, Framing::UntilEnd).map_err(|error| error.to_string())?
    };
    // However much a server sends, it is counted and forgotten; time and the ceiling end it.
    BodyReader::new(framing, u64::MAX).map_err(|error| error.to_string())
}

/// Reads answers whole and in parts, for the fuzz targets: what is understood must not depend on how octets were cut.
#[cfg(fuzzing)]
pub(super) fn fuzz_answers(octets: &[u8], part: usize) {
    let read = |part: usize| {
        let (mut answer, mut events) = (Answer::Head(Vec::new()), Vec::new());
        let mut parts = octets.chunks(part.max(1));
        let result = parts.try_for_each(|part| take(&mut answer, part, &mut events));
        if result.is_err() && matches!(events.last(), Some(Event::Payload(_))) {
            // Payload right before what cannot be read counts or not; the run is over either way.
            events.pop();
        }
        (format!("{events:?}"), result)
    };
    assert_eq!(read(octets.len()), read(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(parts: &[&str]) -> (Vec<String>, Result<(), String>) {
        let (mut answer, mut events) = (Answer::Head(Vec::new()), Vec::new());
        let mut result = Ok(());
        for part in parts {
            result = result.and_then(|()| take(&mut answer, part.as_bytes(), &mut events));
        }
        let text = |event: &Event| match event {
            Event::Head(head) => format!("head {}", head.status),
            Event::Payload(bytes) => format!("{bytes}"),
            Event::Answered { head, keep_alive } => format!("{} {keep_alive}", head.status),
            Event::Ended(reason) => reason.clone(),
        };
        (events.iter().map(text).collect(), result)
    }

    #[test]
    fn answers_are_read_however_they_are_cut() {
        let whole = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(events(&[whole]).0, ["head 200", "3", "200 true"]);
        let octets: Vec<String> = whole.chars().map(String::from).collect();
        let octets: Vec<&str> = octets.iter().map(String::as_str).collect();
        assert_eq!(events(&octets).0, ["head 200", "3", "200 true"]);
        assert_eq!(events(&["HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"]).0, ["head 200", "200 false"]);
        assert_eq!(
            events(&["HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n", "no"]).0,
            ["head 503", "503 true"]
        );
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        assert!(events(&["\x16\x03\x01"]).1.is_err());
        assert!(events(&["HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]).1.is_err());
        assert!(events(&["HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"]).1.is_err());
        assert!(events(&[&format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(HEAD_MAX))]).1.is_err());
    }
}
