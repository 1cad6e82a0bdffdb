//! LibreSpeed's addresses of our server, asked by a real browser and by curl.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::process::Command;

use desserte_e2e::{MeasurementServer, can, certificate, free_port, has_program};
use serde_json::{Value, json};

/// Where LibreSpeed's own `speedtest_worker.js` is, for whoever has it: it is in no package registry, so continuous
/// integration has only the browser under it.
const WORKER: &str = "DESSERTE_LIBRESPEED_WORKER";

/// The servers that the rows are for: in clear and over TLS below `backend`, in clear below the root.
struct Servers {
    clear: MeasurementServer,
    root: MeasurementServer,
    tls: String,
}

fn servers(folder: &Path) -> Servers {
    let certificate = certificate(folder, "127.0.0.1");
    let tls = format!("127.0.0.1:{}", free_port());
    let ip = "127.0.0.1".parse().expect("an address");
    let fast = ["--capacity-mbit", "100000"];
    let more = ["--listen-tls", &tls, "--tls-cert", &certificate.server, "--tls-key", &certificate.key];
    let clear = MeasurementServer::start(folder, ip, &[&more[..], &fast].concat());
    let root = MeasurementServer::start(folder, ip, &[&["--librespeed-base", ""][..], &fast].concat());
    Servers { clear, root, tls }
}

fn rows(servers: &Servers, worker: Option<&str>) -> Vec<Value> {
    let (clear, root) = (servers.clear.address.to_string(), servers.root.address.to_string());
    let row = |scheme: &str, server: &str, base: &str, suffix: &str, streams: u32, cors: bool| {
        json!({
            "scheme": scheme, "server": server, "base": base, "suffix": suffix, "streams": streams, "cors": cors,
            "worker": worker, "seconds": 1
        })
    };
    vec![
        row("http", &clear, "backend/", "", 3, false),
        row("http", &clear, "backend/", ".php", 6, true),
        row("http", &root, "", ".php", 1, false),
        row("http", &root, "", "", 6, true),
        row("https", &servers.tls, "backend/", ".php", 3, false),
        row("https", &servers.tls, "backend/", "", 6, true),
        row("https", &servers.tls, "backend/", "", 1, false),
    ]
}

#[test]
fn a_browser_measures_with_every_address_in_clear_and_over_tls() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/librespeed");
    let installed = project.join("node_modules/playwright-core").is_dir();
    if !can(
        "node, chromium and the driver that `cargo xtask test` installs",
        installed && has_program("node"),
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let servers = servers(folder.path());
    let worker = std::env::var(WORKER).ok();
    if worker.is_none() {
        eprintln!("LibreSpeed's own worker is left out: {WORKER} does not say where it is");
    }
    let mut wanted = rows(&servers, None);
    if let Some(worker) = &worker {
        wanted.extend(rows(&servers, Some(worker)));
    }
    let output = Command::new("node")
        .arg(project.join("run.mjs"))
        .arg(Value::from(wanted).to_string())
        .output()
        .expect("node starts");
    let told = String::from_utf8_lossy(&output.stdout);
    let reports: Vec<Value> = serde_json::from_str(&told).unwrap_or_else(|_| {
        panic!("{told}{}\nserver: {}", String::from_utf8_lossy(&output.stderr), servers.clear.process.log())
    });
    eprintln!(
        "| client | scheme | base | names | streams | other origin | complete |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for report in &reports {
        let client = if report["worker"].is_null() { "XMLHttpRequest" } else { "speedtest_worker.js" };
        let of = |key: &str| report[key].to_string();
        eprintln!(
            "| {client} | {} | {} | {} | {} | {} | {} |",
            of("scheme"),
            of("base"),
            of("suffix"),
            of("streams"),
            of("cors"),
            of("complete")
        );
    }
    assert!(reports.iter().all(|report| report["complete"] == true), "{told}");
    let log = servers.clear.process.log();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn curl_uploads_twenty_mebibytes_with_a_length_and_in_chunks_and_is_refused_ten_gibibytes_in_words() {
    if !can("curl", has_program("curl")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let servers = servers(folder.path());
    let blob = folder.path().join("blob");
    std::fs::write(&blob, vec![7; 20 << 20]).unwrap();
    let huge = folder.path().join("huge");
    std::fs::File::create(&huge).unwrap().set_len(10 << 30).unwrap();
    let (clear, tls) = (format!("http://{}", servers.clear.address), format!("https://{}", servers.tls));
    let ask = |url: String, file: &Path, more: &[&str]| {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--insecure",
                "--max-time",
                "20",
                "--write-out",
                " %{http_code}",
                "--request",
                "POST",
            ])
            .args(more)
            .args(["--upload-file".as_ref(), file.as_os_str(), url.as_ref()])
            .output()
            .expect("curl starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for origin in [clear, tls] {
        let address = || format!("{origin}/backend/empty?r=1");
        assert_eq!(ask(address(), &blob, &[]), " 200");
        assert_eq!(ask(address(), &blob, &["--header", "Transfer-Encoding: chunked"]), " 200");
        let refused = ask(address(), &huge, &[]);
        assert!(refused.contains("1073741824 octets at the most") && refused.ends_with(" 413"), "{refused}");
        // Without asking first, in the middle of sending.
        let refused = ask(address(), &huge, &["--header", "Expect:"]);
        assert!(refused.ends_with(" 413"), "{refused}");
    }
}
