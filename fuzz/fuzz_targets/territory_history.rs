//! The history of commune codes in a territory file, as a hostile writer would have it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<([u8; 5], u32, [u8; 5])>, [u32; 2], &[u8])| {
    let (successions, days, section) = input;
    desserte_territory::fuzzing::history(section, &successions, days);
});
