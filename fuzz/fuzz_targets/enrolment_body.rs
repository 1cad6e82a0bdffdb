//! The body of a request to be enrolled, and the codes that people type.
#![no_main]

use desserte_model::EnrolmentRequest;
use desserte_signing::{Application, InvitationLink};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<EnrolmentRequest>(octets) {
        assert!(Application::verify(&request).is_err(), "nobody here has a key");
    }
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(link) = InvitationLink::parse(text) {
        assert_eq!(InvitationLink::parse(&link.to_text()), Ok(link), "what we write can be read");
    }
});
