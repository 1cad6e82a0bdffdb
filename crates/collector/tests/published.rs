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

/// A record of another kind at the place of [`minute`].
fn observed(n: u64, at: desserte_units::Timestamp, observation: Value) -> Vec<u8> {
    let mut record = minute(n, at);
    record["observation"] = observation;
    line(&record)
}

/// An interruption that was seen to last so many seconds, or whose end nobody saw.
fn interruption(n: u64, cause: &str, seconds: Option<u64>) -> Vec<u8> {
    let ended = seconds.map(|seconds| seconds * 1_000_000);
    let mut seen = json!({"kind": "interruption", "cause": cause, "began_latest_us": 0});
    if let Some(ended) = ended {
        seen["ended_earliest_us"] = json!(ended);
        seen["ended_latest_us"] = json!(ended);
    }
    observed(n, now().saturating_add_micros(-7_200_000_000), seen)
}

fn attempt(n: u64, failure: Option<&str>) -> Vec<u8> {
    let mut page = json!({"status": 200, "total_us": 90_000, "body_bytes": 10});
    if let Some(failure) = failure {
        page["failure"] = json!(failure);
    }
    let url = "https://user:secret@www.service.example:8443/login?secret";
    observed(n, now(), json!({"kind": "reachability", "url": url, "page": page, "bytes_charged": 1}))
}

/// 26 hours of minutes: enough for a line's state to count. Every twentieth is of unknown state, the cable being out.
fn a_day_of_minutes(address: std::net::SocketAddr) {
    let (end, like) = (now(), minute(0, now()));
    let lines: Vec<_> = (0..26 * 60_u64)
        .map(|n| {
            let mut record = like.clone();
            let ago = i64::try_from(n + 61).unwrap() * -60_000_000;
            record["id"] = json!(uuid::Uuid::from_u128(u128::from(n) + 1_000).to_string());
            record["sequence"] = json!(n);
            record["clock"]["utc_us"] = json!(end.saturating_add_micros(ago).as_unix_micros());
            if n % 20 == 0 {
                record["observation"]["link"] = json!("down");
                for target in record["observation"]["targets"].as_array_mut().unwrap() {
                    target["rtt_us"] = json!([null, null, null]);
                }
            }
            line(&record)
        })
        .collect();
    assert_eq!(post(address, &key(1), &body(&key(1), &lines)).status, 200);
}

