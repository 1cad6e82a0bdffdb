//! A collector on demonstration data held against its own OpenAPI document: Schemathesis makes requests from the document, right and wrong
//! ones, for as long as it is told, and no answer may be an error of the server's. Half of the time codes, months and days are made up, half
//! of the time they are those of the demonstration, so that what lies behind them is reached.
//!
//! `cargo xtask contract` builds and runs it; what it found is in docs/measurements/contract.md. Limits of requests for one address are lifted,
//! since they would hide what lies behind them: all requests come from here.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use desserte_e2e::{Collector, program};

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
    let data = folder.path().join("collector");
    desserte(&["demo-data", "--out"], &data);
    desserte(&["indicators", "--data"], &data);
    let more = ["--config", config.to_str().unwrap()];
    let mut collector = Collector::start(folder.path(), &data.join("territoire.dst"), &more).await;
    let said = desserte(&["token", "add", "--name", "contract", "--role", "administrator", "--data"], &data);
    let token = said.split_whitespace().find(|word| word.starts_with("desserte_")).expect("a token");

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let usual = fs::read_to_string(root.join("tests/interop/openapi/schemathesis.toml")).unwrap();
    let mut agreed = true;
    for (name, more) in [("made-up", String::new()), ("known", known(&collector).await)] {
        let config = folder.path().join(name).with_extension("toml");
        fs::write(&config, format!("{usual}{more}")).unwrap();
        println!("codes, months and days: {name}");
        agreed &= schemathesis(&options, &root, &config, &collector, token);
    }
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

/// What a command says that ends well.
fn desserte(words: &[&str], data: &Path) -> String {
    let output = Command::new(program("desserte")).args(words).arg(data).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Lines of configuration that name what the demonstration has, operation by operation.
async fn known(collector: &Collector) -> String {
    let departement = collector.json("/api/v1/departements/99").await.unwrap();
    let commune = departement["communes"][0]["commune"]["code"].as_str().unwrap().to_owned();
    let service = collector.json("/api/v1/service").await.unwrap();
    let month = service["month"].as_str().unwrap().to_owned();
    let seals = collector.json("/api/v1/seals").await.unwrap();
    let day = seals["seals"][0]["day"].as_str().unwrap().to_owned();
    [
        ("/api/v1/communes/{code}", "code", &*commune),
        ("/api/v1/contributions/communes/{code}", "code", &*commune),
        ("/api/v1/departements/{code}", "code", "99"),
        ("/api/v1/equity", "mois", &*month),
        ("/api/v1/seals/{day}", "day", &*day),
        ("/api/v1/service", "mois", &*month),
        ("/api/v1/service/communes/{code}", "code", &*commune),
        ("/api/v1/service/departements/{code}", "code", "99"),
        ("/metrics/territoire", "departement", "99"),
    ]
    .map(|(path, name, value)| {
        format!("\n[[operations]]\ninclude-path = \"{path}\"\nparameters = {{ {name} = \"{value}\" }}\n")
    })
    .concat()
}

/// Whether every answer agreed with the document.
fn schemathesis(options: &Options, root: &Path, config: &Path, collector: &Collector, token: &str) -> bool {
    let status = Command::new(&options.schemathesis)
        .arg("--config-file")
        .arg(config)
        .arg("run")
        .arg(root.join("docs/spec/openapi.json"))
        .args(["--url", &format!("http://{}", collector.address)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--max-time", &(options.minutes * 60 / 2).to_string(), "--seed", &options.seed.to_string()])
        .args(["--continue-on-failure", "--report", "json", "--report-dir"])
        .arg(&options.report)
        .env("SCHEMATHESIS_HOOKS", root.join("tests/interop/openapi/hooks.py"))
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
