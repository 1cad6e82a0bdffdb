//! From nothing to an active probe by what the screen says, and everything that may go wrong with a code, with the real programs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells what it measured"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, MeasurementServer, Program, free_port, program, territory};

/// Guéret.
const PLACE: &str = "1.8705,46.1585";

struct Bench {
    folder: tempfile::TempDir,
    collector: Collector,
}

/// What a command said, and its code.
struct Said {
    out: String,
    err: String,
    code: i32,
}

fn said(output: &Output) -> Said {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Said { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code().unwrap_or(-1) }
}

fn desserte(words: &[&str], data: &Path) -> Said {
    said(
        &Command::new(program("desserte"))
            .args(words)
            .arg("--data")
            .arg(data)
            .output()
            .expect("desserte starts"),
    )
}

impl Bench {
    async fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("collector.toml");
        std::fs::write(&path, config).unwrap();
        let territory = territory(folder.path());
        let more = ["--config", path.to_str().unwrap()];
        let collector = Collector::start(folder.path(), &territory, &more).await;
        Self { folder, collector }
    }

    fn base(&self) -> String {
        format!("http://{}", self.collector.address)
    }

    /// Makes a code and gives the address on the sheet.
    fn invite(&self, more: &[&str]) -> String {
        let base = self.base();
        let mut words =
            vec!["probe", "invite", "--name", "Mairie de Guéret", "--commune", "23096", "--collector", &base];
        words.extend(["--position", PLACE]);
        words.extend(more);
        let sheet = desserte(&words, &self.collector.data);
        assert_eq!(sheet.code, 0, "{}", sheet.err);
        sheet.out.split('\'').nth(1).unwrap_or_else(|| panic!("no address in {}", sheet.out)).to_owned()
    }

    fn probe(&self, name: &str) -> Probe {
        let path = |what: &str| self.folder.path().join(format!("{name}-{what}"));
        Probe { configuration: path("probe.toml"), state: path("state") }
    }

    /// The column `state` of a probe in `desserte probe list`.
    fn state(&self, probe: &str) -> String {
        let listed = desserte(&["probe", "list"], &self.collector.data).out;
        let line = listed.lines().find(|line| line.starts_with(probe)).unwrap_or_else(|| panic!("{listed}"));
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    fn audit(&self) -> String {
        desserte(&["audit"], &self.collector.data).out
    }

    fn probes(&self) -> usize {
        let listed = desserte(&["probe", "list"], &self.collector.data).out;
        listed.lines().filter(|line| line.contains("  waiting  ") || line.contains("  active  ")).count()
    }
}

/// A probe with files of its own.
struct Probe {
    configuration: PathBuf,
    state: PathBuf,
}

