//! The reference JavaScript client of ndt7, unmodified, in a real browser against our server.

use std::path::Path;
use std::process::Command;

use desserte_e2e::{MeasurementServer, can, certificate, free_port, has_program};
use serde_json::Value;

#[test]
fn the_reference_client_in_a_browser_completes_both_directions_in_clear_and_over_tls() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/ndt7");
    let installed = project.join("node_modules/@m-lab/ndt7").is_dir();
    if !can(
        "node, chromium and the client that `cargo xtask test` installs",
        installed && has_program("node"),
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let certificate = certificate(folder.path(), "127.0.0.1");
    let tls = format!("127.0.0.1:{}", free_port());
    let more = ["--listen-tls", &tls, "--tls-cert", &certificate.server, "--tls-key", &certificate.key];
    let server = MeasurementServer::start(folder.path(), "127.0.0.1".parse().unwrap(), &more);
    for (scheme, address) in [("ws", server.address.to_string()), ("wss", tls)] {
        let output = Command::new("node")
            .arg(project.join("run.mjs"))
            .args([scheme, &address])
            .output()
            .expect("node starts");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{scheme}: {told}{}\nserver: {}",
            String::from_utf8_lossy(&output.stderr),
            server.process.log()
        );
        let report: Value = serde_json::from_str(&told).expect("a report in JSON");
        eprintln!("{scheme}: {report}");
    }
}
