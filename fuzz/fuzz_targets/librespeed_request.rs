//! Requests of LibreSpeed's clients, one after the other on a connection, and the octets of their bodies: pieces do not depend on
//! how octets were cut.
#![no_main]

use desserte_proto::librespeed::{Base, BodyReader, Framing};
use libfuzzer_sys::fuzz_target;

/// The octets of payload, those taken, and whether the body was whole; `None` if it was refused.
fn read(mut body: BodyReader, octets: &[u8], part: usize) -> Option<(u64, usize, bool)> {
    let mut taken = 0;
    for mut octets in octets.chunks(part.max(1)) {
        let before = octets.len();
        body.read(&mut octets).ok()?;
        taken += before - octets.len();
        if body.is_complete() {
            break;
        }
    }
    assert!(body.payload() <= taken as u64);
    Some((body.payload(), taken, body.is_complete()))
}

fuzz_target!(|input: (&[u8], &str, u8, &[u8])| {
    let (requests, base, part, octets) = input;
    desserte_net::fuzzing::librespeed_requests(requests);
    if let Ok(base) = base.parse::<Base>() {
        assert_eq!(base.to_string().parse::<Base>().as_ref(), Ok(&base));
    }
    for framing in [Framing::Chunked, Framing::Length(u64::from(part) * 3), Framing::UntilEnd] {
        if let Ok(body) = BodyReader::new(framing, 1 << 12) {
            assert_eq!(read(body.clone(), octets, octets.len()), read(body, octets, usize::from(part)));
        }
    }
});
