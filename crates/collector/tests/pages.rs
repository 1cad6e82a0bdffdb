//! Pages for people: finding a place, comparing two, links that last, and weight.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use common::{body, get, key, line, minute, now, post, start, start_in};
use desserte_collector::{Config, OpenDataConfig};
use desserte_territory::synthetic;
use serde_json::{Value, json};

/// Largest page that the field's worst line is asked to carry, style sheet included, as sent (gzip).
const PAGE_OCTETS_MAX: usize = 60_000;

/// Days with runs, and runs on each: enough for an interval.
const DAYS: u64 = 14;
const RUNS: u64 = 6;

/// A download that began so many microseconds ago in a commune.
fn download(n: u64, commune: &str, kilobits: u64, ago_us: u64) -> Vec<u8> {
    let territory = synthetic::territory(1);
    let middle = territory.outline(commune.parse().unwrap()).unwrap().point_inside().unwrap();
    let mut record = minute(n, now().saturating_add_micros(-i64::try_from(ago_us).unwrap()));
    record["position"]["lon"] = json!(middle.lon());
    record["position"]["lat"] = json!(middle.lat());
    let octets = kilobits * 125;
    let samples: Vec<Value> =
        (0..=10).map(|s| json!({"elapsed_us": s * 1_000_000, "bytes": s * octets})).collect();
    record["observation"] = json!({
        "kind": "throughput", "direction": "download", "protocol": {"name": "ndt7", "version": "0"},
        "outcome": {"status": "complete"}, "counted_by": {"end": "probe", "layer": "application"},
        "samples": samples, "connection": {"bytes_charged": 1}, "medium": {"type": "wired"},
        "server": {"host": "192.0.2.7:1"},
    });
    line(&record)
}

/// Runs of two weeks in a commune, about one Mbit/s more on each next day of seven and a third on each hour of six; no two are alike,
/// as no two rates are.
fn two_weeks(first: u64, commune: &str, megabits: u64) -> Vec<Vec<u8>> {
    (0..DAYS * RUNS)
        .map(|n| {
            let ago = (n / RUNS * 24 + n % RUNS * 2 + 1) * 3_600_000_000;
            download(
                first + n,
                commune,
                megabits * 1_000 + n / RUNS % 7 * 1_000 + n % RUNS * 333 + n * 7,
                ago,
            )
        })
        .collect()
}

fn communes() -> Vec<(String, String)> {
    let territory = synthetic::territory(1);
    territory.communes().map(|commune| (commune.code.to_string(), commune.name.clone())).collect()
}

fn location(address: SocketAddr, path: &str) -> String {
    let answer = get(address, path);
    assert_eq!(answer.status, 303, "{path}: {}", answer.body);
    let place = answer.head.lines().find_map(|line| line.strip_prefix("location: "));
    place.unwrap_or_else(|| panic!("{}", answer.head)).to_owned()
}

#[test]
fn a_place_is_found_by_code_by_name_and_with_an_error_in_it() {
    let running = start();
    let (code, name) = communes().into_iter().find(|(_, name)| name.len() > 8 && name.is_ascii()).unwrap();
    assert_eq!(location(running.address, &format!("/recherche?q={code}")), format!("/commune/{code}"));
    let english = location(running.address, &format!("/recherche?q={code}&lang=en&jours=7"));
    assert_eq!(english, format!("/commune/{code}?jours=7&lang=en"));
    assert_eq!(location(running.address, "/recherche?q=99"), "/departement/99");
    // Two letters in each other's place.
    let mut letters: Vec<char> = name.to_uppercase().replace(' ', "+").chars().collect();
    letters.swap(3, 4);
    let wrong: String = letters.into_iter().collect();
    let page = get(running.address, &format!("/recherche?q={wrong}")).body;
    assert!(page.contains(&format!("/commune/{code}\"")), "{wrong}: {page}");
    let page = get(running.address, "/recherche?q=12345").body;
    assert!(page.contains("code postal"), "{page}");
    let nothing = get(running.address, "/recherche?q=%3Cscript%3Exyzzyx");
    assert!(nothing.status == 200 && !nothing.body.contains("<script"), "{}", nothing.body);
    assert!(get(running.address, "/recherche").body.contains("INSEE"));
}

