//! Debian's iperf3, unmodified, in both roles against ours: a row for each case, every case about a second.

#![allow(clippy::print_stderr, reason = "the table of a test")]

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use desserte_e2e::{MeasurementServer, can, free_port, has_program};
use desserte_model::{Direction, RunOutcome, Throughput};
use desserte_net::iperf3::{RunConfig, UdpConfig, UdpRun, run, run_both, run_udp};
use desserte_net::{CongestionAlgorithm, ToPlan};
use desserte_units::{BitRate, ByteCount};
use serde_json::Value;

const STREAMS: [u16; 4] = [1, 2, 4, 8];

/// What a row came to: figures for people, or what is wrong.
type Verdict = Result<String, String>;

fn hold(condition: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what()) }
}

/// Prints the table and fails if a row is not green.
fn report(title: &str, rows: &[(String, Verdict)]) {
    eprintln!("\n{title}");
    for (name, verdict) in rows {
        match verdict {
            Ok(figures) => eprintln!("  ok    {name:<34} {figures}"),
            Err(why) => eprintln!("  WRONG {name:<34} {why}"),
        }
    }
    let wrong = rows.iter().filter(|(_, verdict)| verdict.is_err()).count();
    eprintln!("  {} of {} rows green", rows.len() - wrong, rows.len());
    assert_eq!(wrong, 0, "{title}");
}

/// The reference's server for one test, which then says what it saw.
struct TheirServer {
    child: Child,
    port: u16,
}

