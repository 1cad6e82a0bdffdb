//! WebSocket frames: the pieces do not depend on how the octets were cut.
#![no_main]

use desserte_proto::websocket::{FrameReader, Piece, Sender};
use libfuzzer_sys::fuzz_target;

/// The pieces, payload of one message joined, and whether the octets were refused.
fn read(sender: Sender, octets: &[u8], step: usize) -> (Vec<Piece>, bool) {
    let mut reader = FrameReader::new(sender, 1 << 24, 1 << 16);
    let mut pieces: Vec<Piece> = Vec::new();
    for mut chunk in octets.chunks(step.max(1)) {
        loop {
            match reader.read(&mut chunk) {
                Ok(Some(Piece::Payload { bytes: more }))
                    if matches!(pieces.last(), Some(Piece::Payload { .. })) =>
                {
                    if let Some(Piece::Payload { bytes }) = pieces.last_mut() {
                        *bytes += more;
                    }
                }
                Ok(Some(piece)) => pieces.push(piece),
                Ok(None) => break,
                Err(_) => return (pieces, true),
            }
        }
    }
    (pieces, false)
}

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (from_client, step, octets) = input;
    let sender = if from_client { Sender::Client } else { Sender::Server };
    let (whole, refused) = read(sender, octets, octets.len());
    let (cut, cut_refused) = read(sender, octets, usize::from(step));
    assert_eq!(refused, cut_refused);
    assert_eq!(whole, cut);
});
