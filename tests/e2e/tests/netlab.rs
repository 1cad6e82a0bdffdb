//! The emulated lines themselves, held against iperf3 and ping.

use std::process::{Command, Stdio};
use std::time::Duration;

use desserte_e2e::{can, has_program, is_root, settled};
use desserte_netlab::link::LinkConfig;
use desserte_netlab::stalls::judge;
use desserte_netlab::{Lab, Shape};
use desserte_units::BitRate;

const SUBNET: u8 = 201;
const EMULATED_SUBNET: u8 = 60;
/// What TCP with time stamps carries of a packet of 1,500 octets.
const PAYLOAD: f64 = 1448.0 / 1500.0;

#[test]
fn a_line_carries_its_theoretical_goodput_and_can_be_cut_beyond_the_router() {
    if !can("root", is_root()) || !can("iperf3 and ping", has_program("iperf3") && has_program("ping")) {
        return;
    }
    let mut lab = Lab::new("dslab", SUBNET).unwrap();
    let beyond = lab.beyond(1).unwrap();
    let line = lab.line("house", Shape::from_mbit_per_s(20), Shape::from_mbit_per_s(10)).unwrap();

    for (shape, reverse) in [(line.download, &["-R"][..]), (line.upload, &[])] {
        let address = beyond.to_string();
        let carries = || {
            let server = ["--server", "--one-off", "--bind", &address, "--port", "5299"];
            let mut server = Command::new("iperf3").args(server).stdout(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(300));
            let arguments = [
                "--client", &address, "--port", "5299", "--time", "10", "--omit", "1", "--json", "-C",
                "cubic",
            ];
            let output = line.command("iperf3").args(arguments).args(reverse).output().unwrap();
            server.wait().unwrap();
            let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let measured = result["end"]["sum_received"]["bits_per_second"].as_f64().unwrap();
            let ratio = measured / shape.tcp_goodput_bits_per_second();
            // In an upload iperf3 counts what drains from the queue of 200 ms after its 10 s as if it had come within.
            let said = format!("iperf3 {reverse:?} reads {measured} bit/s, {ratio} of what the line carries");
            if (0.98..=1.03).contains(&ratio) { Ok(()) } else { Err(said) }
        };
        settled(judge(carries));
    }

    let answers = |host: std::net::Ipv4Addr| {
        let ping = ["-c", "3", "-i", "0.2", "-W", "1", &host.to_string()].map(str::to_owned);
        line.command("ping").args(ping).output().unwrap().status.success()
    };
    assert!(answers(beyond) && answers(line.gateway));
    line.cut().unwrap();
    assert!(!answers(beyond), "nothing beyond the router answers");
    assert!(answers(line.gateway), "the router does");
    line.restore().unwrap();
    assert!(answers(beyond));
    let namespace = line.namespace.clone();
    drop(lab);
    let list = Command::new("ip").args(["netns", "list"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&list.stdout).contains(&namespace), "the lab is gone");
}

#[test]
fn an_emulated_line_delays_and_carries_what_its_counters_say() {
    if !can("root", is_root()) || !can("iperf3 and ping", has_program("iperf3") && has_program("ping")) {
        return;
    }
    let way = |megabits| LinkConfig {
        delay: Duration::from_millis(20),
        ..LinkConfig::of(BitRate::from_mbit_per_s(megabits).unwrap())
    };
    let mut lab = Lab::new("dsemu", EMULATED_SUBNET).unwrap();
    let line = lab.emulated_line("house", &way(20.0), &way(5.0), 1).unwrap();
    let gateway = line.gateway.to_string();
    let ping =
        || line.command("ping").args(["-c", "5", "-i", "0.2", "-W", "1", "-q", &gateway]).output().unwrap();

    settled(judge(|| {
        let said = String::from_utf8_lossy(&ping().stdout).into_owned();
        let rtt_min: Option<f64> =
            said.split_once("mdev = ").and_then(|(_, values)| values.split('/').next()?.parse().ok());
        // Two delays of 20 ms, and the time of 84 octets at 5 Mbit/s; a busy machine adds to it.
        assert!(rtt_min.is_none_or(|least| least >= 40.1), "{said}");
        if rtt_min.is_some_and(|least| least < 50.0) { Ok(()) } else { Err(said) }
    }));

    settled(judge(|| {
        let before = line.shim.download().written.octets;
        let server = ["--server", "--one-off", "--bind", &gateway, "--port", "5298"];
        let mut server = Command::new("iperf3").args(server).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let arguments = [
            "--client",
            &gateway,
            "--port",
            "5298",
            "--time",
            "4",
            "--interval",
            "0.5",
            "--reverse",
            "--json",
            "-C",
            "cubic",
        ];
        let output = line.command("iperf3").args(arguments).output().unwrap();
        server.wait().unwrap();
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let received = result["end"]["sum_received"]["bytes"].as_f64().unwrap();
        let payload = (line.shim.download().written.octets - before) as f64 * PAYLOAD;
        assert!(received <= payload * 1.005, "{received} of {payload} octets");
        // Two seconds after the first losses are made good. What follows the end is carried, but not read.
        let last = result["intervals"].as_array().unwrap().iter().rev().take(4);
        let read: f64 = last.map(|interval| interval["sum"]["bytes"].as_f64().unwrap()).sum();
        let filled = read / (2.5e6 * 2.0 * PAYLOAD);
        if filled >= 0.98 { Ok(()) } else { Err(format!("{filled} of the line was filled")) }
    }));
    let report = line.shim.download();
    let counters = report.counters;
    let dropped = counters.dropped_queue.packets;
    assert_eq!(counters.offered.packets, counters.delivered.packets + dropped);
    assert_eq!(line.overrun().unwrap(), 0);
    // Never more than the rate: 20 Mbit/s over any stretch, and what a late thread hands over at once.
    let end = line.shim.elapsed();
    let window = Duration::from_secs(2);
    let most = report.delivered.octets_between(end.saturating_sub(window * 2), end.saturating_sub(window));
    let late = 2.5e6 * report.late_max.as_secs_f64();
    assert!(most as f64 <= 2.5e6 * 2.0 + 3_000.0 + late, "{most} octets");

    line.shim.set_cut(true);
    assert!(!ping().status.success(), "nothing passes a cut line");
    line.shim.set_cut(false);
    assert!(ping().status.success());
    assert!(line.shim.upload().cut.packets > 0);
}
