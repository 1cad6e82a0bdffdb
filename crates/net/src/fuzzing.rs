//! Doors for the fuzz targets in `fuzz/`, to parsers that no one else reaches from outside. Only built with
//! `--cfg fuzzing`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use desserte_proto::librespeed::{Asked, Base, BodyReader, Framing, Method, spec};

use crate::http;

/// Polls a future whose octets are all there already.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("octets in memory are always ready"),
    }
}

/// Reads the head of a request, and what it asks of the ndt7 server.
pub fn request(mut octets: &[u8]) {
    if let Ok(received) = finish(http::read_request(&mut octets)) {
        crate::ndt7::fuzz_request(&received.head);
    }
}

/// Reads the head of an answer.
pub fn response(mut octets: &[u8]) {
    if let Ok(received) = finish(http::read_response(&mut octets)) {
        let fields = &received.head.fields;
        let _ = fields.lists("upgrade", "websocket");
        let _ = fields.first("retry-after");
    }
}

/// Reads what a connection of LibreSpeed's clients says, request after request, as the server does.
pub fn librespeed_requests(octets: &[u8]) {
    let base = Base::default();
    let mut early = octets.to_vec();
    // With nothing on the wire, what came early is all there is.
    while let Ok(received) = finish(http::read_next_request(&mut &[][..], early)) {
        let http::Received { head, rest } = received;
        let Some(asked) = Asked::read(&base, &head.path, &head.query) else { return };
        assert!((1..=spec::CHUNKS_MAX).contains(&asked.parameters.chunks));
        let (lengths, codings) =
            (head.fields.values("content-length"), head.fields.values("transfer-encoding"));
        let (Some(_), Ok(framing)) =
            (Method::read(&head.method), Framing::read(lengths, codings, Framing::Length(0)))
        else {
            return;
        };
        let Ok(mut body) = BodyReader::new(framing, spec::BODY_MAX) else { return };
        let mut left = rest.as_slice();
        match body.read(&mut left) {
            Ok(payload) => assert!(payload <= (rest.len() - left.len()) as u64),
            Err(_) => return,
        }
        if !body.is_complete() {
            return;
        }
        early = left.to_vec();
    }
}

/// Reads answers of a LibreSpeed server, which must mean the same when they come in parts of `part` octets.
pub fn librespeed_answers(octets: &[u8], part: usize) {
    crate::librespeed::fuzz_answers(octets, part);
}
