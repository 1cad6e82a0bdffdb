//! The headers of a signed request, from somebody who does not have the key: never believed, never a panic.
#![no_main]

use std::time::Duration;

use desserte_signing::{
    ProbeKey, RequestTarget, SignatureHeaders, SignatureWindow, sign_request, signing_probe,
    verify_content_digest, verify_request,
};
use desserte_units::Timestamp;
use libfuzzer_sys::fuzz_target;

const BODY: &[u8] = b"{}\n";

fuzz_target!(|texts: (String, String, String, u8)| {
    let (content_digest, signature_input, signature, how) = texts;
    let key = ProbeKey::from_seed([7; 32]);
    let now = Timestamp::from_unix_secs(1_800_000_000);
    let target = RequestTarget {
        method: "POST",
        path: "/api/v1/batches",
        content_type: "application/x-ndjson",
        content_encoding: (how & 1 == 1).then_some("gzip"),
    };
    // Some of the headers are a right signature's, so that what stands behind the first check is reached.
    let right = sign_request(&key, &target, BODY, now);
    let headers = SignatureHeaders {
        content_digest: if how & 2 == 2 { right.content_digest.clone() } else { content_digest },
        signature_input: if how & 4 == 4 { right.signature_input.clone() } else { signature_input },
        signature: if how & 8 == 8 { right.signature.clone() } else { signature },
    };
    let _ = signing_probe(&headers.signature_input);
    let _ = verify_content_digest(&headers.content_digest, BODY);
    let window = SignatureWindow { now, past: Duration::from_secs(300), future: Duration::from_secs(300) };
    let believed = verify_request(&key.public(), &headers, &target, BODY, &window).is_ok();
    assert!(
        !believed || headers == right || headers.signature == right.signature,
        "a signature from nowhere: {headers:?}"
    );
});
