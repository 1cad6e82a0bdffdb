//! Permanent links that show the figures they were made from, for as long as nobody has them erased.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::net::SocketAddr;

use common::{Answer, Running, body, exchange, get, key, line, minute, now, post, start, start_in};
use desserte_collector::{Config, Editions};
use desserte_store::{Erasure, Store, StoreOptions};
use serde_json::{Value, json};

/// The commune that the common records are in.
const COMMUNE: &str = "99018";

/// Downloads of 20 Mbit/s that began an hour and more ago.
fn send(running: &Running, numbers: std::ops::Range<u64>) {
    let download = |n: u64| {
        let ago = i64::try_from(n + 1).unwrap() * 3_600_000_000;
        let mut record = minute(n, now().saturating_add_micros(-ago));
        let samples: Vec<Value> = (0..=10)
            .map(|s| json!({"elapsed_us": s * 1_000_000, "bytes": s * (2_500_000 + n * 10_000)}))
            .collect();
        record["observation"] = json!({
            "kind": "throughput", "direction": "download", "protocol": {"name": "ndt7", "version": "0"},
            "outcome": {"status": "complete"}, "counted_by": {"end": "probe", "layer": "application"},
            "samples": samples, "connection": {"bytes_charged": 1}, "medium": {"type": "wired"},
            "server": {"host": "192.0.2.7:1"},
        });
        line(&record)
    };
    let lines: Vec<Vec<u8>> = numbers.map(download).collect();
    let answer = post(running.address, &key(1), &body(&key(1), &lines));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Presses the button of a page.
fn press(address: SocketAddr, path: &str) -> Answer {
    let page = get(address, path);
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    let form = &page.body[page.body.find("<form class=\"keep\"").unwrap()..];
    let form = &form[..form.find("</form>").unwrap()];
    let value = |from: &str, name: &str| {
        let rest = &from[from.find(name).unwrap() + name.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    };
    let fields: Vec<String> = form
        .split("<input")
        .skip(1)
        .map(|input| format!("{}={}", value(input, "name=\""), value(input, "value=\"")))
        .collect();
    let (action, fields) = (value(form, "action=\""), fields.join("&"));
    let request = format!(
        "POST {action} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{fields}",
        fields.len()
    );
    exchange(address, request.as_bytes())
}

/// Presses the button and gives the permanent link.
fn kept(address: SocketAddr, path: &str) -> String {
    let answer = press(address, path);
    assert_eq!(answer.status, 303, "{}", answer.body);
    // Heads are in small letters here; of the address this changes the hour's letter alone.
    let link = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let (before, after) = link.split_once("au=").unwrap();
    format!("{before}au={}{}", after[..13].to_uppercase(), &after[13..])
}

fn fingerprint(link: &str) -> &str {
    let (_, rest) = link.split_once("empreinte=").unwrap();
    rest.split('&').next().unwrap()
}

#[test]
fn a_permanent_link_shows_the_figures_of_then_when_measurements_come_late() {
    let running = start();
    send(&running, 0..6);
    let link = kept(running.address, &format!("/commune/{COMMUNE}?jours=7"));
    assert!(link.contains("jours=7") && link.contains("au=20"), "{link}");
    let then = get(running.address, &link);
    assert!(then.status == 200 && then.body.contains("sont les mêmes"), "{}", then.body);
    assert!(
        then.body.contains("6\u{a0}essais retenus") && !then.body.contains("class=\"keep\""),
        "{}",
        then.body
    );

    send(&running, 6..9);
    let later = get(running.address, &link).body;
    assert!(later.contains("6\u{a0}essais retenus") && !later.contains("9\u{a0}essais"), "{later}");
    assert!(later.contains("ceux d&#39;aujourd&#39;hui sont différents"), "{later}");
    let english = get(running.address, &format!("{link}&lang=en")).body;
    assert!(
        english.contains("6\u{a0}runs that count") && english.contains("today&#39;s are different"),
        "{english}"
    );
    let today = get(running.address, link.split('?').next().unwrap()).body;
    assert!(today.contains("9\u{a0}essais retenus"), "{today}");

    let hash = fingerprint(&link);
    let data = get(running.address, &format!("/edition/{hash}"));
    assert_eq!(data.json()["download"]["runs"], 6);
    assert!(desserte_signing::record_sha256(data.body.as_bytes()).starts_with(hash), "{}", data.body);
    assert_eq!(get(running.address, "/edition/0123456789abcdef").status, 404);

    let never = link.replace(hash, "0123456789abcdef");
    let never = get(running.address, &never).body;
    assert!(never.contains("n&#39;ont pas été gardés"), "{never}");
}

#[test]
fn a_departement_and_an_intercommunality_are_kept_with_what_was_chosen() {
    let running = start();
    send(&running, 0..6);
    let territory = desserte_territory::synthetic::territory(1);
    let siren = territory.epci_of(COMMUNE.parse().unwrap()).unwrap().siren.clone();
    for path in ["/departement/99?indicateur=coupures".to_owned(), format!("/epci/{siren}?jours=90&lang=en")]
    {
        let link = kept(running.address, &path);
        let before = get(running.address, &link).body;
        assert!(before.contains("edition"), "{before}");
        assert_eq!(
            get(running.address, &format!("/edition/{}", fingerprint(&link))).json()["communes"][0]["download"]
                ["runs"],
            6
        );
        if path.contains("coupures") {
            assert!(link.contains("indicateur=coupures") && before.contains("Coupures, en part"), "{link}");
        } else {
            assert!(link.contains("lang=en") && before.contains("Figures kept"), "{link}");
        }
    }
}

#[test]
fn nothing_is_kept_beyond_the_room_and_no_more_than_an_address_may_ask_for() {
    let with = |room_mib, requests_per_address| {
        let editions = Editions { room_mib, requests_per_address };
        start_in(&std::env::temp_dir(), Config { editions, ..Config::default() })
    };
    let page = format!("/commune/{COMMUNE}");
    let none = with(0, 1);
    assert!(!get(none.address, &page).body.contains("class=\"keep\""));
    let form = "POST /commune/99018 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n";
    let full = exchange(none.address, form.as_bytes());
    assert!(full.status == 507 && full.body.contains("plus de place"), "{}", full.body);
    assert_eq!(exchange(none.address, form.as_bytes()).status, 429);
    assert_eq!(press(with(1, 0).address, &page).status, 303);
}

#[test]
fn what_was_erased_is_given_back_by_no_permanent_link() {
    let running = start();
    send(&running, 0..6);
    let link = kept(running.address, &format!("/commune/{COMMUNE}"));
    let map = kept(running.address, "/departement/99");
    let elsewhere = kept(running.address, "/commune/99001");
    let store = Store::open(running.dir.path(), StoreOptions::default()).unwrap();
    store.retire_probe(&key(1).id(), now()).unwrap();
    let reason = "asked for by its host".to_owned();
    store.erase_probe(&Erasure { probe: key(1).id(), reason, now: now() }).unwrap();
    for link in [&link, &map] {
        let gone = get(running.address, link);
        assert!(gone.status == 410 && gone.body.contains("ont été effacés le"), "{}", gone.body);
        assert!(!gone.body.contains("essais"), "{}", gone.body);
        let data = get(running.address, &format!("/edition/{}", fingerprint(link)));
        assert_eq!((data.status, data.kind()), (410, "erased".to_owned()));
    }
    let english = get(running.address, &format!("{link}&lang=en"));
    assert!(english.status == 410 && english.body.contains("were erased on"), "{}", english.body);
    assert_eq!(get(running.address, &elsewhere).status, 200, "nothing of that probe was there");
}

#[test]
fn a_withdrawn_page_says_that_the_operator_withdrew_it() {
    let running = start();
    send(&running, 0..6);
    let metrics = get(running.address, "/metrics").body;
    assert!(metrics.contains("\ndesserte_editions_bytes 0\n"), "{metrics}");
    assert!(metrics.contains("\ndesserte_editions_room_bytes 268435456\n"), "{metrics}");
    let link = kept(running.address, &format!("/commune/{COMMUNE}?jours=7"));
    assert!(!get(running.address, "/metrics").body.contains("\ndesserte_editions_bytes 0\n"));
    // While the collector runs, as an operator does.
    let store = Store::open(running.dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(store.withdraw_editions(fingerprint(&link), now()).unwrap().len(), 1);
    drop(store);
    let gone = get(running.address, &link);
    assert!(
        gone.status == 410 && gone.body.contains("exploitant de ce collecteur l&#39;a retirée"),
        "{}",
        gone.body
    );
    assert!(!gone.body.contains("Qui accueille une sonde"), "{}", gone.body);
    let data = get(running.address, &format!("/edition/{}", fingerprint(&link)));
    assert_eq!((data.status, data.kind().as_str()), (410, "erased"));
}

#[test]
fn tables_are_kept_by_themselves_and_lead_to_the_map() {
    let running = start();
    send(&running, 0..6);
    let link = kept(running.address, "/departement/99/tableau?indicateur=coupures");
    assert!(link.starts_with("/departement/99/tableau?") && link.contains("indicateur=coupures"), "{link}");
    let page = get(running.address, &link).body;
    assert!(
        page.contains("Chiffres gardés") && page.contains("<tbody>") && !page.contains("class=\"communes\"")
    );
    // The map was kept with them, under the same fingerprint.
    let map = link.replace("/tableau?", "?");
    let page = get(running.address, &map);
    assert!(page.status == 200 && page.body.contains("Chiffres gardés"), "{}", page.body);
    assert!(page.body.contains("class=\"communes\"") && page.body.contains("<tbody>"));
}
