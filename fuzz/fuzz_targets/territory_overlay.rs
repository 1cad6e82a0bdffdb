//! An overlay file whose checksums are right and whose sections are a hostile writer's.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|changes: Vec<(u8, u16, &[u8])>| desserte_territory::fuzzing::overlay(&changes));
