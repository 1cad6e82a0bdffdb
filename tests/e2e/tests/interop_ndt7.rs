//! The reference JavaScript client of ndt7, unmodified, in a real browser against our server: told where it is, and finding it
//! by asking our collector.

use std::path::Path;
use std::process::Command;

use desserte_e2e::{Collector, MeasurementServer, can, certificate, free_port, has_program, territory};
use serde_json::{Value, json};

/// Runs the client to its end; what it reports.
fn measure(scheme: &str, place: &str, server: &MeasurementServer) -> Value {
    let output = Command::new("node")
        .arg(project().join("run.mjs"))
        .args([scheme, place])
        .output()
        .expect("node starts");
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scheme} {place}: {told}{errors}\nserver: {}", server.process.log());
    serde_json::from_str(&told).expect("a report in JSON")
}

fn project() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/ndt7")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_client_in_a_browser_completes_both_directions_wherever_it_has_the_server_from() {
    let installed = project().join("node_modules/@m-lab/ndt7").is_dir();
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
    let clear = server.address.to_string();
    let config = folder.path().join("collector.toml");
    let text =
        format!("[[locate.servers]]\nmachine = \"here-1\"\nws = \"ws://{clear}\"\nwss = \"wss://{tls}\"\n");
    std::fs::write(&config, text).unwrap();
    let more = ["--config", config.to_str().unwrap()];
    let collector = Collector::start(folder.path(), &territory(folder.path()), &more).await;
    let locate = format!("http://{}/v2/nearest/ndt/ndt7", collector.address);
    for (scheme, place, chosen) in [
        ("ws", clear.as_str(), Value::Null),
        ("wss", tls.as_str(), Value::Null),
        ("wss", locate.as_str(), json!("here-1")),
    ] {
        let report = measure(scheme, place, &server);
        let found = if chosen.is_null() { "told where it is" } else { "found by Locate" };
        assert_eq!(report["last"]["chosen"], chosen, "{report}");
        let rate = |direction: &str| {
            let rate = &report["last"][direction]["LastClientMeasurement"]["MeanClientMbps"];
            rate.as_f64().expect("a rate")
        };
        eprintln!("  ok    {scheme:<4} {found:<17} {:.0} and {:.0} Mbit/s", rate("download"), rate("upload"));
    }
}
