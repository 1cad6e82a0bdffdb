//! PostgreSQL as Debian has it, with a data folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{Program, can, free_port, is_root};

/// Where Debian puts each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The user that owns a server where tests run as root, whom it refuses.
const USER: &str = "postgres";

/// A server that is reached through a socket in its folder, and over TCP where it was told so.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    /// Of its socket, and of TCP where it listens there.
    pub port: u16,
    bin: PathBuf,
    options: Vec<String>,
    process: Option<Program>,
}

impl Postgres {
    /// Makes and starts one in a new folder below `parent`, with more options (`-c NAME=VALUE`); `None` where there is no PostgreSQL.
    ///
    /// # Panics
    /// When it does not start, or is missing in continuous integration.
    #[must_use]
    pub fn start(parent: &Path, more: &[&str]) -> Option<Self> {
        let bin = programs();
        if !can("Debian's package postgresql", bin.is_some()) {
            return None;
        }
        let folder = parent.join("pg");
        std::fs::create_dir(&folder).expect("a folder");
        if is_root() {
            // Its user must get through the folders above, too.
            let parents =
                folder.ancestors().skip(1).take_while(|above| above.starts_with(std::env::temp_dir()));
            for above in parents.filter(|above| *above != std::env::temp_dir()) {
                assert!(
                    Command::new("chmod").arg("go+x").arg(above).status().is_ok_and(|done| done.success())
                );
            }
            assert!(Command::new("chown").arg(USER).arg(&folder).status().is_ok_and(|done| done.success()));
        }
        let options = more.iter().map(|&word| word.to_owned()).collect();
        let mut server = Self { folder, port: free_port(), bin: bin?, options, process: None };
        let made =
            server.command("initdb").args(["-A", "trust", "-U", USER, "--no-sync"]).output().expect("initdb");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.begin();
        Some(server)
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not answer within half a minute.
    pub fn begin(&mut self) {
        let socket = format!("unix_socket_directories={}", self.folder.display());
        let mut command = self.command("postgres");
        command
            .args(["-p", &self.port.to_string(), "-c", &socket, "-c", "listen_addresses="])
            .args(&self.options);
        let mut process = Program::start(&mut command, &self.folder.with_extension("log"));
        let begun = Instant::now();
        while !self.asked("SELECT 1") {
            assert!(process.runs() && begun.elapsed() < Duration::from_secs(30), "{}", process.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.process = Some(process);
    }

    /// Ends it as a loss of power would.
    ///
    /// # Panics
    /// When it does not end.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
        // What served its connections notices by itself, and holds what the next start needs until then.
        let begun = Instant::now();
        while self.asked("SELECT 1") {
            assert!(begun.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// How programs of ours reach it, as a role.
    #[must_use]
    pub fn connection(&self, role: &str) -> String {
        format!("host={} port={} user={role} dbname={USER}", self.folder.display(), self.port)
    }

    /// Runs SQL as its owner.
    ///
    /// # Panics
    /// When it is refused.
    pub fn run(&self, sql: &str) {
        assert!(self.asked(sql), "{sql}");
    }

    /// A file in its data folder.
    #[must_use]
    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.join("data").join(name)
    }

    /// Makes a file its own, for itself alone.
    ///
    /// # Panics
    /// When that is refused.
    pub fn own(&self, file: &Path) {
        assert!(Command::new("chmod").arg("600").arg(file).status().is_ok_and(|done| done.success()));
        if is_root() {
            assert!(Command::new("chown").arg(USER).arg(file).status().is_ok_and(|done| done.success()));
        }
    }

    fn asked(&self, sql: &str) -> bool {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-U", USER, "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, "-p", &self.port.to_string()]);
        command.arg("-h").arg(&self.folder);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|done| done.success())
    }

    fn command(&self, program: &str) -> Command {
        let path = self.bin.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        command.arg("-D").arg(self.folder.join("data"));
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            // At once, with all that serves connections.
            process.signal(Signal::QUIT);
            let begun = Instant::now();
            while self.asked("SELECT 1") && begun.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// The folder of the programs of the latest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders.filter(|folder| folder.join("initdb").is_file()).max()
}
