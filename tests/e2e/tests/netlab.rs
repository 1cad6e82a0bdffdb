//! The emulated lines themselves, held against iperf3 and ping.

use std::process::{Command, Stdio};

use desserte_e2e::{can, has_program, is_root};
use desserte_netlab::{Lab, Shape};

const SUBNET: u8 = 201;

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
        let server = ["--server", "--one-off", "--bind", &address, "--port", "5299"];
        let mut server = Command::new("iperf3").args(server).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let arguments =
            ["--client", &address, "--port", "5299", "--time", "10", "--omit", "1", "--json", "-C", "cubic"];
        let output = line.command("iperf3").args(arguments).args(reverse).output().unwrap();
        server.wait().unwrap();
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let measured = result["end"]["sum_received"]["bits_per_second"].as_f64().unwrap();
        let ratio = measured / shape.tcp_goodput_bits_per_second();
        // In an upload iperf3 counts what drains from the queue of 200 ms after its 10 s as if it had come within.
        assert!((0.98..=1.03).contains(&ratio), "{measured} bit/s is {ratio} of what the line carries");
    }

    let answers = |host: std::net::Ipv4Addr| {
        let ping = ["-c", "1", "-W", "1", &host.to_string()].map(str::to_owned);
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
