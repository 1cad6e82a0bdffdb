//! What leaves the collector: figures that agree everywhere, and nothing that must stay inside.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{body, get, key, line, minute, now, post, start};
use serde_json::{Value, json};

/// A download of ten seconds at 20 Mbit/s.
fn download(n: u64) -> Vec<u8> {
    let mut record = minute(n, now());
    let samples: Vec<Value> =
        (0..=10).map(|s| json!({"elapsed_us": s * 1_000_000, "bytes": s * 2_500_000})).collect();
    record["observation"] = json!({
        "kind": "throughput", "direction": "download", "protocol": {"name": "ndt7", "version": "0"},
        "outcome": {"status": "complete"}, "counted_by": {"end": "probe", "layer": "application"},
        "samples": samples, "connection": {"bytes_charged": 1}, "server": {"host": "192.0.2.7:1"},
        "medium": {"type": "wired"},
        "access_line": {"operator": "<b>x</b>", "technology": "dsl", "source": "declared"}
    });
    line(&record)
}

#[test]
fn one_figure_is_the_same_in_the_interface_in_the_metrics_and_on_the_page() {
    let running = start();
    let lines: Vec<_> = (0..6).map(download).collect();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &lines)).status, 200);

    let commune = get(running.address, "/api/v1/communes/99018").json();
    assert_eq!(commune["download"]["median_bits_per_second"], json!(20e6));
    assert_eq!(commune["download"]["p20_bits_per_second"], Value::Null, "six runs have no lower tail");
    assert_eq!(commune["upload"]["state"], "not_measured");
    assert_eq!(commune["outage"]["state"], "not_measured");
    let metrics = get(running.address, "/metrics/territoire?departement=99").body;
    let series = "desserte_commune_download_bytes_per_second{dept=\"99\",insee=\"99018\",statistic=\"median\"} 2500000";
    assert!(metrics.contains(series), "{metrics}");
    assert!(!metrics.contains("upload_bytes_per_second{"), "what is not known has no series: {metrics}");
    let page = get(running.address, "/commune/99018").body;
    assert!(page.contains("20,0\u{a0}Mbit/s"), "{page}");
    assert!(page.contains("Données de démonstration"), "a made-up territory is labelled");
    assert!(!page.contains("<b>x</b>"), "what a probe says is text, not markup");
    assert!(get(running.address, "/departement/99").body.contains("20,0\u{a0}Mbit/s"));
}

#[test]
fn too_few_runs_print_no_number_anywhere() {
    let running = start();
    let lines: Vec<_> = (0..5).map(download).collect();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &lines)).status, 200);
    let commune = get(running.address, "/api/v1/communes/99018").json();
    assert_eq!(commune["download"]["state"], "not_enough");
    assert_eq!(commune["download"]["median_bits_per_second"], Value::Null);
    let page = get(running.address, "/commune/99018").body;
    assert!(page.contains("données insuffisantes") && !page.contains("20,0"), "{page}");
    let metrics = get(running.address, "/metrics/territoire?departement=99").body;
    assert!(!metrics.contains("download_bytes_per_second{"), "{metrics}");
}