#[test]
fn interruptions_and_reachability_say_the_same_in_the_interface_in_the_metrics_and_on_the_page() {
    let running = start();
    a_day_of_minutes(running.address);
    let mut lines = vec![
        interruption(5_000, "beyond", Some(3_600)),
        interruption(5_001, "beyond", None),
        interruption(5_002, "power", None),
    ];
    lines.extend((0..5).map(|n| attempt(6_000 + n, None)));
    lines.push(attempt(6_005, Some("timeout")));
    lines.push(observed(
        6_006,
        now(),
        json!({"kind": "reachability", "url": "https://192.0.2.7/", "bytes_charged": 0, "not_tried": "budget"}),
    ));
    let answer = post(running.address, &key(1), &body(&key(1), &lines));
    assert_eq!(answer.status, 200, "{}", answer.body);

    let commune = get(running.address, "/api/v1/communes/99018").json();
    let interruptions = &commune["interruptions"];
    assert_eq!(interruptions["state"], "measured", "{interruptions}");
    let beyond = json!({"count": 2, "without_length": 1, "total_s": 3600.0, "longest_s": 3600.0});
    assert_eq!(interruptions["causes"]["beyond"], beyond);
    let power = json!({"count": 1, "without_length": 1, "total_s": null, "longest_s": null});
    assert_eq!(interruptions["causes"]["power"], power, "a length nobody saw is not zero");
    assert_eq!(interruptions["causes"]["gateway"]["count"], 0);
    assert_eq!(interruptions["unknown_s"], json!({"link": 26.0 * 3.0 * 60.0}));
    let reach = &commune["reachability"];
    assert_eq!((&reach["state"], &reach["attempts"]), (&json!("measured"), &json!(6)));
    assert_eq!(reach["reached_ratio"], json!(5.0 / 6.0));
    assert_eq!(reach["failures"], json!({"timeout": 1}));
    assert_eq!(reach["not_tried"], 1, "what the budget forbade is no failure");
    assert_eq!(reach["services"]["www.service.example"]["attempts"], 6);
    assert_eq!(reach["services"]["(address)"]["state"], "not_measured");

    let metrics = get(running.address, "/metrics/territoire?departement=99").body;
    let place = "dept=\"99\",insee=\"99018\"";
    for series in [
        format!("desserte_commune_interruptions{{cause=\"beyond\",{place}}} 2"),
        format!("desserte_commune_interruptions{{cause=\"dns\",{place}}} 0"),
        format!("desserte_commune_interruption_seconds{{cause=\"beyond\",{place}}} 3600"),
        format!("desserte_commune_unknown_seconds{{cause=\"link\",{place}}} 4680"),
        format!("desserte_commune_reach_attempts{{{place}}} 6"),
        format!("desserte_commune_reached_ratio{{{place}}} 0.8333"),
    ] {
        assert!(metrics.contains(&series), "{series} is not in {metrics}");
    }
    assert!(!metrics.contains("interruption_seconds{cause=\"power\""), "not known is no series");

    let page = get(running.address, "/commune/99018").body;
    for words in
        ["au-delà du site", "1\u{a0}h (sans 1 de durée non connue)", "www.service.example", "83\u{a0}%"]
    {
        assert!(page.contains(words), "{words} is not on {page}");
    }
    let english = get(running.address, "/commune/99018?lang=en").body;
    for words in ["beyond the site", "no power at the probe", "not known", "1 without answer in time"] {
        assert!(english.contains(words), "{words} is not on {english}");
    }
    for text in [commune.to_string(), metrics, page, english] {
        assert!(!text.contains("secret") && !text.contains("192.0.2.7"), "{text}");
    }
}

#[test]
fn no_interruption_on_record_is_not_said_to_be_none() {
    let running = start();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &[line(&minute(0, now()))])).status, 200);
    let commune = get(running.address, "/api/v1/communes/99018").json();
    assert_eq!(commune["interruptions"]["state"], "not_measured");
    assert_eq!(commune["interruptions"]["causes"], Value::Null);
    assert_eq!(commune["reachability"]["state"], "not_measured");
    assert_eq!(commune["reachability"]["reached_ratio"], Value::Null);
    let metrics = get(running.address, "/metrics/territoire?departement=99").body;
    for family in ["desserte_commune_interruption", "desserte_commune_reach"] {
        assert!(!metrics.contains(family), "{metrics}");
    }
    let page = get(running.address, "/commune/99018").body;
    assert!(page.contains("Aucune interruption enregistrée"), "{page}");
}

#[test]
fn a_chain_that_does_not_fit_is_kept_and_told_of() {
    let running = start();
    // None of these names the one before it, and the place 2 is taken twice.
    let lines: Vec<_> = [(0, 0), (1, 1), (2, 2), (3, 2), (4, 9)]
        .map(|(n, sequence)| {
            let mut record = minute(n, now());
            record["sequence"] = json!(sequence);
            line(&record)
        })
        .to_vec();
    let answer = post(running.address, &key(1), &body(&key(1), &lines));
    assert_eq!((answer.status, &answer.json()["accepted"]), (200, &json!(5)), "nothing is refused for it");
    let probe = &get(running.address, "/api/v1/probes").json()["probes"][0];
    assert_eq!(probe["chain"], json!({"linked": 1, "missing": 6, "forks": 1, "broken": 3}));
    let metrics = get(running.address, "/metrics").body;
    let id = key(1).id();
    for series in [
        format!("desserte_probe_chain_missing_records{{probe=\"{id}\"}} 6"),
        format!("desserte_probe_chain_faults{{kind=\"fork\",probe=\"{id}\"}} 1"),
        format!("desserte_probe_chain_faults{{kind=\"broken\",probe=\"{id}\"}} 3"),
    ] {
        assert!(metrics.contains(&series), "{series} is not in {metrics}");
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
