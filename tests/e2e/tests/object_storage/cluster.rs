//! The same history, asked through a scheduler and two executors (docs/spec/cluster.md).
//!
//! Only a program built with the feature `cluster` has them: `cargo xtask cluster`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use desserte_e2e::{Program, free_port, program, territory};

use crate::storage::{PATIENCE, SECRET, Storage, all_are_there, desserte, key};

/// Questions whose answers have one order.
const QUESTIONS: [&str; 10] = [
    "SELECT 1 AS one",
    "SELECT count(*), count(DISTINCT handover), sum(sequence) FROM latency_minute",
    "SELECT commune, state, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY rtt_median_us) FROM latency_minute \
     GROUP BY commune, state ORDER BY commune, state",
    "SELECT probe, sequence, row_number() OVER (PARTITION BY probe ORDER BY sequence DESC) FROM latency_minute \
     ORDER BY probe, sequence",
    "SELECT m.probe, count(*), max(c.sha256) FROM latency_minute m JOIN custody c ON c.probe = m.probe AND \
     c.sequence = m.sequence GROUP BY m.probe ORDER BY m.probe",
    "SELECT day, commune, minutes FROM commune_day ORDER BY day, commune",
    "SELECT probe, hour_utc, minutes FROM site_hour ORDER BY probe, hour_utc",
    "SELECT * FROM commune_month_latency ORDER BY month, commune",
    "SELECT commune_at(1.8705, 46.1585), local_hour(event_utc, commune), count(*) FROM latency_minute GROUP BY 2 ORDER BY 2",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
];

/// A question that reads every file and gathers from all of them.
const WIDE: &str = "SELECT probe, count(*), sum(sequence), max(rtt_median_us) FROM latency_minute GROUP BY probe ORDER BY probe";

/// A scheduler and its executors.
struct Cluster {
    port: u16,
    territory: PathBuf,
    scheduler: Program,
}

struct Executor {
    command: Vec<String>,
    folder: PathBuf,
    process: Program,
}

impl Cluster {
    async fn at(port: u16, folder: &Path, territory: &Path) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut command = Command::new(program("desserte"));
        command.args(["cluster", "scheduler", "--listen", &listen, "--log", "info", "--territory"]);
        let scheduler = Program::start(command.arg(territory), &folder.join("scheduler.log"));
        let mut cluster = Self { port, territory: territory.to_owned(), scheduler };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            cluster.assert_patience(begun);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        cluster
    }

    fn assert_patience(&mut self, begun: Instant) {
        assert!(self.scheduler.runs() && begun.elapsed() < PATIENCE, "{}", self.scheduler.log());
    }

    /// An executor with a key of its own for the storage.
    async fn executor(&mut self, storage: &Storage, folder: &Path) -> Executor {
        let data = folder.join("data");
        storage.name_in(&data, "");
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let scheduler = format!("127.0.0.1:{}", self.port);
        let command = ["cluster", "executor", "--cores", "1", "--log", "info", "--scheduler", &scheduler]
            .map(str::to_owned);
        let more = [
            "--work",
            &text(&folder.join("work")),
            "--data",
            &text(&data),
            "--territory",
            &text(&self.territory),
        ];
        let command = command.into_iter().chain(more.map(str::to_owned)).collect();
        let process = Executor::started(&command, folder);
        let mut executor = Executor { command, folder: folder.to_owned(), process };
        executor.wait_until_begun(0).await;
        executor
    }

    /// Asks; gives what was written, and the state that it says it is of.
    fn ask(&self, data: &Path, sql: &str, more: &[&str]) -> (String, String) {
        answered(&self.command(data, sql, more).output().unwrap())
    }

    fn command(&self, data: &Path, sql: &str, more: &[&str]) -> Command {
        let mut command = Command::new(program("desserte"));
        let cluster = format!("df://127.0.0.1:{}", self.port);
        command.args(["query", sql, "--format", "csv", "--cluster", &cluster, "--parts", "4"]).args(more);
        command.arg("--data").arg(data).arg("--territory").arg(&self.territory);
        command
    }

    /// The same question here and through the cluster, of the state that the cluster names.
    fn compare(&self, data: &Path, sql: &str, more: &[&str]) -> String {
        let (there, state) = self.ask(data, sql, more);
        assert_eq!(there, self.here(data, sql, &state), "{sql} as of {state}");
        there
    }

    fn here(&self, data: &Path, sql: &str, state: &str) -> String {
        let mut command = Command::new(program("desserte"));
        command.args(["query", sql, "--format", "csv", "--as-of", state, "--data"]).arg(data);
        answered(&command.arg("--territory").arg(&self.territory).output().unwrap()).0
    }
}

