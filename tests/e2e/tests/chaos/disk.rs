//! A disk whose power can be cut: `tests/powercut`, with a loop device and ext4 on it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use desserte_e2e::program;

/// The power goes in one of so many writes. A commit of either program is 3 to 10.
const WRITES_BEFORE_CUT: u64 = 16;

/// The longest that is waited for that write.
const IDLE_MAX: Duration = Duration::from_millis(1500);

/// What is to be done to whoever writes to a disk whose power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Let it do nothing more.
    Stop,
    /// End it; it need not be gone yet.
    Kill,
}

/// A disk with its file system.
pub(crate) struct Disk {
    served: PathBuf,
    /// Where its file system is mounted.
    pub(crate) mount: PathBuf,
    program: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    device: Option<String>,
}

impl Disk {
    /// A new one, formatted and mounted.
    pub(crate) fn new(folder: &Path, name: &str, megabytes: u32) -> Self {
        let (served, mount) = (folder.join(format!("{name}-disk")), folder.join(name));
        fs::create_dir_all(&served).unwrap();
        fs::create_dir_all(&mount).unwrap();
        let mut program = Command::new(program("desserte-powercut"))
            .arg(&served)
            .arg(megabytes.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = program.stdin.take();
        let answers = BufReader::new(program.stdout.take().unwrap());
        let mut disk = Self { served, mount, program, commands, answers, device: None };
        assert_eq!(disk.answer(), "ready");
        // Tables that ext4 would write in the background later are written now: no writes but those of the programs.
        let options = ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0"];
        run(Command::new("mkfs.ext4").args(options).arg(disk.served.join("disk")), 0);
        disk.mount();
        disk
    }

    /// Mounts what is on it, after its journal was played back.
    pub(crate) fn mount(&mut self) {
        let device = run(Command::new("losetup").args(["-f", "--show"]).arg(self.served.join("disk")), 0);
        let device = device.trim().to_owned();
        // 1: the journal or a count was put right. 4 and more: the file system itself is damaged.
        run(Command::new("e2fsck").args(["-p", &device]), 3);
        run(Command::new("mount").args(["-o", "noatime", &device]).arg(&self.mount), 0);
        self.device = Some(device);
    }

    /// Unmounts it.
    pub(crate) fn unmount(&mut self) {
        if let Some(device) = self.device.take() {
            run(Command::new("umount").arg(&self.mount), 0);
            run(Command::new("losetup").args(["-d", &device]), 0);
        }
    }

    /// Takes the power away in the middle of one of the next writes, and gives how many unflushed ones were kept, lost and torn; `end`
    /// ends who writes. When nothing is written for a while, it goes between two writes.
    pub(crate) fn cut(&mut self, seed: u64, mut end: impl FnMut(Ending)) -> [u64; 3] {
        self.ask(&format!("arm {} {seed}", 1 + seed % WRITES_BEFORE_CUT));
        let mut said = self.ask(&format!("await {}", IDLE_MAX.as_millis()));
        if said == "not yet" {
            end(Ending::Stop);
            said = self.ask(&format!("cut {seed}"));
        }
        // Its writes hang until it is dead for certain: nothing of it happens after the power went.
        end(Ending::Kill);
        self.ask("release");
        let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        numbers.try_into().unwrap()
    }

    /// Gives it back, and mounts what the cut left.
    pub(crate) fn power_on(&mut self) {
        self.unmount();
        self.ask("on");
        self.mount();
    }

    /// Refuses every write from now on, until the power comes back.
    pub(crate) fn refuse(&mut self) {
        self.ask("refuse");
    }

    /// Fills its file system to the last octet.
    pub(crate) fn fill(&self) {
        let mut ballast = File::create(self.mount.join("ballast")).unwrap();
        for piece in [64 << 10, 1 << 10, 1] {
            let zeros = vec![0; piece];
            while ballast.write_all(&zeros).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(crate) fn empty(&self) {
        let _ = fs::remove_file(self.mount.join("ballast"));
    }

    fn ask(&mut self, command: &str) -> String {
        writeln!(self.commands.as_mut().unwrap(), "{command}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(device) = self.device.take() {
            let _ = Command::new("umount").args(["-l"]).arg(&self.mount).status();
            let _ = Command::new("losetup").args(["-d", &device]).status();
        }
        // Without commands it unmounts itself and ends.
        drop(self.commands.take());
        let _ = self.program.wait();
    }
}

/// A folder to mount below. What is unmounted there is unmounted in namespaces that were made meanwhile too: a probe's own would
/// otherwise keep the file system of a disk whose power is gone.
pub(crate) struct Ground {
    folder: tempfile::TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("chaos-").tempdir().unwrap();
        run(Command::new("mount").arg("--bind").arg(folder.path()).arg(folder.path()), 0);
        run(Command::new("mount").arg("--make-shared").arg(folder.path()), 0);
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

/// Runs a program that must end with at most `code`, and gives what it printed.
pub(crate) fn run(command: &mut Command, code: i32) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = command.env("PATH", format!("{path}:/usr/sbin:/sbin")).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let (out, beside) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.code().is_some_and(|found| found <= code), "{command:?}: {out}{beside}");
    out
}
