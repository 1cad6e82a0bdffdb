//! A machine that boots: systemd as its first process, over a copy-on-write layer of this machine's own files, with a loopback and no other
//! network.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a boot may take.
const BOOT_MAX: Duration = Duration::from_secs(60);

/// A machine that runs until it is dropped.
#[derive(Debug)]
pub struct Machine {
    container: Child,
    /// Its first process, as this machine counts.
    first: u32,
}

impl Machine {
    /// Boots one that sees `given` as `/given`, with no more services than systemd's own.
    ///
    /// # Panics
    /// When it does not boot.
    #[must_use]
    pub fn boot(given: &Path) -> Self {
        let root = given.join("root");
        std::fs::create_dir_all(&root).expect("a folder");
        let script = format!(
            "set -eu
             mount -t tmpfs none {root}
             cd {root}
             mkdir u w m
             mount -t overlay overlay -o lowerdir=/,upperdir=u,workdir=w m
             # What this machine was set up with is not started there.
             rm -rf m/etc/systemd/system/*.wants m/run && mkdir m/run
             exec systemd-nspawn --quiet --register=no --keep-unit --private-network --console=passive --link-journal=no --machine=desserte-test \\
                 --bind={given}:/given --directory={root}/m --boot -- --unit=basic.target",
            root = root.display(),
            given = given.display(),
        );
        let mut container = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", &script])
            .stdin(Stdio::null())
            .spawn()
            .expect("unshare starts");
        let begun = Instant::now();
        let first = loop {
            let mut find = Command::new("pgrep");
            find.args(["--exact", "systemd", "--parent"]).arg(container.id().to_string());
            let found = find.output().expect("pgrep starts");
            if let Ok(first) = String::from_utf8_lossy(&found.stdout).trim().parse() {
                break first;
            }
            let ended = container.try_wait().expect("the container's state");
            assert!(ended.is_none() && begun.elapsed() < BOOT_MAX, "no machine: {ended:?}");
            std::thread::sleep(Duration::from_millis(100));
        };
        let machine = Self { container, first };
        while !machine.run(&["systemctl", "is-active", "--quiet", "basic.target"]).status.success() {
            assert!(begun.elapsed() < BOOT_MAX, "it does not boot");
            std::thread::sleep(Duration::from_millis(100));
        }
        // The container shows a boot of its own there, and services with a /proc of their own see this machine's: one boot for all.
        machine.said(&["umount", "/proc/sys/kernel/random/boot_id"]);
        machine
    }

    /// Runs a command there as root.
    ///
    /// # Panics
    /// When nothing can be run there.
    #[must_use]
    pub fn run(&self, command: &[&str]) -> Output {
        let mut enter = Command::new("nsenter");
        enter.args(["--all", "--target", &self.first.to_string(), "--"]).args(command);
        // In the session of whoever sits at a French keyboard.
        enter.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "fr_FR.UTF-8");
        enter.stdin(Stdio::null()).output().expect("nsenter starts")
    }

    /// What a command there says.
    ///
    /// # Panics
    /// When it fails.
    pub fn said(&self, command: &[&str]) -> String {
        let output = self.run(command);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{command:?}: {out}{err}\n{}", self.journal());
        out
    }

    /// What services said there.
    #[must_use]
    pub fn journal(&self) -> String {
        let output = self.run(&["journalctl", "--no-pager", "--lines=200", "--unit=desserte*"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until a command there succeeds and says `words`.
    ///
    /// # Panics
    /// When it does not within `limit`.
    pub fn wait_for(&self, command: &[&str], words: &str, limit: Duration) -> Duration {
        let begun = Instant::now();
        loop {
            let output = self.run(command);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.success() && said.contains(words) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < limit, "{command:?} never said {words:?}: {said}\n{}", self.journal());
            std::thread::sleep(Duration::from_millis(250));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With its first process all others of it end.
        let _ = Command::new("kill").args(["-KILL", &self.first.to_string()]).status();
        let _ = self.container.wait();
    }
}
