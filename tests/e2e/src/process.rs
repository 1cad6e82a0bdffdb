//! Programs under test.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A program that runs until the test ends it, with its log in a file.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
}

/// The path of one of our programs.
///
/// # Panics
/// When it was not built; `cargo xtask test` builds it.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let told = std::env::var_os("DESSERTE_PROGRAMS").map(PathBuf::from);
    // Without being told: test executables stand in <target>/<profile>/deps.
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.to_owned());
    let path = told.or_else(beside).expect("a folder of programs").join(name);
    assert!(path.is_file(), "{} is not built; run the tests with `cargo xtask test`", path.display());
    path
}

/// A TCP port that was free a moment ago on 127.0.0.1.
///
/// # Panics
/// When the system has none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound address").port()
}

impl Program {
    /// Starts `command`, its output going to `log` (appended, so that a restart keeps what was said before).
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).expect("a log file");
        let errors = file.try_clone().expect("a second handle of the log");
        let child =
            command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().expect("the program starts");
        Self { child, log: log.to_owned() }
    }

    /// Process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the program has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it still runs.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as a loss of power would.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("the end of a killed program");
    }

    /// Asks it to end, and waits for it to drain.
    ///
    /// # Panics
    /// When it has not ended within 15 s.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(15) {
            if let Some(status) = self.child.try_wait().expect("the state of the program") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the program did not drain; its log:\n{}", self.log());
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
