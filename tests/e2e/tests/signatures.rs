//! Our signed requests, verified by an implementation of RFC 9421 that is not ours.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use desserte_e2e::can;
use desserte_signing::{ProbeKey, RequestTarget, sign_request};
use desserte_units::Timestamp;
use serde_json::json;

#[test]
fn an_independent_implementation_verifies_what_a_probe_signs() {
    let python = std::env::var_os("DESSERTE_PYTHON");
    if !can("the Python environment that `cargo xtask test` makes", python.is_some()) {
        return;
    }
    let key = ProbeKey::from_seed([5; 32]);
    let body = b"{\"schema\":\"desserte-batch/1\"}\n";
    let target = RequestTarget {
        method: "POST",
        path: "/api/v1/batches",
        content_type: "application/x-ndjson",
        content_encoding: Some("gzip"),
    };
    let headers = sign_request(&key, &target, body, Timestamp::from_unix_secs(1_780_000_000));
    let verify = |signature: &str| {
        let request = json!({
            "method": "POST",
            "url": "http://collector.example/api/v1/batches",
            "headers": {
                "content-type": target.content_type,
                "content-encoding": "gzip",
                "content-digest": headers.content_digest,
                "signature-input": headers.signature_input,
                "signature": signature,
            },
            "body": "eyJzY2hlbWEiOiJkZXNzZXJ0ZS1iYXRjaC8xIn0K",
            "public_key": key.public().to_string(),
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/signatures/verify.py");
        let mut child = Command::new(python.as_ref().unwrap())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let good = verify(&headers.signature);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert_eq!(String::from_utf8_lossy(&good.stdout).trim(), key.id().as_str());

    let other =
        sign_request(&ProbeKey::from_seed([6; 32]), &target, body, Timestamp::from_unix_secs(1_780_000_000));
    assert!(!verify(&other.signature).status.success(), "a foreign signature must not verify");
}
