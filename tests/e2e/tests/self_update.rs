//! A probe keeps its program up to date against a real collector: a release that works is kept, one that ends and one that is never
//! acknowledged are undone, and a loss of power in the middle of a trial is survived.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use desserte_e2e::{
    Agent, AgentPlan, Collector, GUERET, MeasurementServer, PACKAGED, Program, Publisher, SERVE_OVER_TLS,
    can, certificate, free_port, has_program, is_root, program, territory, update_python,
};
use serde_json::Value;

/// Seconds until a new program must show that it runs, and until it must have been acknowledged: less than by default, and still enough
/// for a machine with other work.
const COME_UP_S: u64 = 30;
const ACKNOWLEDGED_S: u64 = 45;

/// How often the updater is killed.
const KILLS: u32 = 16;

/// How long a bad release may stay once it can be judged.
const ROLLBACK_MAX: Duration = Duration::from_secs(120);

/// Whoever starts the probe on a real machine: starts it anew when it ended, and when the file `switch` changed.
struct Supervisor {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    fn start(bench: &Bench) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, switch, log) =
            (Arc::clone(&stop), bench.state.join("switch"), bench.folder.join("probe.log"));
        let (configuration, probe) = (bench.configuration.clone(), bench.agent.configuration.clone());
        let thread = std::thread::spawn(move || {
            let start = || {
                let mut command = Command::new(program("desserte-update"));
                command.args(["exec", "--config"]).arg(&configuration);
                command.args(["--", "run", "--config"]).arg(&probe);
                Program::start(&mut command, &log)
            };
            let read = || fs::read(&switch).unwrap_or_default();
            let (mut known, mut running) = (read(), start());
            while !told.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                let now = read();
                if now != known {
                    known = now;
                    if running.runs() {
                        running.terminate();
                    }
                    running = start();
                } else if !running.runs() {
                    std::thread::sleep(Duration::from_secs(1));
                    running = start();
                }
            }
            running.kill();
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Supervisor {
    /// Ends it as a loss of power would.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A probe that is kept up to date, and the publisher of its releases.
struct Bench {
    folder: PathBuf,
    publisher: Publisher,
    agent: Agent,
    configuration: PathBuf,
    /// The updater's folder.
    state: PathBuf,
    _web: Program,
}

impl Bench {
    fn new(folder: &Path, agent: Agent) -> Self {
        let state = folder.join("update");
        fs::create_dir_all(&state).unwrap();
        let publisher = Publisher::new(folder);
        let repository = publisher.repository();
        let port = free_port();
        let certificate = certificate(folder, "127.0.0.1");
        let web = Program::start(
            Command::new(update_python().unwrap())
                .args(["-c", SERVE_OVER_TLS])
                .arg(&repository)
                .arg(port.to_string())
                .args([&certificate.server, &certificate.key]),
            &folder.join("web.log"),
        );
        let configuration = folder.join("update.toml");
        let text = format!(
            "repository = \"https://127.0.0.1:{port}/\"\nca_file = \"{}\"\ntrusted_root = \"{}\"\nstate_dir = \"{}\"\n[probe]\nprogram = \"{}\"\n\
             config = \"{}\"\nstate_dir = \"{}\"\n[trial]\ncome_up_s = {COME_UP_S}\nsteady_s = 3\nacknowledged_s = {ACKNOWLEDGED_S}\n\
             [data]\nmegabytes = 1000\n",
            certificate.authority,
            repository.join("metadata/1.root.json").display(),
            state.display(),
            publisher.packaged().display(),
            agent.configuration.display(),
            folder.join("mairie-state").display(),
        );
        fs::write(&configuration, text).unwrap();
        Self { folder: folder.to_owned(), publisher, agent, configuration, state, _web: web }
    }

    fn update(&self, command: &str) -> Command {
        let mut update = Command::new(program("desserte-update"));
        update.args([command, "--lang", "en", "--config"]).arg(&self.configuration);
        update
    }

    /// What a command says, and how it ended.
    fn said(&self, command: &str) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.update(command).output().unwrap();
        let text = [stdout, stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
        (status.code(), text)
    }

    /// What the probe shows of itself.
    fn seen(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.folder.join("mairie-state/status.json")).ok()?).ok()
    }

    /// Waits until a version runs and has been acknowledged since it started.
    fn wait_for(&self, version: &str) {
        let begun = Instant::now();
        let works = |seen: &Value| {
            let at = |moment: &Value| moment["monotonic_us"].as_u64();
            seen["version"] == version && at(&seen["reports"]["last_success"]) > at(&seen["started"])
        };
        while !self.seen().is_some_and(|seen| works(&seen)) {
            let log = || fs::read_to_string(self.folder.join("probe.log")).unwrap_or_default();
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{version} does not work: {:?}\n{}",
                self.seen(),
                log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn kept(&self) -> Value {
        serde_json::from_slice(&fs::read(self.state.join("state.json")).unwrap()).unwrap()
    }
}

fn ready() -> bool {
    can("python-tuf", update_python().is_some())
        && can("strip and openssl", has_program("strip") && has_program("openssl"))
}

async fn start(folder: &Path) -> (Collector, MeasurementServer, Bench) {
    let server = MeasurementServer::start(folder, "127.0.0.1".parse().unwrap(), &[]);
    let collector = Collector::start(folder, &territory(folder), &[]).await;
    let agent = Agent::new(
        folder,
        "mairie",
        &AgentPlan {
            collector: &format!("http://{}", collector.address),
            server: &format!("ws://{}", server.address),
            targets: ["127.0.0.1".to_owned(), "127.0.0.2".to_owned()],
            more: "[latency]\nwindow_s = 0.5\n[upload]\nevery_s = 0.5\n[schedule]\nevery_s = 3600.0\n",
            top: "",
            place: GUERET,
        },
    );
    collector.register(&agent.public_key, "mairie");
    (collector, server, Bench::new(folder, agent))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_works_is_kept_and_those_that_do_not_are_undone() {
    if !ready() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (collector, _server, bench) = start(folder.path()).await;
    let supervisor = Supervisor::start(&bench);
    bench.wait_for(PACKAGED);

    // Nothing is listed; then a release that works, at first halted.
    assert_eq!(bench.said("apply"), (Some(0), "The program of the probe is up to date.\n".to_owned()));
    bench.publisher.add(&bench.publisher.real("0.1.1"), "0.1.1", "0");
    let (code, said) = bench.said("apply");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("halted"), "{said}");
    bench.publisher.publish(&["share", "--version", "0.1.1", "--share", "1000"]);
    let (code, said) = bench.said("apply");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Version 0.1.1 is in service"), "{said}");
    bench.wait_for("0.1.1");

    // One that ends as soon as it runs.
    bench.publisher.add(&bench.publisher.script("0.1.2", "exit 1"), "0.1.2", "1000");
    let begun = Instant::now();
    let (code, said) = bench.said("apply");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("did not come up"), "{said}");
    bench.wait_for("0.1.1");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(COME_UP_S) + ROLLBACK_MAX, "{took:?}");
    println!(
        "a release that ends was undone and the earlier one acknowledged {took:?} after it was asked for ({COME_UP_S} s of patience)"
    );
    assert!(bench.said("apply").1.contains("not taken again"), "it is not tried twice");

    // One that runs and whose records reach nobody.
    let mute = bench.publisher.real("0.1.3");
    let mute = bench.publisher.script(
        "0.1.3",
        &format!("shift; exec {} run --collector http://127.0.0.1:9 \"$@\"", mute.display()),
    );
    bench.publisher.add(&mute, "0.1.3", "1000");
    let begun = Instant::now();
    let (code, said) = bench.said("apply");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("acknowledged none"), "{said}");
    bench.wait_for("0.1.1");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(ACKNOWLEDGED_S) + ROLLBACK_MAX, "{took:?}");
    println!(
        "one that is never acknowledged was undone and the earlier one acknowledged {took:?} after it was asked for ({ACKNOWLEDGED_S} s of patience)"
    );

    // One for another processor under this one's name: it cannot even be asked for its version.
    let mut foreign = fs::read(bench.publisher.packaged()).unwrap();
    foreign[18] ^= 0xff;
    bench.publisher.add(&bench.publisher.written("foreign", &foreign), "0.1.4", "1000");
    let (code, said) = bench.said("apply");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("does not start on this machine"), "{said}");

    // The power goes in the middle of a trial: the updater and the probe end at once, and another boot begins.
    bench.publisher.add(&bench.publisher.real("0.1.5"), "0.1.5", "1000");
    let mut update = Program::start(&mut bench.update("apply"), &folder.path().join("update.log"));
    while bench.kept()["trial"].is_null() {
        assert!(update.runs(), "{}", update.log());
        std::thread::sleep(Duration::from_millis(10));
    }
    update.kill();
    drop(supervisor);
    let mut kept = bench.kept();
    kept["trial"]["since"]["boot"] = "00000000-0000-4000-8000-000000000000".into();
    fs::write(bench.state.join("state.json"), kept.to_string()).unwrap();
    let _supervisor = Supervisor::start(&bench);
    bench.wait_for("0.1.1");
    let (code, said) = bench.said("apply");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Version 0.1.5 is in service"), "{said}");

    // The updater is killed again and again, wherever it is: what the service would start is always a whole program.
    bench.publisher.add(&bench.publisher.real("0.1.6"), "0.1.6", "1000");
    let mut started: Vec<String> = Vec::new();
    for round in 0..KILLS {
        let mut update = Program::start(&mut bench.update("apply"), &folder.path().join("update.log"));
        std::thread::sleep(Duration::from_millis(20 + u64::from(round * 1370 % 5000)));
        update.kill();
        let output = Command::new(program("desserte-update"))
            .args(["exec", "--config"])
            .arg(&bench.configuration)
            .args(["--", "--version"])
            .output()
            .unwrap();
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(["desserte-probe 0.1.5", "desserte-probe 0.1.6"].contains(&version.as_str()), "{version}");
        started.push(version);
    }
    started.dedup();
    println!("after each of {KILLS} kills one of these started: {started:?}");
    let (_, said) = bench.said("apply");
    // On a slow machine a round may have ended the trial before its kill.
    let kept = said.contains("0.1.6 is in service") || said.contains("is up to date");
    // A trial that is cut short three times is given up.
    assert!(kept || said.contains("cut short too often") || said.contains("not taken again"), "{said}");
    bench.wait_for(if kept { "0.1.6" } else { "0.1.5" });

    // The collector knows which program each record came from.
    let status = bench.said("status").1;
    assert!(
        status.contains("In service: version 0.1.") && status.contains("Refused: version 0.1.2"),
        "{status}"
    );
    println!("{status}");
    let store = rusqlite::Connection::open_with_flags(
        collector.data.join("collector.sqlite"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .unwrap();
    let mut select = store.prepare("SELECT sequence, line FROM record ORDER BY sequence, no").unwrap();
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    let mut versions: Vec<String> = Vec::new();
    for (expected, row) in (0_i64..).zip(rows) {
        let (sequence, line) = row.unwrap();
        assert_eq!(sequence, expected, "a gap or a double in the chain over the updates");
        let record: Value = serde_json::from_slice(&line).unwrap();
        let version = record["software"]["version"].as_str().unwrap_or_default().to_owned();
        if versions.last() != Some(&version) {
            versions.push(version);
        }
    }
    assert!(versions.first().is_some_and(|version| version == PACKAGED), "{versions:?}");
    assert!(versions.iter().any(|version| version == "0.1.5"), "{versions:?}");
    println!("versions in the order of the chain: {versions:?}");

    // A person goes back.
    let (code, said) = bench.said("rollback");
    assert_eq!(code, Some(0), "{said}");
    bench.wait_for(PACKAGED);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_a_program_the_probe_goes_on_and_it_is_said() {
    if !ready() || !can("root", is_root()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_collector, _server, bench) = start(folder.path()).await;
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "none"])
        .arg(&bench.state)
        .status()
        .unwrap();
    assert!(mount.success());
    let supervisor = Supervisor::start(&bench);
    bench.wait_for(PACKAGED);
    bench.publisher.add(&bench.publisher.real("0.1.1"), "0.1.1", "1000");
    let (code, said) = bench.said("apply");
    let full = (code, said.contains("No space left"));
    bench.wait_for(PACKAGED);
    let parts = fs::read_dir(bench.state.join("versions/0.1.1")).map_or(0, Iterator::count);
    drop(supervisor);
    let _ = Command::new("umount").arg(&bench.state).status();
    assert_eq!(full, (Some(1), true), "{said}");
    assert_eq!(parts, 0, "a part of the program is left on the full disk");
}