impl Probe {
    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(program("desserte-probe"));
        command
            .arg(what)
            .arg("--config")
            .arg(&self.configuration)
            .env("LANG", "fr_FR.UTF-8")
            .env_remove("LC_ALL");
        command.arg("--state-dir").arg(&self.state);
        command
    }

    fn enrol(&self, code: &str, more: &[&str]) -> Said {
        said(
            &self
                .command("enrol")
                .arg(code)
                .args(more)
                .stdin(Stdio::null())
                .output()
                .expect("desserte-probe starts"),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_leads_from_nothing_to_an_active_probe_without_editing_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = MeasurementServer::start(folder.path(), "127.0.0.1".parse().unwrap(), &[]);
    let targets = "[[enrolment.targets]]\nid = \"proche\"\nhost = \"127.0.0.1\"\n[[enrolment.targets]]\nid = \"loin\"\n\
                   host = \"127.0.0.2\"\n";
    let config = format!("[[locate.servers]]\nmachine = \"m\"\nws = \"ws://{}\"\n{targets}", server.address);
    let bench = Bench::start(&config).await;
    let begun = Instant::now();
    let qr = bench.folder.path().join("code.svg");
    // A slip in the position is said before a code is out in the world.
    let territory = bench.folder.path().join("territory.dst");
    let mut slip =
        vec!["probe", "invite", "--name", "Mairie", "--commune", "23096", "--collector", "https://d.example"];
    slip.extend(["--position", "46.1585,1.8705", "--territory", territory.to_str().unwrap()]);
    let refused = desserte(&slip, &bench.collector.data);
    assert_eq!(refused.code, 64, "{}", refused.err);
    assert!(refused.err.contains("no code was made") && refused.out.is_empty(), "{}", refused.err);
    let address = bench.invite(&["--site", "salle du conseil", "--qr", qr.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&qr).unwrap().contains("<svg"));
    assert!(desserte(&["probe", "list"], &bench.collector.data).out.contains("invited"));

    let probe = bench.probe("mairie");
    // A person answers the question.
    let mut child =
        probe.command("enrol").arg(&address).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"oui\n").unwrap();
    let told = said(&child.wait_with_output().unwrap());
    assert_eq!(told.code, 0, "{} {}", told.out, told.err);
    assert!(told.out.contains("Mairie de Guéret, salle du conseil"), "{}", told.out);
    assert!(told.out.contains("23096") && told.out.contains("C’est bien ici ?"), "{}", told.out);
    assert!(told.out.contains("systemctl enable --now"), "nothing is left to fill in: {}", told.out);
    let id = told.out.split_whitespace().find(|word| word.len() == 32).unwrap().to_owned();
    assert_eq!(bench.state(&id), "waiting");

    // For the test: a window and an upload every few seconds instead of minutes.
    let written = std::fs::read_to_string(&probe.configuration).unwrap();
    let checked = said(&probe.command("check-config").output().unwrap());
    assert_eq!(checked.code, 0, "{}", checked.err);
    let quick =
        written.replace("#window_s = 60", "window_s = 2").replace("#every_s = 300.0", "every_s = 1.0");
    let quick = quick.replace("megabytes = 20000", "megabytes = 100000");
    std::fs::write(&probe.configuration, quick).unwrap();
    let mut agent = Program::start(&mut probe.command("run"), &bench.folder.path().join("agent.log"));
    while bench.state(&id) != "active" {
        assert!(begun.elapsed() < Duration::from_secs(90), "not active: {}", agent.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    eprintln!("from the code to an active probe: {:.1} s", begun.elapsed().as_secs_f64());
    assert!(agent.terminate().success(), "{}", agent.log());
    let notes = desserte(&["custody", "notes"], &bench.collector.data).out;
    assert!(notes.contains("install") && notes.contains(&id), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_wrong_used_expired_or_withdrawn_are_refused_in_words() {
    let bench = Bench::start("").await;
    let base = bench.base();
    let check = |probe: &Probe, code: &str, expected: i32, words: &str| {
        let told = probe.enrol(code, &["--yes"]);
        assert_eq!(told.code, expected, "{code}: {} {}", told.out, told.err);
        assert!(told.err.contains(words), "{words}: {}", told.err);
    };
    let (one, other) = (bench.probe("one"), bench.probe("other"));
    let address = bench.invite(&[]);
    // No answer to the question is a no, and the code stays good.
    let told = one.enrol(&address, &[]);
    assert_eq!(told.code, 2, "{}", told.out);
    assert!(told.err.contains("le code reste valable"), "{}", told.err);
    // A typing error is found without asking anybody.
    let last = address.chars().last().unwrap();
    let wrong = format!("{}{}", &address[..address.len() - 1], if last == 'A' { 'B' } else { 'A' });
    check(&one, &wrong, 64, "faute de frappe");
    check(&one, &format!("{base}/enroler#AAAA-AAAA-AAAA"), 2, "ne connaît pas ce code");
    check(&one, "AAAA-AAAA-AAAA", 64, "l’adresse du collecteur manque");
    let done = one.enrol(&address, &["--yes"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("servers[0].url") && done.out.contains("targets[0].host"), "{}", done.out);
    // Again by the same probe: its answer may have been lost.
    assert_eq!(one.enrol(&address, &["--yes"]).code, 0);
    check(&other, &address, 2, "déjà servi à une autre sonde");
    let withdrawn = bench.invite(&[]);
    assert_eq!(desserte(&["probe", "withdraw", "2"], &bench.collector.data).code, 0);
    check(&other, &withdrawn, 2, "retiré");
    let second = bench.invite(&[]);
    check(&one, &second, 2, "déjà enrôlée");
    // The secret of no code is in what the collector keeps or says.
    for code in [&address, &withdrawn, &second] {
        let secret = code.split('#').nth(1).unwrap();
        let log = bench.collector.process.log();
        assert!(!log.contains(secret) && !bench.audit().contains(secret));
        for entry in std::fs::read_dir(&bench.collector.data).unwrap() {
            let Ok(octets) = std::fs::read(entry.unwrap().path()) else { continue };
            assert!(!octets.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    assert_eq!(bench.probes(), 1);
    let audit = bench.audit();
    for outcome in ["unknown-code", "code-used", "code-withdrawn", "already-enrolled", "invite", "withdraw"] {
        assert!(audit.contains(outcome), "{outcome}: {audit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_without_a_line_keeps_its_key_and_its_code_until_there_is_one() {
    let mut bench = Bench::start("").await;
    let address = bench.invite(&[]);
    let probe = bench.probe("mairie");
    assert!(bench.collector.process.terminate().success());
    let told = probe.enrol(&address, &["--yes"]);
    assert_eq!(told.code, 1, "{} {}", told.out, told.err);
    assert!(told.err.contains("refaites la même commande"), "{}", told.err);
    let key = std::fs::read(probe.state.join("probe.key")).unwrap();
    bench.collector.restart().await;
    assert_eq!(probe.enrol(&address, &["--yes"]).code, 0);
    assert_eq!(std::fs::read(probe.state.join("probe.key")).unwrap(), key, "the same key");
    assert_eq!(bench.probes(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_speed_ends_after_ten_tries_and_is_written_down() {
    let bench = Bench::start("").await;
    let url = format!("{}/api/v1/enrolments", bench.base());
    let client = desserte_e2e::client();
    let own = desserte_signing::ProbeKey::from_seed([7; 32]);
    let mut answers = std::collections::BTreeMap::new();
    for n in 0..200_u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&n.to_be_bytes());
        let guess = desserte_signing::ProbeKey::from_seed(seed);
        let body = desserte_signing::apply(desserte_model::EnrolmentStep::Take, &guess, &own);
        let status = client.post(&url).json(&body).send().await.unwrap().status().as_u16();
        *answers.entry(status).or_insert(0) += 1;
    }
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), [(403, 10), (429, 190)]);
    let audit = bench.audit();
    assert_eq!(audit.matches("unknown-code").count(), 10, "{audit}");
    assert_eq!(audit.matches("turned-away").count(), 1, "{audit}");
    assert_eq!(bench.probes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_swapped_on_the_way_is_refused_and_the_probe_is_told() {
    let bench = Bench::start("").await;
    let address = bench.invite(&[]);
    let secret = address.split('#').nth(1).unwrap();
    // Somebody between the probe and the collector, who reads and changes everything, as a broken proxy could.
    let between = free_port();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", between)).await.unwrap();
    let url = format!("{}/api/v1/enrolments", bench.base());
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let kept = std::sync::Arc::clone(&seen);
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let thief = desserte_signing::ProbeKey::from_seed([66; 32]);
        let client = desserte_e2e::client();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut octets = vec![0; 16_384];
            let mut read = 0;
            let body = loop {
                read += stream.read(&mut octets[read..]).await.unwrap();
                let text = String::from_utf8_lossy(&octets[..read]).into_owned();
                if let Some((_, body)) = text.split_once("\r\n\r\n")
                    && serde_json::from_str::<serde_json::Value>(body).is_ok()
                {
                    break body.to_owned();
                }
            };
            kept.lock().unwrap().push_str(&body);
            let mut request: desserte_model::EnrolmentRequest = serde_json::from_str(&body).unwrap();
            if request.step == desserte_model::EnrolmentStep::Take {
                let own = desserte_signing::apply(request.step, &thief, &thief);
                (request.probe, request.probe_signature) = (own.probe, own.probe_signature);
            }
            let answer = client.post(&url).json(&request).send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    let probe = bench.probe("mairie");
    let through = format!("http://127.0.0.1:{between}/enroler#{secret}");
    let told = tokio::task::spawn_blocking(move || probe.enrol(&through, &["--yes"])).await.unwrap();
    assert_eq!(told.code, 2, "{} {}", told.out, told.err);
    assert_eq!(bench.probes(), 0);
    assert!(bench.audit().contains("bad-signature"), "{}", bench.audit());
    let seen = seen.lock().unwrap().clone();
    assert!(seen.contains("\"take\"") && !seen.contains(secret), "the code itself never travels");
}
