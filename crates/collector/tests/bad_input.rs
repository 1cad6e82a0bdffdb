//! Whatever a stranger or a broken probe sends, the answer is a problem document that says what is wrong.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Answer, body, exchange, get, key, line, minute, now, post, post_with, sign, start};
use desserte_units::Timestamp;
use serde_json::json;

fn good(n: u64) -> Vec<u8> {
    line(&minute(n, now()))
}

#[test]
fn each_bad_record_is_named_with_its_line_and_reason_and_the_good_ones_are_kept() {
    let running = start();
    let changed = |n: u64, pointer: &str, value: serde_json::Value| {
        let mut record = minute(n, now());
        *record.pointer_mut(pointer).unwrap() = value;
        line(&record)
    };
    let in_an_hour = now().saturating_add_micros(3_600_000_000).as_unix_micros();
    let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
    let lon = minute(8, now())["position"]["lon"].to_string();
    let twice = good(11);
    let cases = [
        (good(1), None),
        (b"{\"not\": \"a record\"".to_vec(), Some("malformed")),
        (changed(2, "/schema", json!("desserte-record/9")), Some("malformed")),
        (changed(3, "/probe", json!(key(2).id())), Some("foreign-probe")),
        (changed(4, "/clock/utc_us", json!(in_an_hour)), Some("in-the-future")),
        (changed(5, "/clock/utc_us", json!(0)), Some("malformed")),
        (changed(6, "/position/lon", json!(-30.0)), Some("outside-territory")),
        (changed(7, "/position/lon", json!(652_000.0)), Some("position-not-finite")),
        (text(&good(8)).replace(&lon, "NaN").into_bytes(), Some("position-not-finite")),
        (changed(9, "/position/lat", json!(null)), Some("position-not-finite")),
        (changed(10, "/observation/window_us", json!(u64::MAX)), Some("malformed")),
        (vec![b' '; 300 * 1024], Some("too-large")),
        (b"\xff\xfe".to_vec(), Some("malformed")),
        (twice.clone(), None),
        (twice, None),
    ];
    let lines: Vec<_> = cases.iter().map(|(line, _)| line.clone()).collect();
    let answer = post(running.address, &key(1), &body(&key(1), &lines));
    assert_eq!((answer.status, answer.kind().as_str()), (422, "records-refused"), "{}", answer.body);
    let receipt = &answer.json()["receipt"];
    let found: Vec<(u64, String)> = receipt["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| (refusal["line"].as_u64().unwrap(), refusal["reason"].as_str().unwrap().to_owned()))
        .collect();
    let expected: Vec<(u64, String)> = (2..)
        .zip(&cases)
        .filter_map(|(line, (_, reason))| reason.map(|reason: &str| (line, reason.to_owned())))
        .collect();
    assert_eq!(found, expected, "{}", answer.body);
    assert_eq!((&receipt["accepted"], &receipt["duplicate"]), (&json!(2), &json!(1)));

    let metrics = get(running.address, "/metrics").body;
    assert!(
        metrics.contains("desserte_ingest_rejected_total{reason=\"position-not-finite\"} 3"),
        "{metrics}"
    );
    assert!(metrics.contains("desserte_ingest_accepted_total 2"), "{metrics}");
}

#[test]
fn a_replayed_batch_changes_nothing() {
    let running = start();
    let body = body(&key(1), &[good(1), good(2)]);
    let signature = sign(&key(1), &body, now());
    let first = post_with(running.address, &signature, &body);
    assert_eq!((first.status, first.json()), (200, json!({"accepted": 2, "duplicate": 0, "refused": []})));
    let again = post_with(running.address, &signature, &body);
    assert_eq!((again.status, again.json()), (200, json!({"accepted": 0, "duplicate": 2, "refused": []})));
}

#[test]
fn an_identifier_used_again_for_other_content_is_refused() {
    let running = start();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &[good(1)])).status, 200);
    let mut other = minute(1, now());
    other["sequence"] = json!(77);
    let answer = post(running.address, &key(1), &body(&key(1), &[line(&other), good(2)]));
    assert_eq!(answer.status, 422);
    let receipt = &answer.json()["receipt"];
    assert_eq!(receipt["refused"][0]["reason"], "identifier-reused");
    assert_eq!((&receipt["accepted"], &receipt["refused"][0]["line"]), (&json!(1), &json!(2)));
}