#[test]
fn a_list_of_releases_is_given_out_when_two_have_signed_it() {
    if !ready() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::new(folder.path());
    // Each in other hands.
    let hands = |name: &str, keys: &[&str]| {
        let hands = folder.path().join(name);
        fs::create_dir(&hands).unwrap();
        for key in keys {
            fs::copy(publisher.keys().join(key), hands.join(key)).unwrap();
        }
        hands
    };
    let (one, two) = (hands("one", &["targets-1.pem"]), hands("two", &["targets-2.pem"]));
    let machine = hands("machine", &["snapshot-1.pem", "timestamp-1.pem"]);
    let said = |keys: &Path, words: &[&str]| {
        let output = publisher.publish_with(keys, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {said}");
        said
    };
    let listed = |snapshot: u32| -> Value {
        let file = publisher.repository().join(format!("metadata/{snapshot}.snapshot.json"));
        let snapshot: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        snapshot["signed"]["meta"]["targets.json"]["version"].clone()
    };
    let program = publisher.script("0.1.1", "exit 1");
    said(&one, &Publisher::adding(&program, "0.1.1", "10"));
    // What one has signed waits, and the list of before goes on being given out.
    let waits = said(&machine, &["refresh"]);
    assert!(waits.contains("1 of 2 signatures"), "{waits}");
    assert_eq!(listed(2), 1);
    said(&two, &["sign", "--role", "targets"]);
    assert_eq!(said(&machine, &["refresh"]), "");
    assert_eq!(listed(3), 2);
}
