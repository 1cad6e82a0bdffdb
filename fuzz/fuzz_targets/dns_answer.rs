//! The Domain Name System: answers of a hostile resolver, and questions for whatever is configured as a name.
#![no_main]

use desserte_proto::dns;
use libfuzzer_sys::fuzz_target;

/// A question at the most: header, name (RFC 1035, section 2.3.4), type and class.
const QUESTION_MAX: usize = 12 + 255 + 4;

/// An address takes at the least a name of one octet, the ten of a record's head, and its own four.
const ADDRESS_LEAST: usize = 1 + 10 + 4;

fuzz_target!(|octets: &[u8]| {
    if let Ok(addresses) = dns::addresses(octets) {
        assert!(!addresses.is_empty() && addresses.len() <= octets.len() / ADDRESS_LEAST);
    }
    let Ok(name) = std::str::from_utf8(octets) else { return };
    if let Ok(question) = dns::question(name, 7) {
        assert!(question.len() <= QUESTION_MAX, "{}", question.len());
        assert!(dns::answers(&question, 7));
        assert!(dns::addresses(&question).is_err());
    }
});