#[test]
fn two_communes_are_compared_with_intervals_and_ties_are_said() {
    let running = start();
    let codes: Vec<String> = communes().into_iter().take(3).map(|(code, _)| code).collect();
    let mut lines = two_weeks(0, &codes[0], 20);
    lines.extend(two_weeks(1_000, &codes[1], 20));
    lines.extend(two_weeks(2_000, &codes[2], 60));
    for part in lines.chunks(100) {
        let answer = post(running.address, &key(1), &body(&key(1), part));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let compared =
        |a: &str, b: &str, more: &str| get(running.address, &format!("/comparer?a={a}&b={b}{more}")).body;
    let tie = compared(&codes[0], &codes[1], "");
    assert!(tie.contains("Ex æquo") && !tie.contains("plus élevé pour"), "{tie}");
    let told = compared(&codes[0], &codes[2], "&lang=en");
    assert!(
        told.contains("higher for") && told.contains("(between ") && told.contains("84\u{a0}runs"),
        "{told}"
    );
    assert!(told.contains("Not enough data to tell"), "there is no upload: {told}");
    let same = compared(&codes[0], &codes[0], "");
    assert!(same.contains("deux fois le même lieu"), "{same}");
    let mixed = compared(&codes[0], "99", "");
    assert!(mixed.contains("deux communes, deux intercommunalités ou deux départements"), "{mixed}");
    let none = compared("xyzzyx", "99", "");
    assert!(none.contains("n&#39;a pas été trouvé"), "{none}");
}

#[test]
fn a_period_has_a_link_that_lasts_and_a_wrong_one_is_refused() {
    let running = start();
    let (code, _) = communes().remove(0);
    let page = get(running.address, &format!("/commune/{code}?jours=7")).body;
    assert!(page.contains(&format!("/commune/{code}?jours=7&#38;au=20")), "{page}");
    for wrong in ["2999-01-01T00", "2026-01-01", "x"] {
        assert_eq!(get(running.address, &format!("/commune/{code}?au={wrong}")).status, 400, "{wrong}");
    }
    let earlier = get(running.address, &format!("/commune/{code}?au=2020-01-01T00")).body;
    assert!(earlier.contains("n&#39;a pas été mesurée"), "{earlier}");
}

#[test]
fn uses_are_told_with_the_words_of_their_set_or_not_at_all() {
    let running = start();
    let (code, _) = communes().remove(0);
    let page = get(running.address, &format!("/commune/{code}/usages?lang=en")).body;
    assert!(page.contains("telework") && page.contains("not enough data"), "{page}");
    assert_eq!(get(running.address, "/commune/00000/usages").status, 404);
    let words = get(running.address, "/glossaire?lang=en").body;
    assert!(words.contains("id=\"ex-aequo\"") && words.contains("Not measured"), "{words}");
}

/// Octets of the body of a compressed answer.
fn compressed(address: SocketAddr, path: &str) -> usize {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: t\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    assert!(text.contains("content-encoding: gzip"), "{path}: {text}");
    answer.len() - head
}

/// With 42 communes; measured with the 255 of Creuse in docs/adr/0041-pages-that-last.md.
#[test]
fn a_page_with_its_style_sheet_keeps_to_the_budget() {
    let running = start();
    let (code, _) = communes().remove(0);
    post(running.address, &key(1), &body(&key(1), &two_weeks(0, &code, 20)));
    let page = get(running.address, "/").body;
    let from = page.find("/assets/style").unwrap();
    let style = compressed(running.address, &page[from..from + page[from..].find('"').unwrap()]);
    for path in ["/", "/departement/99", &format!("/commune/{code}"), &format!("/commune/{code}/usages")] {
        let octets = compressed(running.address, path) + style;
        assert!(octets <= PAGE_OCTETS_MAX, "{path} takes {octets} octets with its style sheet");
    }
}

/// The worth of a header of an answer.
fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

#[test]
fn what_a_device_keeps_is_there_and_only_one_page_may_run_what_keeps_it() {
    let running = start();
    let worker = get(running.address, "/service-worker.js");
    assert_eq!(header(&worker.head, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&worker.head, "cache-control"), "no-cache");
    let shell = worker.body.lines().find_map(|line| line.strip_prefix("const SHELL = ")).unwrap();
    let shell: Vec<String> = serde_json::from_str(shell.trim_end_matches(';')).unwrap();
    assert!(shell.len() >= 5, "{shell:?}");
    for address in &shell {
        assert_eq!(get(running.address, address).status, 200, "{address}");
    }
    let page = get(running.address, "/hors-ligne");
    assert!(header(&page.head, "content-security-policy").contains("script-src 'self'"));
    assert!(page.body.contains("/assets/offline.js?v="));
    for other in ["/", "/departement/99", "/glossaire", "/donnees-ouvertes"] {
        let page = get(running.address, other);
        assert!(header(&page.head, "content-security-policy").contains("script-src 'none'"), "{other}");
        assert!(!page.body.contains("<script"), "{other}");
        assert!(page.body.contains("<link rel=\"manifest\" href=\"/manifest.webmanifest\">"), "{other}");
    }
    let manifest = get(running.address, "/manifest.webmanifest?lang=en").json();
    assert_eq!((manifest["lang"].as_str(), manifest["start_url"].as_str()), (Some("en"), Some("/?lang=en")));
    for icon in manifest["icons"].as_array().unwrap() {
        let file = get(running.address, icon["src"].as_str().unwrap());
        assert_eq!((file.status, header(&file.head, "content-type")), (200, icon["type"].as_str().unwrap()));
    }
    assert_eq!(get(running.address, "/assets/secret").status, 404);
}

#[test]
fn open_data_are_listed_by_month_and_departement_or_said_not_to_be_there() {
    let none = start();
    assert!(get(none.address, "/donnees-ouvertes").body.contains("ne sert pas d&#39;export"));
    let export = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(export.path().join("2026-10/99")).unwrap();
    let sums = "00ff  2026-09/99/communes.csv\n00ff  2026-10/99/communes.csv\n00ff  2026-10/99/communes.geojson\n\
         00ff  2026-10/99/jours.parquet\n00ff  manifest.json\n";
    std::fs::write(export.path().join("SHA256SUMS"), sums).unwrap();
    std::fs::write(export.path().join("2026-10/99/communes.csv"), [b'a'; 1_234]).unwrap();
    let config =
        Config { open_data: OpenDataConfig { directory: export.path().to_owned() }, ..Config::default() };
    let running = start_in(&std::env::temp_dir(), config);
    let page = get(running.address, "/donnees-ouvertes").body;
    assert!(page.contains("octobre 2026") && page.contains("septembre 2026"));
    assert!(page.contains(
        "<a href=\"/open-data/2026-10/99/communes.csv\">CSV</a> <span class=\"quiet\">1,2\u{a0}ko</span>"
    ));
    assert!(
        page.contains("/open-data/2026-10/99/communes.geojson") && page.contains("/open-data/manifest.json")
    );
    assert!(!page.contains("/open-data/2026-09/"), "another month is a link away");
    let earlier = get(running.address, "/donnees-ouvertes?mois=2026-09&lang=en").body;
    assert!(earlier.contains("/open-data/2026-09/99/communes.csv") && earlier.contains("September 2026"));
    assert_eq!(location(running.address, "/open-data/?lang=en"), "/donnees-ouvertes?lang=en");
    assert!(get(running.address, "/open-data/2026-10/99/communes.csv").body.contains(&"a".repeat(1_234)));
}
