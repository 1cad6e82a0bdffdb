//! Doors for the fuzz targets in `fuzz/`, to parsers that no one else reaches from outside. Only built with
//! `--cfg fuzzing`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

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
