//! The two programs on their disks, with everything that can be done to them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Agent, AgentPlan, GUERET, MeasurementServer, Program, free_port, program};
use rustix::process::Signal;

use crate::disk::{Disk, Ending, run};
use crate::proxy::{Line, Proxy};

/// The library that lets a program live at another time.
pub(crate) const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Both ends live 40 days ahead of the machine, so that "30 days ago" is after the first release: no probe believes an earlier time.
const AHEAD_DAYS: i64 = 40;

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The longest wait for something that is bound to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the probe takes for the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Calendar {
    /// Vouched for, and off by so many seconds.
    Off(i64),
    /// The first of January 1970; nobody vouches for it.
    In1970,
}

/// Everything of one campaign. Fields end in this order: programs before their disks, disks before their folder.
pub(crate) struct Bench {
    probe: Option<Program>,
    collector: Option<Program>,
    pub(crate) proxy: Proxy,
    pub(crate) probe_disk: Disk,
    pub(crate) collector_disk: Disk,
    agent: Agent,
    address: SocketAddr,
    territory: PathBuf,
    boot: u64,
    _server: MeasurementServer,
    folder: tempfile::TempDir,
}

impl Bench {
    /// Both programs running, the probe registered.
    pub(crate) fn new(ground: &Path, territory: &Path, name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix(name).tempdir_in(ground).unwrap();
        let probe_disk = Disk::new(folder.path(), "mairie-state", 16);
        let collector_disk = Disk::new(folder.path(), "collector", 48);
        let server = MeasurementServer::start(folder.path(), "127.0.0.1".parse().unwrap(), &[]);
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let proxy = Proxy::start(address);
        let plan = AgentPlan {
            collector: &format!("http://{}", proxy.address),
            server: &format!("ws://{}", server.address),
            targets: ["127.0.0.1".to_owned(), "127.0.0.2".to_owned()],
            more: "[latency]\nwindow_s = 0.5\n[upload]\nevery_s = 0.5\n[schedule]\nevery_s = 3600.0\n",
            top: "",
            place: GUERET,
        };
        let agent = Agent::new(folder.path(), "mairie", &plan);
        // The key is made by a command of its own, whose last flush this is: no probe is registered before its key is safe.
        run(Command::new("sync").arg("-f").arg(&probe_disk.mount), 0);
        let mut bench = Self {
            probe: None,
            collector: None,
            proxy,
            probe_disk,
            collector_disk,
            agent,
            address,
            territory: territory.to_owned(),
            boot: 0,
            _server: server,
            folder,
        };
        bench.start_collector();
        let key = bench.agent.public_key.clone();
        let data = bench.data();
        let mut add = bench.desserte();
        run(add.args(["probe", "add", "--public-key", &key, "--name", "mairie", "--data"]).arg(data), 0);
        bench.start_probe(Calendar::Off(0));
        bench
    }

