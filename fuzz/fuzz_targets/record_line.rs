//! One record: what is read can be written, and says the same when it is read again.
#![no_main]

use desserte_model::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(record) = serde_json::from_slice::<Record>(octets) else { return };
    let written = serde_json::to_vec(&record).expect("a record can be written");
    let again: Record = serde_json::from_slice(&written).expect("what we write can be read");
    assert_eq!(serde_json::to_vec(&again).expect("a record can be written"), written);
});
