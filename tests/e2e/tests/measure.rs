//! `desserte-probe measure` on a shaped line: as true as a run in full, for a part of its octets; a straight answer to a
//! question; a clean end when the server is no good.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpListener};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use desserte_e2e::{MeasurementServer, can, has_program, is_root, program, settled};
use desserte_netlab::stalls::judge;
use desserte_netlab::{Lab, Line, Shape};
use serde_json::Value;

/// Third octet of this test's addresses.
const SUBNET: u8 = 63;

/// What an adaptive run may be off by (goal of issue 3: 5 % at the 95th percentile).
const TOLERANCE: f64 = 0.05;

/// Octets of a run of ten seconds that an adaptive one may take on a line of 50 Mbit/s; the goal is 15 % at 100 Mbit/s and
/// 35 % at 20, and a machine that is busy elsewhere makes the line waver.
const OCTETS_SHARE: f64 = 0.6;

fn measure(line: &Line, server: &str, more: &[&str]) -> Output {
    let mut command = line.command(program("desserte-probe").to_str().unwrap());
    command.args(["measure", "ndt7", server, "--lang", "en"]).args(more);
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_line_is_measured_from_the_command_line() {
    let tools = ["ip", "tc", "ethtool"].iter().all(|tool| has_program(tool));
    if !can("root", is_root()) || !can("iproute2 and ethtool", tools) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut lab = Lab::new("dsmeas", SUBNET).unwrap();
    let near = lab.beyond(1).unwrap();
    let line = lab.line("house", Shape::from_mbit_per_s(50), Shape::from_mbit_per_s(10)).unwrap();
    let server = MeasurementServer::start(folder.path(), IpAddr::V4(near), &[]);
    let url = format!("ws://{}", server.address);

    // A machine that is busy elsewhere does not fill the line, and then the reading is rightly low.
    settled(judge(|| adaptive_is_true_and_frugal(&line, &url)));
    a_question_gets_its_answer(&line, &url);
    interrupted_it_tells_what_it_has(&line, &url, folder.path());
    a_server_that_is_no_good_ends_it_cleanly(&line, near.into());
}

fn adaptive_is_true_and_frugal(line: &Line, url: &str) -> Result<(), String> {
    let answer = json(&measure(line, url, &["--json"]));
    let mut off = false;
    for (direction, shape) in [("download", line.download), ("upload", line.upload)] {
        let part = &answer[direction];
        assert_eq!(part["outcome"], "complete", "{answer:#}");
        assert_eq!(part["mode"], "adaptive");
        let (octets, charged) = (part["bytes"].as_f64().unwrap(), part["bytes_charged"].as_f64().unwrap());
        assert!(charged > octets);
        assert!(part["latency"]["loaded_rtt_p50_ms"].as_f64().unwrap() > 1.0, "{answer:#}");
        let read = part["steady_bits_per_second"].as_f64().unwrap();
        assert!(part["interval"]["low_bits_per_second"].as_f64() <= Some(read));
        let allowed = shape.tcp_goodput_bits_per_second();
        assert!(read <= allowed * (1.0 + TOLERANCE), "{direction} reads too much: {answer:#}");
        off |= read < allowed * (1.0 - TOLERANCE) || octets / (allowed * 10.0 / 8.0) > OCTETS_SHARE;
    }
    if off { Err(format!("{answer:#}")) } else { Ok(()) }
}

fn a_question_gets_its_answer(line: &Line, url: &str) {
    for (asked, code, word) in [("20", 0, "yes"), ("90", 2, "no")] {
        let output = measure(line, url, &["--threshold", asked, "--direction", "download", "--json"]);
        let answer = json(&output);
        assert_eq!(answer["download"]["threshold"]["verdict"], word, "{answer:#}");
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(answer["upload"], Value::Null);
    }
}

fn interrupted_it_tells_what_it_has(line: &Line, url: &str, folder: &Path) {
    let answer = folder.join("interrupted.json");
    let mut command = line.command(program("desserte-probe").to_str().unwrap());
    command.args(["measure", "ndt7", url, "--full", "--json", "--direction", "download"]);
    command.stdout(std::fs::File::create(&answer).unwrap());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_secs(5));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let answer: Value = serde_json::from_slice(&std::fs::read(answer).unwrap()).unwrap();
    assert_eq!(answer["interrupted"], true, "{answer:#}");
    assert_eq!(answer["download"]["stop_reason"], "interrupted", "{answer:#}");
    assert!(answer["download"]["bytes"].as_u64().unwrap() > 100_000);
}

/// A server that takes connections and never answers, and one that answers with a web page.
fn a_server_that_is_no_good_ends_it_cleanly(line: &Line, address: IpAddr) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (place, connection) in listener.incoming().enumerate() {
            let mut connection = connection.unwrap();
            if place > 0 {
                let mut request = [0; 64];
                let _ = connection.read(&mut request);
                let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            } else {
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs(30));
                    drop(connection);
                });
            }
        }
    });
    for _ in 0..2 {
        let begun = Instant::now();
        let output = measure(line, &url, &["--json", "--direction", "download", "--no-latency"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{output:?}");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let answer = json(&output);
        assert_eq!(answer["download"]["outcome"], "unreachable", "{answer:#}");
        assert_eq!(answer["download"]["bytes"], Value::Null, "missing is not zero");
        assert_eq!(answer["download"]["steady_bits_per_second"], Value::Null);
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}