impl Executor {
    fn started(command: &Vec<String>, folder: &Path) -> Program {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut whole = Command::new(program("desserte"));
        whole.args(command).args(["--listen", &listen]);
        Program::start(&mut whole, &folder.join("executor.log"))
    }

    fn beginnings(&self) -> usize {
        self.process.log().matches("Starting poll work loop").count()
    }

    async fn wait_until_begun(&mut self, before: usize) {
        let begun = Instant::now();
        while self.beginnings() <= before {
            assert!(self.process.runs() && begun.elapsed() < PATIENCE, "{}", self.process.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn restart(&mut self) {
        let before = self.beginnings();
        self.process = Self::started(&self.command, &self.folder);
        self.wait_until_begun(before).await;
    }

    /// The key that it reads with.
    fn key(&self) -> String {
        key(&self.folder.join("data"))
    }
}

/// What a question wrote, and the state that it names.
fn answered(output: &Output) -> (String, String) {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let (written, told) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{written}{told}");
    let state =
        told.split("as of number ").nth(1).map(|rest| rest.split([';', '\n']).next().unwrap_or_default());
    (written, state.unwrap_or_default().trim().to_owned())
}

/// What a command that must fail says.
fn refused(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A question that is being answered.
fn asking(mut command: Command) -> JoinHandle<(Output, Duration)> {
    std::thread::spawn(move || {
        let begun = Instant::now();
        let output = command.output().unwrap();
        (output, begun.elapsed())
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a program built with the feature cluster: cargo xtask cluster"]
async fn a_cluster_gives_the_same_answers_also_when_an_executor_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(storage) = Storage::start(folder.path()).await else { return };
    let territory = territory(folder.path());
    let ([mut one, two], mut probes) = storage.two_collectors(folder.path(), &territory).await;
    for probe in &mut probes {
        probe.send(20).await;
    }

    // Nobody there, then nobody to do the work.
    let absent = Cluster {
        port: free_port(),
        territory: territory.clone(),
        scheduler: Program::start(&mut Command::new("true"), &folder.path().join("true.log")),
    };
    let told = refused(absent.command(&one.data, "SELECT 1", &[]));
    assert!(told.contains("no scheduler answers") && told.contains("desserte cluster scheduler"), "{told}");
    let mut cluster = Cluster::at(free_port(), folder.path(), &territory).await;
    let told = refused(cluster.command(&one.data, "SELECT 1", &[]));
    assert!(told.contains("has no executor"), "{told}");
    let mut executors = Vec::new();
    for name in ["executeur-un", "executeur-deux"] {
        executors.push(cluster.executor(&storage, &folder.path().join(name)).await);
    }

    // A collector is killed while it hands over: questions are of what is whole.
    storage.control(&format!("of/{}", key(&one.data))).await;
    storage.hold(1).await;
    probes[0].send(10).await;
    probes[1].send(10).await;
    storage.wait_until_held(&one).await;
    one.process.kill();
    for sql in QUESTIONS {
        cluster.compare(&two.data, sql, &[]);
    }
    one.restart().await;
    all_are_there(&storage, &probes.each_ref()).await;

    // All of it, by either collector; rollups computed where the question goes, then as kept.
    let (_, whole) = cluster.ask(&one.data, QUESTIONS[1], &[]);
    for data in [&one.data, &two.data] {
        for sql in QUESTIONS {
            cluster.compare(data, sql, &[]);
        }
    }
    let (rolled, _) = cluster.ask(&one.data, QUESTIONS[5], &[]);
    desserte(&one.data, &["lake", "rollup"]);
    desserte(&two.data, &["lake", "compact"]);
    assert_eq!(cluster.compare(&two.data, QUESTIONS[5], &[]), rolled);

    // What an earlier answer named is the same after more came.
    let before = QUESTIONS.map(|sql| cluster.ask(&one.data, sql, &["--as-of", &whole]).0);
    probes[0].send(10).await;
    probes[2].send(10).await;
    all_are_there(&storage, &probes.each_ref()).await;
    for (sql, before) in QUESTIONS.iter().zip(before) {
        assert_eq!(cluster.compare(&one.data, sql, &["--as-of", &whole]), before, "{sql}");
    }
    for (sql, expected) in [
        ("SELECT * FROM service_month", "ask it without --cluster"),
        ("SELECT * FROM no_such_table", "no_such_table"),
        ("DELETE FROM custody", "DML"),
    ] {
        let told = refused(cluster.command(&one.data, sql, &[]));
        assert!(told.contains(expected), "{told}");
    }
    let later = refused(cluster.command(&one.data, "SELECT 1", &["--as-of", "1000000"]));
    assert!(later.contains("run `desserte lake flush` first"), "{later}");

    // Killed while it reads; then killed when its part is done, and only there.
    for (held, killed) in [(0, 0), (0, 1)] {
        storage.control(&format!("of/{}", executors[held].key())).await;
        storage.fault("delay", 1000).await;
        let begun = Instant::now();
        let question = asking(cluster.command(&one.data, WIDE, &[]));
        while storage.left("holding").await == 0 {
            assert!(
                begun.elapsed() < PATIENCE && !question.is_finished(),
                "nothing is read: {}",
                cluster.scheduler.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The other one's part takes a moment.
        tokio::time::sleep(Duration::from_secs(1)).await;
        executors[killed].process.kill();
        assert!(!question.is_finished(), "the question was answered before");
        storage.fault("delay", 0).await;
        let (output, took) = question.join().unwrap();
        let (there, state) = answered(&output);
        assert_eq!(there, cluster.here(&one.data, WIDE, &state), "executor {killed} killed");
        eprintln!("executor {killed} killed while {held} was held: answered after {took:?}");
        executors[killed].restart().await;
        cluster.compare(&one.data, WIDE, &[]);
    }

    // Stopped at its time, here and there: nothing goes on reading.
    storage.control(&format!("of/{}", executors[0].key())).await;
    storage.fault("delay", 1000).await;
    let told = refused(cluster.command(&one.data, WIDE, &["--max-seconds", "1"]));
    assert!(told.contains("allow more with --max-seconds"), "{told}");
    storage.fault("delay", 0).await;
    cluster.compare(&one.data, WIDE, &[]);
    assert!(cluster.scheduler.log().contains("ancel"), "{}", cluster.scheduler.log());

    // Another scheduler in the place of one that was killed: executors find it by themselves.
    cluster.scheduler.kill();
    cluster = Cluster::at(cluster.port, folder.path(), &territory).await;
    let begun = Instant::now();
    while !cluster.command(&one.data, WIDE, &[]).output().unwrap().status.success() {
        assert!(begun.elapsed() < PATIENCE, "{}", cluster.scheduler.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    cluster.compare(&one.data, WIDE, &[]);

    for executor in &mut executors {
        assert!(!executor.process.log().contains(SECRET));
        assert!(executor.process.terminate().success(), "{}", executor.process.log());
    }
    assert!(cluster.scheduler.terminate().success());
}