impl TheirServer {
    fn start() -> Self {
        let port = free_port();
        let child = Command::new("iperf3")
            .args(["-s", "-1", "-J", "-p", &port.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("iperf3 starts");
        // It listens at once; a connection of ours to find out would be its one test.
        let listens = || {
            let needle = format!(":{port:04X} ");
            ["/proc/net/tcp", "/proc/net/tcp6"]
                .iter()
                .filter_map(|path| std::fs::read_to_string(path).ok())
                .any(|text| text.lines().any(|line| line.contains(&needle) && line.contains(" 0A ")))
        };
        let begun = Instant::now();
        while !listens() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, port }
    }

    fn config(&self, direction: Direction, streams: u16) -> RunConfig {
        let server = format!("127.0.0.1:{}", self.port).parse().expect("an address");
        let mut config = RunConfig::new(server, direction);
        config.streams = streams;
        config.duration = Duration::from_secs(1);
        config
    }

    fn report(mut self) -> Value {
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let output = self.child.wait_with_output().expect("what it wrote");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

fn number(report: &Value, path: &str) -> Result<u64, String> {
    let value =
        report.pointer(path).and_then(Value::as_f64).ok_or_else(|| format!("no {path} in {report}"))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    Ok(value as u64)
}

fn gigabits(bytes: u64, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = bytes as f64 * 8.0 / seconds / 1e9;
    format!("{rate:.2} Gbit/s")
}

/// How far the two ends' counts may differ when both leave out a first second: each ends it by its own clock, and what crosses
/// in between is counted by one alone.
const OMITTED_PERCENT: u64 = 2;

/// Checks a record of ours, and against what their server says that it received or sent.
fn check(record: &Throughput, theirs: &Value, reverse: bool) -> Verdict {
    check_within(record, theirs, reverse, 0)
}

/// As [`check`]; of a download we may have counted more than they say by some percent.
fn check_within(record: &Throughput, theirs: &Value, reverse: bool, percent: u64) -> Verdict {
    hold(record.outcome == RunOutcome::Complete, || format!("{:?}", record.outcome))?;
    let last = record.samples.last().ok_or("no samples")?;
    let seconds = Duration::from_micros(last.elapsed_us).as_secs_f64();
    hold(last.bytes > 0 && (0.8..2.5).contains(&seconds), || format!("{last:?}"))?;
    hold(record.samples.windows(2).all(|pair| pair[0].elapsed_us < pair[1].elapsed_us), || {
        "readings".to_owned()
    })?;
    let (key, what) = match (record.direction, reverse) {
        (Direction::Upload, _) => ("/end/sum_received/bytes", "received"),
        (Direction::Download, false) => ("/end/sum_sent/bytes", "sent"),
        (Direction::Download, true) => ("/end/sum_sent_bidir_reverse/bytes", "sent"),
    };
    let told = number(theirs, key)?;
    match record.direction {
        // The very figure that it sent us.
        Direction::Upload => hold(told == last.bytes, || format!("{what} {told}, we say {}", last.bytes))?,
        Direction::Download => hold(told + told / 100 * percent >= last.bytes, || {
            format!("{what} {told}, we say {}", last.bytes)
        })?,
    }
    hold(!record.probe_tcp.is_empty(), || "no counters of the kernel".to_owned())?;
    hold(record.congestion_control.probe.is_some(), || "no congestion control".to_owned())?;
    Ok(gigabits(last.bytes, seconds))
}

fn check_udp(run: &UdpRun, theirs: &Value) -> Verdict {
    hold(run.outcome == RunOutcome::Complete, || format!("{:?}", run.outcome))?;
    let flow = run.flow.ok_or("no flow")?;
    let told = number(theirs, "/end/sum/packets")?;
    let (rate, loss) =
        (flow.throughput().ok_or("no rate")?.as_mbit_per_s(), flow.loss_ratio().ok_or("no loss")?);
    hold(flow.packets > 0 && loss < 0.5, || format!("{flow:?}"))?;
    hold(told > 0 && told.abs_diff(flow.packets) <= told / 10 + 5, || {
        format!("{told} packets, we say {flow:?}")
    })?;
    Ok(format!("{rate:.1} Mbit/s, {:.1} % lost, jitter {:?}", loss * 100.0, flow.jitter))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_completes_every_test_against_debians_server() {
    if !can("iperf3", has_program("iperf3")) {
        return;
    }
    let mut rows: Vec<(String, Verdict)> = Vec::new();
    for streams in STREAMS {
        for (name, direction) in [("forward", Direction::Upload), ("reverse", Direction::Download)] {
            let server = TheirServer::start();
            let record = run(&server.config(direction, streams), &mut ToPlan).await;
            rows.push((format!("TCP {name} {streams}"), check(&record, &server.report(), false)));
        }
        let server = TheirServer::start();
        let (download, upload) = run_both(&server.config(Direction::Download, streams)).await;
        let theirs = server.report();
        let verdict = check(&download, &theirs, true)
            .and_then(|down| Ok(format!("{down} down, {} up", check(&upload, &theirs, false)?)));
        rows.push((format!("TCP bidirectional {streams}"), verdict));
    }
    for (name, direction, streams) in [
        ("forward", Direction::Upload, 1),
        ("reverse", Direction::Download, 1),
        ("forward", Direction::Upload, 2),
        ("reverse", Direction::Download, 2),
    ] {
        let server = TheirServer::start();
        let rate = BitRate::from_mbit_per_s(20.0).expect("a rate");
        let run = run_udp(&UdpConfig::new(server.config(direction, streams), rate)).await;
        rows.push((format!("UDP {name} {streams}"), check_udp(&run, &server.report())));
    }
    for (name, direction) in [("forward", Direction::Upload), ("reverse", Direction::Download)] {
        let server = TheirServer::start();
        let mut config = server.config(direction, 2);
        config.payload = Some(ByteCount::from_megabytes(50));
        let record = run(&config, &mut ToPlan).await;
        let _ = server.report();
        let got = record.samples.last().map(|last| last.bytes);
        // The reference reads no more once it heard of the end; ours waits until it most likely has everything.
        let right = got.is_some_and(|bytes| (45_000_000..80_000_000).contains(&bytes));
        let verdict =
            hold(right && record.outcome == RunOutcome::Complete, || format!("{got:?} {:?}", record.outcome));
        rows.push((format!("TCP {name}, 50 MB"), verdict.map(|()| format!("{got:?} octets"))));
    }
    for (name, direction) in [("forward", Direction::Upload), ("reverse", Direction::Download)] {
        let server = TheirServer::start();
        let mut config = server.config(direction, 1);
        config.omit = Duration::from_secs(1);
        let record = run(&config, &mut ToPlan).await;
        let verdict = check_within(&record, &server.report(), false, OMITTED_PERCENT);
        rows.push((format!("TCP {name}, 1 s omitted"), verdict));
    }
    let server = TheirServer::start();
    let mut config = server.config(Direction::Download, 1);
    config.path.congestion_control = Some(CongestionAlgorithm::Reno);
    let record = run(&config, &mut ToPlan).await;
    let verdict = check(&record, &server.report(), false);
    let used = record.congestion_control.server.clone();
    let verdict = verdict.and_then(|_| {
        hold(used.as_deref() == Some("reno"), || format!("{used:?}"))
            .map(|()| "reno at the server".to_owned())
    });
    rows.push(("TCP reverse, reno".to_owned(), verdict));
    report("our client, Debian's server", &rows);
}

/// The log line of the test that ended last.
fn told_by_ours(server: &MeasurementServer, before: usize) -> Result<Value, String> {
    let begun = Instant::now();
    loop {
        let log = server.process.log();
        let ended = log.lines().filter(|line| line.contains("iperf3 test ended"));
        if let Some(line) = ended.skip(before).last() {
            let line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
            return Ok(line["fields"].clone());
        }
        hold(begun.elapsed() < Duration::from_secs(5), || format!("no word of the test in {log}"))?;
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn their_client(port: u16, words: &[&str]) -> Child {
    Command::new("iperf3")
        .args(["-c", "127.0.0.1", "-J", "-p", &port.to_string()])
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("iperf3 starts")
}

fn finish(child: Child) -> Result<Value, String> {
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    match report.get("error") {
        Some(error) => Err(error.to_string()),
        None => Ok(report),
    }
}

fn start_ours(folder: &Path) -> (MeasurementServer, u16) {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let more =
        ["--iperf3", &address, "--log-format", "json", "--capacity-mbit", "10000", "--session-mbit", "1000"];
    let server = MeasurementServer::start(folder, Ipv4Addr::LOCALHOST.into(), &more);
    (server, port)
}

/// Checks their sums against each other and against what our server logged.
fn check_theirs(report: &Value, ours: &Value, words: &[&str]) -> Verdict {
    let (reverse, bidirectional) = (words.contains(&"-R"), words.contains(&"--bidir"));
    let (received, sent) = (number(ours, "/received_bytes")?, number(ours, "/sent_bytes")?);
    let seconds = report.pointer("/end/sum_received/seconds").and_then(Value::as_f64).ok_or("no seconds")?;
    let (they_sent, they_received) =
        (number(report, "/end/sum_sent/bytes")?, number(report, "/end/sum_received/bytes")?);
    // The two ends leave out the same time, but not to the octet.
    let most = if words.contains(&"-O") { they_sent + they_sent / 10 } else { they_sent };
    hold(they_received > 0 && they_received <= most, || format!("{they_received} of {they_sent} received"))?;
    if reverse {
        hold(they_sent == sent, || format!("they say we sent {they_sent}, we say {sent}"))?;
    } else {
        hold(they_received == received, || {
            format!("they say we received {they_received}, we say {received}")
        })?;
    }
    if bidirectional {
        let back = number(report, "/end/sum_sent_bidir_reverse/bytes")?;
        hold(back == sent && sent > 0, || format!("they say we sent {back}, we say {sent}"))?;
    }
    let streams = report.pointer("/end/streams").and_then(Value::as_array).map_or(0, Vec::len);
    let asked = words
        .iter()
        .position(|word| *word == "-P")
        .and_then(|at| words.get(at + 1)?.parse().ok())
        .unwrap_or(1);
    hold(streams == asked * if bidirectional { 2 } else { 1 }, || format!("{streams} streams"))?;
    Ok(gigabits(they_received, seconds))
}

fn check_their_udp(report: &Value, ours: &Value) -> Verdict {
    let (packets, lost) = (number(report, "/end/sum/packets")?, number(report, "/end/sum/lost_packets")?);
    let jitter = report.pointer("/end/sum/jitter_ms").and_then(Value::as_f64).ok_or("no jitter")?;
    hold(packets > 0 && lost * 2 < packets, || format!("{lost} of {packets} lost"))?;
    hold(number(ours, "/received_bytes")? + number(ours, "/sent_bytes")? > 0, || ours.to_string())?;
    Ok(format!("{packets} packets, {lost} lost, jitter {jitter:.3} ms"))
}

#[test]
fn debians_client_completes_every_test_against_our_server() {
    if !can("iperf3", has_program("iperf3")) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (server, port) = start_ours(folder.path());
    let mut rows: Vec<(String, Verdict)> = Vec::new();
    let mut ended = 0;
    let mut play = |name: String, words: &[&str], check: &dyn Fn(&Value, &Value) -> Verdict| {
        let verdict = finish(their_client(port, words)).and_then(|report| {
            let ours = told_by_ours(&server, ended)?;
            check(&report, &ours)
        });
        ended = server.process.log().matches("iperf3 test ended").count();
        rows.push((name, verdict));
    };
    for streams in STREAMS {
        let streams = streams.to_string();
        for (name, mode) in [("forward", None), ("reverse", Some("-R")), ("bidirectional", Some("--bidir"))] {
            let mut words = vec!["-t", "1", "-P", &streams];
            words.extend(mode);
            play(format!("TCP {name} {streams}"), &words, &|theirs, ours| check_theirs(theirs, ours, &words));
        }
    }
    for (name, words) in [
        ("UDP forward 1", &["-u", "-b", "20M", "-l", "1200", "-t", "1"][..]),
        ("UDP reverse 1", &["-u", "-b", "20M", "-l", "1200", "-t", "1", "-R"]),
        (
            "UDP forward 2, 64-bit counters",
            &["-u", "-b", "10M", "-l", "1200", "-t", "1", "-P", "2", "--udp-counters-64bit"],
        ),
        (
            "UDP reverse 2, 64-bit counters",
            &["-u", "-b", "10M", "-l", "1200", "-t", "1", "-P", "2", "-R", "--udp-counters-64bit"],
        ),
        ("UDP bidirectional 1", &["-u", "-b", "10M", "-l", "1200", "-t", "1", "--bidir"]),
    ] {
        play(name.to_owned(), words, &check_their_udp);
    }
    for (name, words) in [
        ("TCP forward, 50 MB", &["-n", "50M"][..]),
        ("TCP reverse, 50 MB", &["-n", "50M", "-R"]),
        ("TCP forward, 400 blocks", &["-k", "400"]),
        ("TCP forward, 1 s omitted", &["-t", "1", "-O", "1"]),
        ("TCP reverse, 1 s omitted", &["-t", "1", "-O", "1", "-R"]),
        ("TCP forward, 100 Mbit/s", &["-t", "1", "-b", "100M"]),
        ("TCP reverse, 100 Mbit/s", &["-t", "1", "-b", "100M", "-R"]),
        ("TCP reverse, window, MSS, no delay", &["-t", "1", "-w", "128K", "-M", "1000", "-N", "-R"]),
        ("TCP reverse, blocks of 1 MiB", &["-t", "1", "-l", "1M", "-R"]),
    ] {
        play(name.to_owned(), words, &|theirs, ours| check_theirs(theirs, ours, words));
    }
    for words in [&["-t", "1", "-C", "reno", "-R"][..], &["-t", "1", "-C", "cubic", "-R"]] {
        play(format!("TCP reverse, {}", words[3]), words, &|theirs, ours| {
            let used = theirs.pointer("/end/sender_tcp_congestion").and_then(Value::as_str);
            hold(used == Some(words[3]), || format!("{used:?}"))?;
            check_theirs(theirs, ours, words)
        });
    }
    // What the server cannot do is refused in words that the client knows.
    let refused = finish(their_client(port, &["-t", "61"]));
    let verdict = match refused {
        Err(error) if error.contains("duration") => Ok(error),
        other => Err(format!("{other:?}")),
    };
    rows.push(("61 s are refused".to_owned(), verdict));
    // Two at once: the reference's server would turn the second one away.
    let begun = Instant::now();
    let both = [their_client(port, &["-t", "1"]), their_client(port, &["-t", "1", "-R"])].map(finish);
    let took = begun.elapsed();
    let verdict = match both {
        [Ok(_), Ok(_)] if took > Duration::from_secs(2) => Ok(format!("one after the other, {took:.1?}")),
        other => Err(format!("{took:?} {other:?}")),
    };
    rows.push(("two at once are queued".to_owned(), verdict));
    report("Debian's client, our server", &rows);
    let log = server.process.log();
    assert!(!log.contains("\"ERROR\"") && !log.contains("\"WARN\""), "{log}");
}
