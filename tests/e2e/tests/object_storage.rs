//! A history in an S3-compatible object store (moto's server, tests/interop/s3): real collectors, a real server, an independent reader.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, GUERET, Program, Sender, can, client, free_port, octets, program, territory};
use serde_json::Value;

const BUCKET: &str = "histoire";
const SECRET: &str = "clef-qui-ne-doit-pas-se-lire";
/// Longest that anything here may take, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// The server, which ends with the test.
struct Storage {
    port: u16,
    python: OsString,
    client: reqwest::Client,
    _process: Program,
}

impl Storage {
    async fn start(folder: &Path) -> Option<Self> {
        let python = std::env::var_os("DESSERTE_READERS_PYTHON");
        if !can("the Python environment for readers that `cargo xtask test` makes", python.is_some()) {
            return None;
        }
        let (python, port) = (python?, free_port());
        let mut command = script(&python, "server.py");
        command.args([&port.to_string(), BUCKET]);
        let mut process = Program::start(&mut command, &folder.join("s3.log"));
        let begun = Instant::now();
        while !process.log().contains("ready") {
            assert!(process.runs() && begun.elapsed() < PATIENCE, "no server: {}", process.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(Self { port, python, client: client(), _process: process })
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets the next requests that put an object suffer.
    async fn fault(&self, kind: &str, count: usize) {
        self.control(&format!("{kind}/{count}")).await;
    }

    async fn control(&self, words: &str) {
        let url = format!("{}/.faults/{words}", self.endpoint());
        self.client.post(url).send().await.unwrap().error_for_status().unwrap();
    }

    /// Holds the request that puts an object after `step` others have.
    async fn hold(&self, step: usize) {
        self.fault("skip", step).await;
        self.fault("hold", 1).await;
    }

    async fn wait_until_held(&self, collector: &Collector) {
        let begun = Instant::now();
        while self.left("holding").await == 0 {
            assert!(begun.elapsed() < PATIENCE, "nothing is handed over: {}", collector.process.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many are still to suffer.
    async fn left(&self, kind: &str) -> usize {
        let url = format!("{}/.faults/{kind}", self.endpoint());
        self.client.get(url).send().await.unwrap().text().await.unwrap().parse().unwrap()
    }

    /// What a data directory needs to know, before a collector runs on it.
    fn name_in(&self, data: &Path, more: &str) {
        std::fs::create_dir_all(data).unwrap();
        std::fs::write(data.join("key"), key(data)).unwrap();
        std::fs::write(data.join("secret"), SECRET).unwrap();
        let text = format!(
            "url = \"s3://{BUCKET}/creuse\"\nendpoint = \"{}\"\nallow_http = true\naccess_key_id_file = \"key\"\n\
             secret_access_key_file = \"secret\"\nretry_seconds = 5\n{more}",
            self.endpoint()
        );
        std::fs::write(data.join("history.toml"), text).unwrap();
    }

    /// What an independent reader finds in a table of the first generation.
    fn read(&self, table: &str) -> Value {
        let mut command = script(&self.python, "read.py");
        command.args([&self.endpoint(), &format!("s3://{BUCKET}/creuse/1"), table]);
        let told: Value = serde_json::from_str(&run(&mut command)).unwrap();
        told[table].clone()
    }
}

/// The access key of a data directory: the server does not look at keys, but faults can be meant for one.
fn key(data: &Path) -> String {
    let folder = data.parent().and_then(Path::file_name).unwrap().to_string_lossy();
    format!("AKIA{}", folder.replace(|letter: char| !letter.is_ascii_alphanumeric(), ""))
}

fn script(python: &OsString, name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/s3");
    let mut command = Command::new(python);
    command.arg(folder.join(name)).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn desserte(data: &Path, words: &[&str]) -> String {
    run(Command::new(program("desserte")).args(words).arg("--data").arg(data))
}

fn ask(data: &Path, what: &str, table: &str) -> u64 {
    let sql = format!("SELECT {what} AS n FROM {table}");
    desserte(data, &["query", &sql, "--format", "csv"]).lines().nth(1).unwrap().parse().unwrap()
}

/// A probe that sends to a collector, and what was acknowledged to it.
struct Probe {
    sender: Sender,
    base: String,
    acknowledged: u64,
    sequences: u64,
}

impl Probe {
    fn of(collector: &Collector, seed: u8) -> Self {
        let sender = Sender::new(seed);
        collector.register(&sender.key.public().to_string(), &format!("mairie {seed}"));
        Self { sender, base: format!("http://{}", collector.address), acknowledged: 0, sequences: 0 }
    }

    async fn send(&mut self, records: u64) {
        let made: Vec<_> = (0..records).map(|_| self.sender.minute(GUERET)).collect();
        let lines: Vec<_> = made.iter().map(octets).collect();
        let receipt = self.sender.send(&self.base, &lines).await.unwrap().receipt();
        assert_eq!(receipt.accepted, records, "{receipt:?}");
        self.acknowledged += records;
        self.sequences += made.iter().map(|record| record.sequence).sum::<u64>();
    }
}

/// Waits until every record is in the tables, as an independent reader finds them.
async fn all_are_there(storage: &Storage, probes: &[&Probe]) {
    let begun = Instant::now();
    let acknowledged: u64 = probes.iter().map(|probe| probe.acknowledged).sum();
    loop {
        let found = storage.read("custody");
        if found["rows"].as_u64() >= Some(acknowledged) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{acknowledged} acknowledged, {found}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let sequences: u64 = probes.iter().map(|probe| probe.sequences).sum();
    for table in ["custody", "latency_minute"] {
        let found = storage.read(table);
        for what in ["rows", "records", "numbers"] {
            assert_eq!(found[what].as_u64(), Some(acknowledged), "{table} {what}: {found}");
        }
        assert_eq!(found["sequence"].as_u64(), Some(sequences), "{table}: {found}");
    }
}

/// The same from a collector's own tables, with nothing wrong in any of them.
fn answers(data: &Path, probes: &[&Probe]) {
    let acknowledged: u64 = probes.iter().map(|probe| probe.acknowledged).sum();
    let sequences: u64 = probes.iter().map(|probe| probe.sequences).sum();
    for table in ["custody", "latency_minute"] {
        assert_eq!(ask(data, "count(*)", table), acknowledged, "{table}");
        assert_eq!(ask(data, "count(DISTINCT handover)", table), acknowledged, "{table}");
        assert_eq!(ask(data, "sum(sequence)", table), sequences, "{table}");
    }
    assert_eq!(ask(data, "sum(minutes)", "commune_day"), acknowledged);
    let checked = desserte(data, &["lake", "check"]);
    assert!(checked.contains("latency_minute"), "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_killed_while_it_hands_over_to_an_object_store_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(storage) = Storage::start(folder.path()).await else { return };
    let data = folder.path().join("collector");
    storage.name_in(&data, "");
    let territory = territory(folder.path());
    let mut collector = Collector::start(folder.path(), &territory, &["--flush-every", "1"]).await;
    let mut probe = Probe::of(&collector, 1);
    probe.send(5).await;
    all_are_there(&storage, &[&probe]).await;

    // Ended while the storage holds what it was sent, and carries it out when nobody waits for it any more: each file and each entry of
    // a log in turn.
    for step in 0..4 {
        storage.hold(step).await;
        probe.send(5).await;
        storage.wait_until_held(&collector).await;
        collector.process.kill();
        collector.restart().await;
        probe.send(5).await;
        all_are_there(&storage, &[&probe]).await;
    }

    // Carried out and answered as if not, then not carried out: more than a client repeats by itself.
    for (kind, count) in [("lose", 3), ("refuse", 40)] {
        probe.send(5).await;
        storage.fault(kind, count).await;
        probe.send(5).await;
        let begun = Instant::now();
        while storage.left(kind).await > 0 {
            assert!(begun.elapsed() < PATIENCE, "{}", collector.process.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        all_are_there(&storage, &[&probe]).await;
    }
    let log = collector.process.log();
    assert!(
        log.contains("the history was not kept; trying again") && log.contains("nothing is lost"),
        "{log}"
    );
    assert!(log.contains("s3://histoire/creuse/1/") && !log.contains(SECRET), "{log}");

    answers(&data, &[&probe]);
    assert!(desserte(&data, &["lake", "rollup"]).contains("days computed"));
    assert!(desserte(&data, &["lake", "compact"]).contains("small files became"));
    answers(&data, &[&probe]);
    assert!(!data.join("lake").exists(), "nothing of it on this machine");

    // A backup says where the rest is.
    let copy = folder.path().join("copy");
    let told = Command::new(program("desserte"))
        .args(["backup", "--data"])
        .arg(&data)
        .arg("--out")
        .arg(&copy)
        .output()
        .unwrap();
    assert!(told.status.success(), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stderr).contains("s3://histoire/creuse/1"), "{told:?}");
    assert!(copy.join("history.toml").is_file() && !copy.join("lake").exists());
    assert!(collector.process.terminate().success());
    answers(&data, &[&probe]);
}

/// Everything that an answer says, in an order of its own.
fn whole(data: &Path) -> String {
    let sql =
        "SELECT probe, sequence, state, rtt_median_us, month FROM latency_minute ORDER BY probe, sequence";
    desserte(data, &["query", sql, "--format", "csv"])
}

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_write_one_history_and_one_is_killed_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let Some(storage) = Storage::start(folder.path()).await else { return };
    let territory = territory(folder.path());
    let mut collectors = Vec::new();
    for (name, number) in [("une", "collector = 1\n"), ("deux", "collector = 2\n")] {
        let place = folder.path().join(name);
        storage.name_in(&place.join("collector"), number);
        collectors.push(Collector::start(&place, &territory, &["--flush-every", "1"]).await);
    }
    let [mut one, two] = <[Collector; 2]>::try_from(collectors).unwrap();
    let mut probes = [Probe::of(&one, 1), Probe::of(&two, 2), Probe::of(&two, 3)];
    storage.control(&format!("of/{}", key(&one.data))).await;
    for step in 0..4 {
        storage.hold(step).await;
        for probe in &mut probes {
            probe.send(5).await;
        }
        storage.wait_until_held(&one).await;
        one.process.kill();
        // The other goes on, into the same tables.
        for probe in &mut probes[1..] {
            probe.send(3).await;
        }
        one.restart().await;
        probes[0].send(2).await;
    }
    all_are_there(&storage, &probes.each_ref()).await;
    for collector in [&one, &two] {
        answers(&collector.data, &probes.each_ref());
    }
    assert_eq!(whole(&one.data), whole(&two.data));

    // Upkeep by either, and the same again.
    assert!(desserte(&two.data, &["lake", "compact"]).contains("small files became"));
    assert!(desserte(&one.data, &["lake", "rollup"]).contains("up to number"));
    for collector in [&one, &two] {
        answers(&collector.data, &probes.each_ref());
    }
    assert_eq!(whole(&one.data), whole(&two.data));

    // A probe belongs to one of them: its batch is no batch at the other, and it cannot be made known there by mistake.
    let lines = [octets(&probes[0].sender.minute(GUERET))];
    let answer = probes[0].sender.send(&format!("http://{}", two.address), &lines).await.unwrap();
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let public = probes[0].sender.key.public().to_string();
    for (words, expected) in [
        (vec!["probe", "add", "--public-key", &public, "--name", "mairie"], "belongs to collector 1"),
        (vec!["rebuild"], "1 other collectors write s3://histoire/creuse"),
    ] {
        let told =
            Command::new(program("desserte")).args(words).arg("--data").arg(&two.data).output().unwrap();
        let text = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(!told.status.success() && text.contains(expected), "{text}");
    }
}
