//! Texts of ndt7: what is read can be written and read again.
#![no_main]

use desserte_proto::ndt7::Measurement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(measurement) = Measurement::read(text) {
        let written = measurement.to_text();
        Measurement::read(&written).expect("what we write can be read");
    }
});