#[test]
fn who_is_not_known_or_not_believed_is_told_so() {
    let running = start();
    let address = running.address;
    let check = |answer: Answer, status: u16, kind: &str| {
        assert_eq!((answer.status, answer.kind().as_str()), (status, kind), "{}", answer.body);
    };
    let good_body = body(&key(1), &[good(1)]);
    check(post(address, &key(2), &body(&key(2), &[])), 401, "unknown-key");
    check(post(address, &key(1), &body(&key(2), &[])), 403, "foreign-batch");
    let old = Timestamp::from_unix_secs(now().as_unix_secs() - 4_000);
    check(post_with(address, &sign(&key(1), &good_body, old), &good_body), 401, "signature-out-of-window");
    let signature = sign(&key(1), &good_body, now());
    let mut altered = good_body.clone();
    *altered.last_mut().unwrap() = b' ';
    check(post_with(address, &signature, &altered), 401, "digest-mismatch");
    let mut forged = sign(&key(2), &good_body, now());
    forged.signature_input = signature.signature_input.clone();
    check(post_with(address, &forged, &good_body), 401, "bad-signature");
    let unsigned = b"POST /api/v1/batches HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
        Content-Type: application/x-ndjson\r\nContent-Length: 0\r\n\r\n";
    check(exchange(address, unsigned), 401, "not-signed");
    let stored = desserte_store::Store::open(running.dir.path(), desserte_store::StoreOptions::default());
    assert_eq!(stored.unwrap().record_counts().unwrap().0, 0);
}

#[test]
fn bodies_and_addresses_that_make_no_sense_get_a_problem_document() {
    let running = start();
    let address = running.address;
    let check = |answer: Answer, status: u16, kind: &str| {
        assert_eq!((answer.status, answer.kind().as_str()), (status, kind), "{}", answer.body);
    };
    for nonsense in [&b""[..], b"\n", b"{}", b"\x00\x01\x02", b"[[[[[[[["] {
        check(post(address, &key(1), nonsense), 400, "malformed-batch");
    }
    let many: Vec<_> = (0..5_001).map(|_| b"{}".to_vec()).collect();
    check(post(address, &key(1), &body(&key(1), &many)), 413, "batch-too-large");
    // A stranger's body is not read at all; this one is from a known probe.
    let long = vec![b' '; 9_000_000];
    check(post(address, &key(1), &long), 413, "batch-too-large");
    let other_type = b"POST /api/v1/batches HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
        Content-Type: text/html\r\nContent-Length: 0\r\n\r\n";
    check(exchange(address, other_type), 415, "unsupported-media-type");
    let other_coding = b"POST /api/v1/batches HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\
        Content-Type: application/x-ndjson\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n";
    check(exchange(address, other_coding), 415, "unsupported-media-type");
    check(get(address, PATH_OF_BATCHES), 405, "method-not-allowed");
    check(get(address, "/api/v1/nothing"), 404, "not-found");
    check(get(address, "/api/v1/communes/99999"), 404, "not-found");
    check(get(address, "/api/v1/communes/%22%3E"), 404, "not-found");
    check(get(address, "/api/v1/communes/99018?jours=9999"), 400, "bad-parameter");
    check(get(address, "/api/v1/communes/99018?jours=deux"), 400, "bad-parameter");
    check(get(address, "/metrics/territoire"), 400, "bad-parameter");
}

#[test]
fn a_probe_out_of_service_is_refused_and_what_it_sent_stays() {
    let running = start();
    assert_eq!(post(running.address, &key(1), &body(&key(1), &[good(1)])).status, 200);
    let store =
        desserte_store::Store::open(running.dir.path(), desserte_store::StoreOptions::default()).unwrap();
    assert!(store.retire_probe(&key(1).id(), now()).unwrap());
    let answer = post(running.address, &key(1), &body(&key(1), &[good(2)]));
    assert_eq!((answer.status, answer.kind().as_str()), (403, "probe-retired"));
    assert_eq!(store.record_counts().unwrap().0, 1);
}

const PATH_OF_BATCHES: &str = common::PATH;
