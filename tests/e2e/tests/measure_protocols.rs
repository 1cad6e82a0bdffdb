//! `desserte-probe measure` in every protocol: against our own server, against Debian's iperf3, and by a Locate service.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use desserte_e2e::{MeasurementServer, can, free_port, has_program, program};
use serde_json::{Value, json};

fn measure(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program("desserte-probe"));
    command.arg("measure").args(words).args(["--lang", "en", "--state-dir"]).arg(folder);
    command.output().expect("the probe starts")
}

fn answer(folder: &Path, words: &[&str]) -> Value {
    let output = measure(folder, &[words, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}: {output:?}"))
}

/// What every throughput has, whatever the protocol.
fn holds(answer: &Value, direction: &str) {
    let part = &answer[direction];
    assert_eq!(
        (&part["outcome"], &part["stop_reason"]),
        (&json!("complete"), &json!("planned_end")),
        "{answer:#}"
    );
    for name in ["goodput_bits_per_second", "bytes", "duration_s", "bytes_charged", "streams"] {
        assert!(part[name].as_f64().is_some_and(|figure| figure > 0.0), "{direction} {name}: {answer:#}");
    }
    assert!(part["bytes_charged"].as_f64() > part["bytes"].as_f64(), "{answer:#}");
    assert!(part["limited_by"].is_array(), "{answer:#}");
}

fn is_steady(answer: &Value, direction: &str) {
    assert!(
        answer[direction]["steady_bits_per_second"].as_f64().is_some_and(|rate| rate > 0.0),
        "{answer:#}"
    );
}

#[test]
fn our_server_is_measured_in_every_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let [iperf3, stamp] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
    let doors = ["--iperf3", &iperf3, "--stamp", &stamp, "--capacity-mbit", "100000"];
    let server = MeasurementServer::start(folder.path(), "127.0.0.1".parse().unwrap(), &doors);
    let briefly = ["--full", "--duration", "1.5", "--no-latency"];

    let page = format!("http://{}/", server.address);
    let read = answer(folder.path(), &[&["librespeed", &page][..], &briefly].concat());
    assert_eq!(read["protocol"]["name"], "librespeed");
    assert_eq!((&read["download"]["streams"], &read["upload"]["streams"]), (&json!(6), &json!(3)));
    for direction in ["download", "upload"] {
        holds(&read, direction);
        is_steady(&read, direction);
    }

    let read = answer(folder.path(), &[&["iperf3", &iperf3][..], &briefly].concat());
    assert_eq!(read["protocol"]["name"], "iperf3");
    for direction in ["download", "upload"] {
        holds(&read, direction);
        is_steady(&read, direction);
    }

    let read = answer(folder.path(), &["stamp", &stamp, "--duration", "1"]);
    assert_eq!((&read["schema"], &read["outcome"]), (&json!("desserte-stamp/1"), &json!("complete")));
    assert_eq!((&read["sent"], &read["received"]), (&json!(10), &json!(10)), "{read:#}");
    for way in ["forward", "backward"] {
        assert_eq!((&read[way]["sent"], &read[way]["lost"]), (&json!(10), &json!(0)), "{read:#}");
        assert!(read[way]["delay_variation_pdv_p95_ms"].is_f64(), "{read:#}");
    }
    assert!(read["rtt_min_ms"].as_f64() <= read["rtt_p50_ms"].as_f64(), "{read:#}");

    a_locate_service_is_asked_once(folder.path(), &server.address.to_string());
    what_a_protocol_cannot_do_is_refused(folder.path());
}

/// The service names a server that is not there, and then ours.
fn a_locate_service_is_asked_once(folder: &Path, ours: &str) {
    let gone = format!("127.0.0.1:{}", free_port());
    let target = |machine: &str, address: &str| {
        json!({ "machine": machine, "urls": {
            "ws:///ndt/v7/download": format!("ws://{address}/ndt/v7/download?access_token=a"),
            "ws:///ndt/v7/upload": format!("ws://{address}/ndt/v7/upload?access_token=a"),
        }})
    };
    let body = json!({ "results": [target("gone", &gone), target("ours", ours)] }).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = [0; 2_048];
        let _ = connection.read(&mut request);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        let _ = connection.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes());
    });
    let words = ["ndt7", &service, "--full", "--duration", "1.5", "--no-latency"];
    let read = answer(folder, &words);
    for direction in ["download", "upload"] {
        holds(&read, direction);
    }
    assert_eq!(read["server"]["host"], *ours, "{read:#}");
    // Nobody answers there any more; nothing is even tried, since the last time is remembered.
    let output = measure(folder, &words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && told.contains("not to be asked again for"), "{output:?}");
}

fn what_a_protocol_cannot_do_is_refused(folder: &Path) {
    for (words, flag) in [
        (&["stamp", "127.0.0.1", "--threshold", "30"][..], "--threshold:"),
        (&["iperf3", "127.0.0.1", "--threshold", "30"], "--threshold:"),
        (&["iperf3", "127.0.0.1", "--ca", "x"], "--ca:"),
        (&["ndt7", "https://127.0.0.1/", "--streams", "2"], "--streams:"),
        (&["librespeed", "ws://127.0.0.1"], "neither http nor https"),
        (&["iperf3", "http://127.0.0.1"], "is not an iperf3 server"),
    ] {
        let output = measure(folder, words);
        assert_eq!(output.status.code(), Some(64), "{words:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(flag), "{words:?}: {output:?}");
    }
}

#[test]
fn an_upload_to_the_reference_has_a_mean_and_no_steady_figure() {
    if !can("iperf3", has_program("iperf3")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().to_string();
    let mut server = Command::new("iperf3")
        .args(["-s", "-p", &port, "-B", "127.0.0.1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("iperf3 starts");
    let address = format!("127.0.0.1:{port}");
    let begun = Instant::now();
    while TcpStream::connect(&address).is_err() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The look at the door is a client to it, of which it has to get rid.
    std::thread::sleep(Duration::from_millis(200));
    let url = format!("iperf3://{address}");
    let output = measure(folder.path(), &["iperf3", &url, "--full", "--duration", "2", "--json"]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    holds(&read, "download");
    is_steady(&read, "download");
    holds(&read, "upload");
    assert_eq!(read["upload"]["steady_bits_per_second"], Value::Null, "{read:#}");
    assert_eq!(read["upload"]["interval"], Value::Null, "{read:#}");
}
