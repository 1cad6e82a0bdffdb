//! A real probe behind a line that is cut: each interruption is found by the second, with its cause.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::process::Command;
use std::time::Duration;

use desserte_e2e::{Agent, AgentPlan, can, has_program, is_root, program};
use desserte_model::{Interruption, InterruptionCause, Observation, Record};
use desserte_netlab::{Lab, Shape};
use rustix::time::{ClockId, clock_gettime};

const SUBNET: u8 = 163;

/// What the watch promises of an edge, and a little for a machine that does seven other things at once.
const EDGE: Duration = Duration::from_millis(1_100);

/// Calm before and after each gap: the watch is back at its even pace.
const CALM: Duration = Duration::from_secs(6);

/// The clock that records count by.
fn now() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

#[test]
fn a_probe_finds_each_cut_with_its_edges_and_cause() {
    let tools = ["ip", "tc", "ethtool"].iter().all(|tool| has_program(tool));
    if !can("root", is_root()) || !can("iproute2 and ethtool", tools) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut lab = Lab::new("dsout", SUBNET).unwrap();
    let (near, far) = (lab.beyond(1).unwrap(), lab.beyond(2).unwrap());
    let line = lab.line("house", Shape::from_mbit_per_s(20), Shape::from_mbit_per_s(5)).unwrap();
    let agent = Agent::new(
        folder.path(),
        "house",
        &AgentPlan {
            // Nobody listens: what is found stays in the spool.
            collector: &format!("http://{near}:9"),
            server: &format!("ws://{near}:9"),
            targets: [near.to_string(), far.to_string()],
            more: "[latency]\nwatch = \"fine\"\n[upload]\nevery_s = 3600.0\n[schedule]\nevery_s = 3600.0\n",
            top: "",
            place: (1.8705, 46.1585),
        },
    );
    let mut probe = agent.start(Some(line.command(program("desserte-probe").to_str().unwrap())));
    let outside = "dsout0o";
    let link = |state: &str| {
        let done = Command::new("ip").args(["link", "set", outside, state]).status().unwrap();
        assert!(done.success());
    };

    let mut truth = Vec::new();
    for (cause, length_s) in
        [(InterruptionCause::Beyond, 5), (InterruptionCause::Link, 8), (InterruptionCause::Beyond, 20)]
    {
        std::thread::sleep(CALM);
        let is_link = cause == InterruptionCause::Link;
        if is_link {
            link("down")
        } else {
            line.cut().unwrap()
        }
        let from = now();
        std::thread::sleep(Duration::from_secs(length_s));
        if is_link {
            link("up")
        } else {
            line.restore().unwrap()
        }
        truth.push((cause, from, now()));
    }
    std::thread::sleep(CALM);
    assert!(probe.terminate().success(), "{}", probe.log());

    let found: Vec<(Duration, Interruption)> = records(&folder.path().join("house-state/spool"))
        .into_iter()
        .filter_map(|record| match record.observation {
            Observation::Interruption(seen) => {
                Some((Duration::from_micros(record.clock.monotonic_us.as_micros()), seen))
            }
            _ => None,
        })
        .collect();
    let shown = format!("scripted {truth:?}\nfound {found:#?}\n{}", probe.log());
    assert_eq!(found.len(), truth.len(), "{shown}");
    for ((cause, from, until), (since, seen)) in truth.iter().zip(&found) {
        assert_eq!(seen.cause, *cause, "{shown}");
        let start = *since + Duration::from_micros(seen.start_us().expect("a start"));
        let end = *since + Duration::from_micros(seen.end_us().expect("an end"));
        eprintln!(
            "{}: start {} ms off, end {} ms off, {:?} stated as uncertain",
            cause.code(),
            start.abs_diff(*from).as_millis(),
            end.abs_diff(*until).as_millis(),
            seen.uncertainty_us().map(Duration::from_micros)
        );
        // After its carrier is back a link still has to find its neighbours.
        let back = if *cause == InterruptionCause::Link { EDGE + Duration::from_secs(1) } else { EDGE };
        assert!(start.abs_diff(*from) <= EDGE && end.abs_diff(*until) <= back, "{shown}");
        assert!(seen.echoes.iter().any(|echo| echo.rtt_us.is_none()) && seen.lost >= 6, "{shown}");
    }
}

/// The records in a spool's files, which hold them as text between frames.
fn records(spool: &std::path::Path) -> Vec<Record> {
    const START: &[u8] = b"{\"schema\":\"desserte-record/1\"";
    let mut files: Vec<_> = std::fs::read_dir(spool).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut found: Vec<Record> = Vec::new();
    for file in files {
        let octets = std::fs::read(&file).unwrap();
        for at in 0..octets.len().saturating_sub(START.len()) {
            if octets[at..].starts_with(START) {
                let mut values = serde_json::Deserializer::from_slice(&octets[at..]).into_iter();
                found.extend(values.next().and_then(Result::ok));
            }
        }
    }
    found.sort_by_key(|record| record.sequence);
    found
}
