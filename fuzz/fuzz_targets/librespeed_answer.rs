//! Answers of a LibreSpeed server, as the client reads them while it measures.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Some((part, octets)) = octets.split_first() {
        desserte_net::fuzzing::librespeed_answers(octets, usize::from(*part));
    }
});
