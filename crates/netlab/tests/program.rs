//! The program `netlab`, as people run it.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Whether lines can be made here; continuous integration must be able to.
fn can_make_lines() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        assert!(std::env::var_os("CI").is_none(), "continuous integration must have root");
        eprintln!("SKIPPED: this test needs root");
    }
    root
}

fn netlab(name: &str, subnet: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netlab"));
    command.args(["run", "--name", name, "--subnet", subnet]).args(words);
    command
}

fn namespaces() -> String {
    let output = Command::new("ip").args(["netns", "list"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_command_runs_behind_the_line_and_the_counters_tell_what_passed() {
    if !can_make_lines() {
        return;
    }
    let ping = "ping -c 3 -i 0.2 -W 2 -q $NETLAB_GATEWAY > /dev/null && exit 7";
    let words = ["--down", "10mbit", "--delay", "20ms", "--counters", "-", "--", "sh", "-c", ping];
    let Output { status, stdout, stderr } = netlab("nlta", "63", &words).output().unwrap();
    assert_eq!(status.code(), Some(7), "{}", String::from_utf8_lossy(&stderr));
    let counters: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    for way in ["download", "upload"] {
        // Three echoes of 84 octets, and as many answers.
        assert_eq!(counters[way]["delivered"]["octets"], 3 * 84, "{counters:#}");
        assert_eq!(counters[way]["series"].as_array().unwrap().last().unwrap()[1], 3 * 84);
    }
    assert_eq!(counters["line"]["upload"]["mean_bits_per_second"], 10e6);
    assert!(!namespaces().contains("nlta-"));
}

#[test]
fn a_signal_ends_the_command_and_removes_the_line() {
    if !can_make_lines() {
        return;
    }
    let mut child = netlab("nltb", "64", &["--down", "1mbit", "--", "sleep", "60"]).spawn().unwrap();
    wait_until(|| namespaces().contains("nltb-"));
    // The command starts after its namespace.
    std::thread::sleep(Duration::from_millis(500));
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    wait_until(|| has_ended(&mut child));
    assert!(!namespaces().contains("nltb-"));
}

#[test]
fn what_is_wrong_with_a_line_is_said_before_anything_is_made() {
    let words = ["--down", "20mbit,delay=5", "--", "true"];
    let output = netlab("nltc", "65", &words).stdout(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "netlab: reading --down: `delay=5` is not understood: a time like 50ms or 3s\n");
}

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_some()
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    for _ in 0..200 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("waited for ten seconds");
}
