//! The server, the data directories that stand in it, and probes that send there.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, GUERET, Program, Sender, can, client, free_port, octets, program};
use desserte_model::Record;
use serde_json::Value;

const BUCKET: &str = "histoire";
pub(crate) const SECRET: &str = "clef-qui-ne-doit-pas-se-lire";
/// Longest that anything here may take, on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The server, which ends with the test.
pub(crate) struct Storage {
    port: u16,
    python: OsString,
    client: reqwest::Client,
    _process: Program,
}

impl Storage {
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
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

    /// Two collectors that write one history here, and a probe of the first and two of the second.
    pub(crate) async fn two_collectors(
        &self,
        folder: &Path,
        territory: &Path,
    ) -> ([Collector; 2], [Probe; 3]) {
        let mut collectors = Vec::new();
        for (name, number) in [("une", "collector = 1\n"), ("deux", "collector = 2\n")] {
            let place = folder.join(name);
            self.name_in(&place.join("collector"), number);
            collectors.push(Collector::start(&place, territory, &["--flush-every", "1"]).await);
        }
        let [one, two] = <[Collector; 2]>::try_from(collectors).unwrap();
        let probes = [Probe::of(&one, 1), Probe::of(&two, 2), Probe::of(&two, 3)];
        ([one, two], probes)
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets the next requests that put an object, or for `delay` read a table's file, suffer.
    pub(crate) async fn fault(&self, kind: &str, count: usize) {
        self.control(&format!("{kind}/{count}")).await;
    }

    pub(crate) async fn control(&self, words: &str) {
        let url = format!("{}/.faults/{words}", self.endpoint());
        self.client.post(url).send().await.unwrap().error_for_status().unwrap();
    }

    /// Holds the request that puts an object after `step` others have.
    pub(crate) async fn hold(&self, step: usize) {
        self.fault("skip", step).await;
        self.fault("hold", 1).await;
    }

    pub(crate) async fn wait_until_held(&self, collector: &Collector) {
        let begun = Instant::now();
        while self.left("holding").await == 0 {
            assert!(begun.elapsed() < PATIENCE, "nothing is handed over: {}", collector.process.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many are still to suffer.
    pub(crate) async fn left(&self, kind: &str) -> usize {
        let url = format!("{}/.faults/{kind}", self.endpoint());
        self.client.get(url).send().await.unwrap().text().await.unwrap().parse().unwrap()
    }

    /// What a data directory needs to know, before a collector runs on it.
    pub(crate) fn name_in(&self, data: &Path, more: &str) {
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
    pub(crate) fn read(&self, table: &str) -> Value {
        let mut command = script(&self.python, "read.py");
        command.args([&self.endpoint(), &format!("s3://{BUCKET}/creuse/1"), table]);
        let told: Value = serde_json::from_str(&run(&mut command)).unwrap();
        told[table].clone()
    }
}

/// The access key of a data directory: the server does not look at keys, but faults can be meant for one.
pub(crate) fn key(data: &Path) -> String {
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

pub(crate) fn desserte(data: &Path, words: &[&str]) -> String {
    run(Command::new(program("desserte")).args(words).arg("--data").arg(data))
}

fn ask(data: &Path, what: &str, table: &str) -> u64 {
    let sql = format!("SELECT {what} AS n FROM {table}");
    desserte(data, &["query", &sql, "--format", "csv"]).lines().nth(1).unwrap().parse().unwrap()
}

/// A probe that sends to a collector, and what was acknowledged to it.
pub(crate) struct Probe {
    pub(crate) sender: Sender,
    base: String,
    acknowledged: u64,
    sequences: u64,
}

impl Probe {
    pub(crate) fn of(collector: &Collector, seed: u8) -> Self {
        let sender = Sender::new(seed);
        collector.register(&sender.key.public().to_string(), &format!("mairie {seed}"));
        Self { sender, base: format!("http://{}", collector.address), acknowledged: 0, sequences: 0 }
    }

    pub(crate) async fn send(&mut self, records: u64) {
        let made: Vec<_> = (0..records).map(|_| self.sender.minute(GUERET)).collect();
        self.send_made(&made).await;
    }

    pub(crate) async fn send_made(&mut self, made: &[Record]) {
        let lines: Vec<_> = made.iter().map(octets).collect();
        let receipt = self.sender.send(&self.base, &lines).await.unwrap().receipt();
        assert_eq!(receipt.accepted, made.len() as u64, "{receipt:?}");
        self.acknowledged += receipt.accepted;
        self.sequences += made.iter().map(|record| record.sequence).sum::<u64>();
    }

    /// Sends to another collector from now on.
    pub(crate) fn move_to(&mut self, collector: &Collector) {
        self.base = format!("http://{}", collector.address);
    }
}

/// Waits until every record is in the tables, as an independent reader finds them.
pub(crate) async fn all_are_there(storage: &Storage, probes: &[&Probe]) {
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
pub(crate) fn answers(data: &Path, probes: &[&Probe]) {
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