    /// The collector's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.collector_disk.mount.clone()
    }

    /// `desserte`, at the time at which everything here happens.
    fn desserte(&self) -> Command {
        self.desserte_at(AHEAD_DAYS)
    }

    fn desserte_at(&self, days: i64) -> Command {
        let mut command = Command::new(program("desserte"));
        command.env("LD_PRELOAD", FAKETIME).env("FAKETIME", format!("+{days}d"));
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
        command
    }

    pub(crate) fn start_collector(&mut self) {
        let mut command = self.desserte();
        command.args(["collector", "--listen", &self.address.to_string(), "--data"]).arg(self.data());
        command.arg("--territory").arg(&self.territory);
        self.collector = Some(Program::start(&mut command, &self.folder.path().join("collector.log")));
        let begun = Instant::now();
        while std::net::TcpStream::connect(self.address).is_err() {
            let collector = self.collector.as_mut().unwrap();
            assert!(collector.runs(), "the collector ended: {}", collector.log());
            assert!(begun.elapsed() < PATIENCE, "the collector does not listen: {}", collector.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn start_probe(&mut self, calendar: Calendar) {
        let off_by = match calendar {
            Calendar::Off(seconds) => AHEAD_DAYS * DAY_S + seconds,
            Calendar::In1970 => -desserte_e2e::now().as_unix_secs(),
        };
        // A boot of its own, whose counter began a little while ago: what a device that was switched off and on has.
        let name = self.folder.path().join("boot");
        fs::write(&name, format!("{}\n", uuid::Uuid::from_u128(0xb007 << 100 | u128::from(self.boot))))
            .unwrap();
        let up = fs::read_to_string("/proc/uptime").unwrap();
        let up: i64 = up.split('.').next().unwrap().parse().unwrap();
        let begin = i64::try_from(self.boot).unwrap();
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--propagation",
            "slave",
            "--time",
            &format!("--boottime=-{}", (up - 60 - begin).max(0)),
        ]);
        command.args([
            "sh",
            "-c",
            "mount --bind \"$1\" /proc/sys/kernel/random/boot_id && shift && exec \"$@\"",
            "sh",
        ]);
        command.arg(&name).arg(program("desserte-probe"));
        command.args(["run", "--pretend-calendar", &off_by.to_string(), "--config"]);
        command.arg(&self.agent.configuration);
        self.probe = Some(Program::start(&mut command, &self.folder.path().join("mairie.log")));
    }

    /// The probe begins its next start in a boot of its own.
    pub(crate) fn next_boot(&mut self) {
        self.boot += 1;
    }

    /// `kill -9`.
    pub(crate) fn kill_probe(&mut self) {
        if let Some(mut probe) = self.probe.take() {
            probe.kill();
        }
    }

    /// `kill -9`.
    pub(crate) fn kill_collector(&mut self) {
        if let Some(mut collector) = self.collector.take() {
            collector.kill();
        }
    }

    /// Cuts the probe's power.
    pub(crate) fn cut_probe(&mut self, seed: u64) -> [u64; 3] {
        let writes = self.probe_disk.cut(seed, |ending| signal(self.probe.as_ref(), ending));
        self.kill_probe();
        self.next_boot();
        self.probe_disk.power_on();
        writes
    }

    /// Cuts the collector's power.
    pub(crate) fn cut_collector(&mut self, seed: u64) -> [u64; 3] {
        let writes = self.collector_disk.cut(seed, |ending| signal(self.collector.as_ref(), ending));
        self.kill_collector();
        self.collector_disk.power_on();
        writes
    }

    /// Starts what does not run; the calendar is right again.
    pub(crate) fn heal(&mut self) {
        self.proxy.set(Line::Passes);
        if self.collector.as_mut().is_none_or(|collector| !collector.runs()) {
            self.start_collector();
        }
        if self.probe.as_mut().is_none_or(|probe| !probe.runs()) {
            self.start_probe(Calendar::Off(0));
        }
    }

    /// Waits until the collector has acknowledged something anew.
    pub(crate) fn wait_for_a_receipt(&mut self) {
        let before = self.proxy.books(|books| books.receipts);
        let begun = Instant::now();
        while self.proxy.books(|books| books.receipts) == before {
            assert!(begun.elapsed() < PATIENCE, "no batch comes through any more:\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets everything arrive that waits, ends both programs, and says how many records the probe has given up.
    pub(crate) fn drain(&mut self) -> u64 {
        let begun = Instant::now();
        loop {
            let said = self.spool_check();
            let word = |before: &str| -> Option<u64> {
                let words: Vec<&str> = said.split_whitespace().collect();
                let at = words.iter().position(|word| word.trim_end_matches(',') == before)?;
                words.get(at.checked_sub(1)?)?.parse().ok()
            };
            // The last seconds are always on their way.
            if word("waiting").is_some_and(|waiting| waiting < 10) {
                let status = self.probe.take().unwrap().terminate();
                assert!(status.success(), "{}", self.logs());
                let status = self.collector.take().unwrap().terminate();
                assert!(status.success(), "{}", self.logs());
                return word("dropped").unwrap();
            }
            assert!(begun.elapsed() < PATIENCE, "records stay behind: {said}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Seals every day as if it were over, and computes every seal again.
    pub(crate) fn seal(&self) {
        for words in [["custody", "seal"], ["custody", "check"]] {
            run(self.desserte_at(AHEAD_DAYS + 2).args(words).arg("--data").arg(self.data()), 0);
        }
    }

    fn spool_check(&self) -> String {
        let mut check = Command::new(program("desserte-probe"));
        run(check.args(["spool", "check", "--config"]).arg(&self.agent.configuration), 2)
    }

    /// The last lines that both programs wrote.
    pub(crate) fn logs(&self) -> String {
        let tail = |name: &str| {
            let text = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(15)..].join("\n")
        };
        format!("probe:\n{}\ncollector:\n{}", tail("mairie.log"), tail("collector.log"))
    }
}

fn signal(program: Option<&Program>, ending: Ending) {
    if let Some(program) = program {
        program.signal(match ending {
            Ending::Stop => Signal::STOP,
            Ending::Kill => Signal::KILL,
        });
    }
}
