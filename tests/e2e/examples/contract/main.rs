//! A collector held against its own OpenAPI document: Schemathesis makes requests from the document, right and wrong ones, for as long as
//! it is told, and no answer may be an error of the server's.
//!
//! `cargo xtask contract` builds and runs it; what it found is in docs/measurements/contract.md. Limits of requests for one address are lifted,
//! since they would hide what lies behind them: all requests come from here.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use desserte_e2e::{Collector, GUERET, Sender, octets, program, territory};

/// What would be refused for coming too often, and servers for the answer that names some.
const CONFIG: &str = r#"
[locate]
requests_per_address = 4000000000

[[locate.servers]]
machine = "essai-1"
wss = "wss://mesure.example"

[contributions]
requests_per_address = 0

[enrolment]
refused_per_address = 0

[publication]
demonstration = true
"#;

struct Options {
    minutes: u64,
    seed: u64,
    schemathesis: PathBuf,
    report: PathBuf,
}

impl Options {
    fn read() -> Self {
        let mut options =
            Self { minutes: 30, seed: 1, schemathesis: "schemathesis".into(), report: std::env::temp_dir() };
        let words: Vec<String> = std::env::args().skip(1).collect();
        for pair in words.chunks(2) {
            let [name, value] = pair else { panic!("{} has no value", pair[0]) };
            match name.as_str() {
                "--minutes" => options.minutes = value.parse().unwrap(),
                "--seed" => options.seed = value.parse().unwrap(),
                "--schemathesis" => options.schemathesis = value.into(),
                "--report" => options.report = value.into(),
                _ => panic!("{name} is not known; --minutes, --seed, --report and --schemathesis are"),
            }
        }
        options
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::read();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("collector.toml");
    fs::write(&config, CONFIG).unwrap();
    let more = ["--config", config.to_str().unwrap()];
    let mut collector = Collector::start(folder.path(), &territory(folder.path()), &more).await;
    fill(&collector).await;
    let token = token(&collector);

    let agreed = schemathesis(&options, &collector, &token);
    let metrics = collector.get("/metrics").await.unwrap();
    let errors = errors(&metrics);
    println!("answers that were errors of the server's, by its own count: {errors:?}");
    let memory = fs::read_to_string(format!("/proc/{}/status", collector.process.id())).unwrap();
    println!("{}", memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    assert!(collector.get("/readyz").await.is_ok(), "{}", collector.process.log());
    assert!(collector.process.terminate().success());
    let panicked = collector.process.log().contains("panicked");
    assert!(!panicked, "{}", collector.process.log());
    if agreed && errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A few probes with an hour of minutes each, so that there are figures to ask for.
async fn fill(collector: &Collector) {
    let base = format!("http://{}", collector.address);
    for seed in 1..=3 {
        let mut probe = Sender::new(seed);
        collector.register(&probe.key.public().to_string(), &format!("sonde {seed}"));
        let lines: Vec<Vec<u8>> = (0..60).map(|_| octets(&probe.minute(GUERET))).collect();
        assert_eq!(probe.send(&base, &lines).await.unwrap().status, 200);
    }
}

/// The token of an administrator.
fn token(collector: &Collector) -> String {
    let output = Command::new(program("desserte"))
        .args(["token", "add", "--name", "contract", "--role", "administrator", "--data"])
        .arg(&collector.data)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.split_whitespace().find(|word| word.starts_with("desserte_")).expect("a token").to_owned()
}

/// Whether every answer agreed with the document.
fn schemathesis(options: &Options, collector: &Collector, token: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let own = root.join("tests/interop/openapi");
    let status = Command::new(&options.schemathesis)
        .arg("--config-file")
        .arg(own.join("schemathesis.toml"))
        .arg("run")
        .arg(root.join("docs/spec/openapi.json"))
        .args(["--url", &format!("http://{}", collector.address)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--max-time", &(options.minutes * 60).to_string(), "--seed", &options.seed.to_string()])
        .args(["--continue-on-failure", "--report", "json", "--report-dir"])
        .arg(&options.report)
        .env("SCHEMATHESIS_HOOKS", own.join("hooks.py"))
        .current_dir(&options.report)
        .status()
        .expect("schemathesis starts");
    status.success()
}

/// The collector's own counters of answers from 500 on.
fn errors(metrics: &str) -> Vec<&str> {
    let counted =
        |line: &&str| line.starts_with("desserte_http_requests_total") && line.contains("status=\"5");
    metrics.lines().filter(counted).collect()
}
