//! Heads of HTTP: a request to our server, an answer to our client.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    desserte_net::fuzzing::request(octets);
    desserte_net::fuzzing::response(octets);
});
