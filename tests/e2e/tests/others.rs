//! Others on the line beside runs of LibreSpeed and iperf3: none are seen where there are none, and runs make way for those who
//! come.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use std::net::IpAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use desserte_e2e::{MeasurementServer, can, free_port, has_program, is_root, program};
use desserte_netlab::{Lab, Line, Shape};
use serde_json::{Value, json};

/// Third octet of this test's addresses.
const SUBNET: u8 = 66;

/// Octets that the interface has carried once a run is well under way.
const UNDER_WAY: u64 = 2_000_000;

/// Longest wait for that: three seconds of watching the line before the run, and a slow machine.
const UNDER_WAY_MAX: Duration = Duration::from_secs(30);

fn measure(line: &Line, words: &[&str]) -> Command {
    let mut command = line.command(program("desserte-probe").to_str().unwrap());
    command.args(["measure", "--json", "--no-latency", "--full"]).args(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn answer(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the house's interfaces have carried in a direction.
fn carried(line: &Line, counter: &str) -> u64 {
    let files = format!("cat /sys/class/net/*/statistics/{counter}");
    let output = line.command("sh").args(["-c", &files]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().filter_map(|line| line.parse::<u64>().ok()).sum()
}

fn says_cross_traffic(part: &Value) -> bool {
    part["limited_by"].as_array().unwrap().contains(&json!("cross_traffic"))
}

fn alone_it_sees_nobody(line: &Line, protocol: &str, server: &str) {
    let read = answer(measure(line, &[protocol, server, "--duration", "2"]).spawn().unwrap());
    for direction in ["download", "upload"] {
        let part = &read[direction];
        assert!(!says_cross_traffic(part), "{protocol} {direction}: {read:#}");
        let (others, own) = (&part["others_traffic"]["during_bytes"], part["bytes"].as_u64().unwrap());
        assert!(others.as_u64().is_some_and(|others| others * 20 <= own), "{protocol} {direction}: {read:#}");
        eprintln!("  {protocol} {direction} alone: {others} octets of others beside {own} of its own");
    }
}

/// Datagrams to an address for some seconds, about a fifth of the line: unlike a connection, they do not give way to the run.
fn datagrams(mut command: Command, to: IpAddr, in_a_row: u32) -> Child {
    let row = format!("dd if=/dev/zero bs=1400 count={in_a_row} status=none");
    let script = format!("for i in $(seq 400); do {row}; sleep 0.01; done > /dev/udp/{to}/9");
    command.args(["-c", &script]).stderr(Stdio::null()).spawn().unwrap()
}

fn it_makes_way(line: &Line, near: IpAddr, protocol: &str, server: &str, direction: &str) {
    let (counter, others): (_, &dyn Fn() -> Child) = match direction {
        "download" => ("rx_bytes", &|| datagrams(Command::new("bash"), line.address.into(), 8)),
        _ => ("tx_bytes", &|| datagrams(line.command("bash"), near, 4)),
    };
    let before = carried(line, counter);
    let words = [protocol, server, "--direction", direction, "--duration", "12", "--polite"];
    let polite = measure(line, &words).spawn().unwrap();
    let begun = Instant::now();
    while carried(line, counter) < before + UNDER_WAY {
        assert!(begun.elapsed() < UNDER_WAY_MAX, "the run does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut others = others();
    let came = Instant::now();
    let read = answer(polite);
    eprintln!("  {protocol} {direction} ended {:?} after others came", came.elapsed());
    // What they send to a port without a listener is of no interest to them.
    let _ = others.kill();
    others.wait().unwrap();
    let part = &read[direction];
    assert_eq!(part["stop_reason"], "others_traffic", "{protocol} {direction}: {read:#}");
    assert!(says_cross_traffic(part), "{protocol} {direction}: {read:#}");
    assert!(part["duration_s"].as_f64().unwrap() < 11.0, "{protocol} {direction}: {read:#}");
}

#[test]
fn runs_of_every_protocol_see_others_and_make_way_for_them() {
    let tools = ["ip", "tc", "ethtool", "bash", "dd"].iter().all(|tool| has_program(tool));
    if !can("root", is_root()) || !can("iproute2, ethtool, bash and dd", tools) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut lab = Lab::new("dsoth", SUBNET).unwrap();
    let near = lab.beyond(1).unwrap();
    let line = lab.line("house", Shape::from_mbit_per_s(40), Shape::from_mbit_per_s(20)).unwrap();
    let iperf3 = format!("{near}:{}", free_port());
    let server = MeasurementServer::start(folder.path(), IpAddr::V4(near), &["--iperf3", &iperf3]);
    let page = format!("http://{}/", server.address);

    alone_it_sees_nobody(&line, "librespeed", &page);
    alone_it_sees_nobody(&line, "iperf3", &iperf3);
    it_makes_way(&line, near.into(), "librespeed", &page, "download");
    it_makes_way(&line, near.into(), "iperf3", &iperf3, "upload");
}
