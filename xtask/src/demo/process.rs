//! The programs of the demonstration: started with a log file each, watched, and ended in order.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use desserte_netlab::Line;
use rustix::process::{Pid, Signal, kill_process};

use crate::shell;

/// A program that has not drained by then is ended the hard way.
const DRAIN: Duration = Duration::from_secs(10);
/// A collector opens its store and territory within this time.
const READY: Duration = Duration::from_secs(60);
const LOG_TAIL_LINES: usize = 12;

pub(crate) struct Processes {
    folder: PathBuf,
    programs: PathBuf,
    running: Vec<Running>,
}

struct Running {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Processes {
    pub(crate) fn new(folder: &Path, programs: PathBuf) -> Self {
        Self { folder: folder.to_owned(), programs, running: Vec::new() }
    }

    /// Starts a program on this machine.
    pub(crate) fn start(&mut self, program: &str, name: Option<&str>, arguments: &[&str]) -> Result<()> {
        let command = Command::new(self.programs.join(program));
        self.spawn(command, name.unwrap_or(program), arguments)
    }

    /// Starts a program in a house, or on this machine when there are no emulated lines.
    pub(crate) fn start_in(
        &mut self,
        line: Option<&Line>,
        program: &str,
        name: &str,
        arguments: &[&str],
    ) -> Result<()> {
        let path = self.programs.join(program);
        let command = line.map_or_else(|| Command::new(&path), |line| line.command(&path.to_string_lossy()));
        self.spawn(command, name, arguments)
    }

    /// Runs a program to its end and gives back what it wrote.
    pub(crate) fn output(&self, program: &str, arguments: &[&str]) -> Result<String> {
        shell::output(Command::new(self.programs.join(program)).args(arguments))
    }

    /// Fails when a program has ended by itself, showing the end of its log.
    pub(crate) fn check(&mut self) -> Result<()> {
        for running in &mut self.running {
            if let Some(status) = running.child.try_wait()? {
                let log = fs::read_to_string(&running.log).unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n  ");
                bail!("{} ended by itself ({status}); the end of its log:\n  {tail}", running.name);
            }
        }
        Ok(())
    }

    /// Waits for the collector to say that it is ready.
    pub(crate) fn wait_until_ready(&mut self, address: SocketAddr, stop: &AtomicBool) -> Result<()> {
        let begun = Instant::now();
        while !ready(address) {
            self.check()?;
            if begun.elapsed() > READY {
                bail!("the collector is not ready after {} s", READY.as_secs());
            }
            if stop.load(Ordering::Relaxed) {
                bail!("stopped while the collector was starting");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn spawn(&mut self, mut command: Command, name: &str, arguments: &[&str]) -> Result<()> {
        let path = self.folder.join(format!("{name}.log"));
        let log = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        // A group of its own: Ctrl-C reaches this tool alone, which then ends the programs in order.
        let child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        self.running.push(Running { name: name.to_owned(), log: path, child });
        Ok(())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // Probes were started last and end first, so that their last records still find the collector.
        while let Some(mut running) = self.running.pop() {
            if let Some(pid) = i32::try_from(running.child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
            let begun = Instant::now();
            while matches!(running.child.try_wait(), Ok(None)) && begun.elapsed() < DRAIN {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

fn ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /readyz HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.split_whitespace().nth(1) == Some("200"))
}