#[test]
fn positions_names_and_addresses_never_leave() {
    let running = start();
    let sent = minute(0, now());
    assert_eq!(post(running.address, &key(1), &body(&key(1), &[line(&sent), download(1)])).status, 200);
    let lon = sent["position"]["lon"].to_string();
    for path in [
        "/",
        "/departement/99",
        "/departement/99?indicateur=coupures&lang=en",
        "/commune/99018",
        "/api/v1/probes",
        "/api/v1/communes/99018",
        "/api/v1/departements/99",
        "/metrics",
        "/metrics/territoire?departement=99",
    ] {
        let answer = get(running.address, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        for secret in [&lon[..8], "mairie", "rue secrète", "192.0.2.7"] {
            assert!(!answer.body.contains(secret), "{path} tells {secret}");
        }
        for foreign in ["http://", "https://", "<script", "style=\""] {
            let allowed = path.starts_with("/api/") || path.starts_with("/metrics");
            assert!(allowed || !answer.body.contains(foreign), "{path} holds {foreign}");
        }
        assert!(
            answer.head.contains("content-security-policy: default-src 'self'"),
            "{path}: {}",
            answer.head
        );
    }
}

#[test]
fn every_page_has_an_english_twin_without_french_left_in_its_labels() {
    let running = start();
    post(running.address, &key(1), &body(&key(1), &[download(1), line(&minute(0, now()))]));
    for path in ["/?lang=en", "/departement/99?lang=en", "/commune/99018?lang=en", "/nowhere?lang=en"] {
        let page = get(running.address, path).body;
        assert!(page.contains("<html lang=\"en\">"), "{path}");
        for french in ["Débit", "Données", "essais", "Coupure", "mesuré ", "Montant"] {
            assert!(!page.contains(french), "{path} says {french}");
        }
    }
}

#[test]
fn a_page_asked_for_wrongly_says_what_is_allowed_on_a_page() {
    let running = start();
    for path in [
        "/departement/99?indicateur=toto",
        "/departement/99?jours=abc",
        "/departement/99?jours=93",
        "/commune/99018?jours=0",
        "/?lang=de",
    ] {
        let answer = get(running.address, path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.head.contains("content-type: text/html"), "{path}: {}", answer.head);
        assert!(answer.body.contains("1 à 92 jours") && answer.body.contains("coupures"), "{path}");
    }
    let english = get(running.address, "/departement/99?jours=abc&lang=en").body;
    assert!(english.contains("1 to 92 days"), "{english}");
    let unknown = get(running.address, "/commune/75101");
    assert_eq!(unknown.status, 404);
    assert!(unknown.body.contains("75101") && unknown.body.contains("75056"), "{}", unknown.body);
}

#[test]
fn little_time_without_an_outage_is_not_said_to_be_good() {
    let running = start();
    // 26 hours of minutes of which all answered: enough to say, little of a month.
    for hour in 0..26 {
        let start = now().saturating_add_micros(-(hour + 1) * 3_600_000_000);
        let lines: Vec<_> = (0..60_u64)
            .map(|n| {
                let number = u64::try_from(hour).unwrap() * 60 + n;
                line(&minute(number, start.saturating_add_micros(i64::try_from(n).unwrap() * 60_000_000)))
            })
            .collect();
        assert_eq!(post(running.address, &key(1), &body(&key(1), &lines)).status, 200);
    }
    for (path, words) in [
        ("/departement/99?indicateur=coupures", "aucune vue (état connu 3,6\u{a0}% du temps)"),
        ("/departement/99?indicateur=coupures&jours=90", "aucune vue (état connu 1,2\u{a0}% du temps)"),
        ("/departement/99?indicateur=coupures&lang=en", "none seen (state known 3.6% of the time)"),
        ("/commune/99018", "aucune vue (état connu 3,6\u{a0}% du temps)"),
    ] {
        let page = get(running.address, path).body;
        assert!(page.contains(words), "{path}: {page}");
        assert!(!page.contains("0\u{a0}h<"), "{path} says none as a number");
        assert!(!page.contains("100,0"), "{path} has more decimals than the known time supports");
    }
}

#[test]
fn both_kinds_of_metrics_pass_promtool() {
    let running = start();
    let lines: Vec<_> = (0..8).map(download).chain((8..20).map(|n| line(&minute(n, now())))).collect();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &lines)).status, 200);
    for path in ["/metrics", "/metrics/territoire?departement=99"] {
        let text = get(running.address, path).body;
        let child = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            assert!(std::env::var_os("CI").is_none(), "promtool comes with Debian's prometheus package");
            eprintln!("SKIPPED: promtool is not installed");
            return;
        };
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{path}: {said}");
    }
}

#[test]
fn the_style_sheet_is_kept_and_asked_for_once() {
    let running = start();
    let page = get(running.address, "/").body;
    let from = page.find("/assets/").unwrap();
    let address = &page[from..from + page[from..].find('"').unwrap()];
    let sheet = get(running.address, address);
    assert!(sheet.head.contains("immutable"), "{}", sheet.head);
    assert!(!sheet.body.contains("url(") && !sheet.body.contains("@import"));
    let tag = sheet.head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let request =
        format!("GET {address} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nIf-None-Match: {tag}\r\n\r\n");
    assert_eq!(common::exchange(running.address, request.as_bytes()).status, 304);
}
