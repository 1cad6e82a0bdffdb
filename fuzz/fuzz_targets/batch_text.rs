//! The text of a batch and its records: read within limits, and again as they are written.
#![no_main]

use desserte_model::Record;
use desserte_signing::{encode_batch, record_sha256, split_batch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok((header, lines)) = split_batch(octets) else { return };
    let lines: Vec<_> = lines.collect();
    assert!(lines.windows(2).all(|pair| pair[0].number < pair[1].number));
    let text =
        encode_batch(&header, lines.iter().map(|line| line.octets)).expect("what was read can be written");
    let (again, lines_again) = split_batch(&text).expect("what we write can be read");
    assert_eq!(header, again);
    assert!(lines_again.map(|line| line.octets).eq(lines.iter().map(|line| line.octets)));
    for line in &lines {
        let Ok(record) = serde_json::from_slice::<Record>(line.octets) else { continue };
        let written = serde_json::to_vec(&record).expect("a record can be written");
        let again: Record = serde_json::from_slice(&written).expect("what we write can be read");
        assert_eq!(serde_json::to_vec(&again).expect("a record can be written"), written);
        assert_eq!(record_sha256(line.octets).len(), 64);
    }
});
