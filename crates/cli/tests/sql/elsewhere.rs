//! `desserte query --url`: the same question to a collector as to its files.

use std::path::Path;
use std::process::Command;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::ENDLESS;
use crate::served::{PASSWORD, Served, run};

/// A collector that speaks TLS, and its certificate.
fn served(folder: &Path) -> (Served, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) =
        (file("certificate.pem", cert.pem()), file("key.pem", signing_key.serialize_pem()));
    let served = Served::start(&format!("tls_certificate = \"{certificate}\"\ntls_key = \"{key}\""));
    (served, certificate)
}

#[test]
fn a_collector_elsewhere_answers_what_its_files_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (served, certificate) = served(folder.path());
    let url = |user: &str| format!("postgresql://{user}@{}?sslmode=require", served.address);
    let ask = |words: &[&str], password: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_desserte"))
            .arg("query")
            .args(words)
            .env("PGPASSWORD", password)
            .output()
            .unwrap();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let analyse = url("analyse");
    let data = served.data.to_str().unwrap();

    for (sql, format) in [
        ("SELECT * FROM throughput ORDER BY handover", "csv"),
        (
            "SELECT event_utc, window_us, state, cause, rtt_median_us FROM latency_minute ORDER BY handover LIMIT 9000",
            "csv",
        ),
        ("SELECT record, sha256, received_utc FROM custody ORDER BY handover LIMIT 20", "json"),
        (
            "SELECT tried, vintage, CAST(event_utc AS date) AS day, 1.5::real AS r, NULL AS n, timestamp '2026-07-01T12:00:00' AS t FROM reachability ORDER BY handover LIMIT 3",
            "json",
        ),
        ("SELECT commune, count(*) AS n FROM throughput WHERE commune = 'nowhere' GROUP BY commune", "csv"),
        ("SELECT count(*) AS n FROM custody", "table"),
    ] {
        let (code, there, beside) =
            ask(&[sql, "--url", &analyse, "--ca", &certificate, "--format", format], PASSWORD);
        assert_eq!(code, Some(0), "{sql}: {beside}");
        assert_eq!(there, run(&["query", sql, "--data", data, "--format", format], ""), "{sql}");
    }
    let sql = "SELECT count(*) AS n FROM custody";
    let csv = ["--ca", &certificate, "--format", "csv", "--url", &analyse];
    let (_, there, _) = ask(&[&[sql, "--as-of", "10"], &csv[..]].concat(), PASSWORD);
    assert_eq!(there, "n\n10\n");

    let refused = |words: &[&str], password: &str, why: &str| {
        let (code, out, beside) = ask(words, password);
        // A header at the most.
        assert!(code.is_some_and(|code| code > 0) && out.lines().count() < 2, "{words:?}: {code:?} {out}");
        assert!(beside.contains(why) && !beside.contains(PASSWORD), "{words:?}: {beside}");
    };
    refused(&[&[sql], &csv[..]].concat(), "un autre", "password");
    refused(&[&["SELECT * FROM nothing"], &csv[..]].concat(), PASSWORD, "the collector refused");
    refused(&[&["SELECT interval '1 day' AS d"], &csv[..]].concat(), PASSWORD, "CAST(d AS TEXT)");
    refused(&[&[ENDLESS, "--max-seconds", "1"], &csv[..]].concat(), PASSWORD, "statement timeout");
    refused(&[&[sql, "--max-memory", "1"], &csv[..]].concat(), PASSWORD, "--url");
    refused(
        &[&["SELECT * FROM latency_minute", "--url", &url("public")], &csv[..4]].concat(),
        PASSWORD,
        "the collector refused",
    );
    // A certificate that nobody known has signed.
    refused(&[sql, "--url", &analyse], PASSWORD, "certificate");
    refused(&[sql, "--url", "analyse@127.0.0.1"], PASSWORD, "postgresql://NAME@HOST");
    refused(&[sql], PASSWORD, "--data");
}
