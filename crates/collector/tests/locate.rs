//! Where the collector sends ndt7 clients.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Running, get, start_in};
use desserte_collector::{Config, DEFAULT_CONFIG};

const PATH: &str = "/v2/nearest/ndt/ndt7";

fn start(locate: &str) -> Running {
    let config: Config = desserte_boot::config::parse(locate, DEFAULT_CONFIG, "test").unwrap();
    start_in(&std::env::temp_dir(), config)
}

const THREE: &str = r#"
    [[locate.servers]]
    machine = "paris-1"
    wss = "wss://paris.example"
    ws = "ws://paris.example:8080"
    lon = 2.35
    lat = 48.86
    city = "Paris"
    [[locate.servers]]
    machine = "marseille-1"
    wss = "wss://marseille.example:4443"
    lon = 5.37
    lat = 43.30
    [[locate.servers]]
    machine = "somewhere-1"
    ws = "ws://192.0.2.1"
"#;

fn machines(running: &Running, query: &str) -> Vec<String> {
    let answer = get(running.address, &format!("{PATH}{query}")).json();
    let results = answer["results"].as_array().unwrap().clone();
    results.iter().map(|target| target["machine"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_nearest_server_comes_first_and_without_a_position_each_has_its_turn() {
    let running = start(&format!("[locate]\nrequests_per_address = 0\n{THREE}"));
    let nice = "?client_name=ndt7-js&lat=43.7&lon=7.27";
    assert_eq!(machines(&running, nice), ["marseille-1", "paris-1", "somewhere-1"]);
    let mut first: Vec<String> = (0..40).map(|_| machines(&running, "?client_name=x").remove(0)).collect();
    first.sort_unstable();
    first.dedup();
    assert_eq!(first, ["marseille-1", "paris-1", "somewhere-1"]);
    let answer = get(running.address, &format!("{PATH}?lat=48.8&lon=2.3"));
    assert!(
        answer.head.contains("access-control-allow-origin: *") && answer.head.contains("no-store"),
        "{}",
        answer.head
    );
    let paris = &answer.json()["results"][0];
    let expected = serde_json::json!({
        "machine": "paris-1",
        "location": {"city": "Paris", "country": "FR"},
        "urls": {
            "ws:///ndt/v7/download": "ws://paris.example:8080/ndt/v7/download",
            "ws:///ndt/v7/upload": "ws://paris.example:8080/ndt/v7/upload",
            "wss:///ndt/v7/download": "wss://paris.example/ndt/v7/download",
            "wss:///ndt/v7/upload": "wss://paris.example/ndt/v7/upload"
        }
    });
    assert_eq!(paris, &expected);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let running = start(&format!("[locate]\nrequests_per_address = 2\nwindow_s = 100\n{THREE}"));
    assert_eq!(machines(&running, "").len(), 3);
    assert_eq!(machines(&running, "").len(), 3);
    let answer = get(running.address, PATH);
    assert_eq!(answer.status, 429);
    let told = answer.head.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
    assert!((90..=100).contains(&told.trim().parse::<u32>().unwrap()), "{told}");
    let error = &answer.json()["error"];
    assert_eq!((error["type"].as_str(), error["status"].as_u64()), (Some("client"), Some(429)));
}

#[test]
fn a_collector_without_servers_and_a_question_without_sense_are_answered_in_the_same_form() {
    let running = start("");
    let answer = get(running.address, PATH);
    assert_eq!((answer.status, answer.json()["error"]["status"].as_u64()), (404, Some(404)));
    let running = start(THREE);
    let answer = get(running.address, &format!("{PATH}?lat=north"));
    assert_eq!((answer.status, answer.json()["error"]["type"].as_str()), (400, Some("client")));
    // Beyond the poles there is no place to be near to.
    assert_eq!(machines(&running, "?lat=99&lon=2").len(), 3);
}
