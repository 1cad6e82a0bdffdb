//! Debian packages of the programs: what is in them, how closed their services are, and that they can be installed, upgraded and
//! purged.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use desserte_e2e::{can, has_program, is_root, program};

const NAMES: [&str; 5] =
    ["desserte-collector", "desserte-geodata", "desserte-probe", "desserte-server", "desserte-update"];

/// What `systemd-analyze security` may say of a service at the most, in tenths.
const EXPOSURE_MAX_TENTHS: &str = "19";

fn output(command: &mut Command) -> String {
    let output = command.output().expect("a program of Debian's starts");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Packs what was built for the tests.
fn packages(out: &Path, version: &str) -> Vec<PathBuf> {
    let tool = program("desserte-xtask");
    let programs = tool.parent().unwrap();
    let told = output(
        Command::new(&tool)
            .args(["packages", "--version", version, "--compression", "none", "--out"])
            .arg(out)
            .arg("--programs")
            .arg(programs),
    );
    let mut files: Vec<PathBuf> = told.lines().map(PathBuf::from).collect();
    files.sort_unstable();
    assert_eq!(files.len(), NAMES.len(), "{told}");
    files
}

fn tools() -> bool {
    can(
        "Debian's packing tools",
        ["dpkg-deb", "dpkg-shlibdeps", "strip", "systemd-analyze"].iter().all(|t| has_program(t)),
    )
}

#[test]
fn packages_hold_what_they_should_and_their_services_are_closed() {
    if !tools() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = packages(folder.path(), "1.2.3");
    for (file, name) in files.iter().zip(NAMES) {
        let control = output(Command::new("dpkg-deb").arg("--field").arg(file));
        for line in [format!("Package: {name}"), "Version: 1.2.3".to_owned()] {
            assert!(control.lines().any(|found| found == line), "{line}: {control}");
        }
        assert!(control.contains("libc6"), "libraries are named: {control}");
        let contents = output(Command::new("dpkg-deb").arg("--contents").arg(file));
        for line in contents.lines() {
            assert!(line.contains("root/root"), "{line}");
            assert!(!line.contains("rwxrwx") && !line[..10].contains('s'), "{line}");
        }
        let unpacked = folder.path().join(name);
        output(Command::new("dpkg-deb").arg("--raw-extract").arg(file).arg(&unpacked));
        for script in ["postinst", "prerm", "postrm"] {
            let path = unpacked.join("DEBIAN").join(script);
            if path.is_file() {
                output(Command::new("sh").arg("-n").arg(&path));
                assert!(!std::fs::read_to_string(&path).unwrap().contains('@'), "{name} {script}");
            }
        }
        let units =
            ["", "-restart"].map(|of| unpacked.join(format!("usr/lib/systemd/system/{name}{of}.service")));
        for unit in units.iter().filter(|unit| unit.is_file()) {
            output(
                Command::new("systemd-analyze")
                    .args(["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE_MAX_TENTHS])
                    .arg(unit),
            );
        }
    }
    let settings = output(Command::new("dpkg-deb").args(["--info"]).arg(&files[0]).arg("conffiles"));
    assert_eq!(settings, "/etc/default/desserte-collector\n/etc/desserte/collector.toml\n");
}

#[test]
fn the_same_source_gives_the_same_packages() {
    if !tools() {
        return;
    }
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (a, b) in packages(one.path(), "1").iter().zip(packages(two.path(), "1")) {
        let same = std::fs::read(a).unwrap() == std::fs::read(&b).unwrap();
        assert!(same, "{} differs when it is built again", a.display());
    }
}

#[test]
fn packages_are_installed_upgraded_and_purged_and_keep_what_people_wrote() {
    let met = is_root() && ["unshare", "chroot", "dpkg"].iter().all(|tool| has_program(tool));
    if !tools() || !can("root, unshare and dpkg", met) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir_all(&root).unwrap();
    // A layer over this machine, in a mount namespace of its own: nothing below is written to the machine itself.
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    packages(&old, "0.0.8");
    packages(&new, "0.0.10");
    let script = format!(
        "set -eu
         cd {folder}
         mount -t tmpfs none root
         mkdir root/u root/w root/m
         mount -t overlay overlay -o lowerdir=/,upperdir=root/u,workdir=root/w root/m
         mkdir -p root/m/old root/m/new
         cp old/*.deb root/m/old/ && cp new/*.deb root/m/new/
         # No service manager runs there.
         rm -rf root/m/run && mkdir root/m/run
         exec chroot root/m sh -eu -c '
         export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
         dpkg --install --force-depends /old/*.deb
         getent passwd desserte-probe >/dev/null
         test \"$(stat -c %U:%a /var/lib/desserte-probe)\" = desserte-probe:755
         test \"$(stat -c %U:%a /var/lib/desserte)\" = desserte:700
         desserte-probe init >/dev/null
         echo \"# written by a person\" >> /etc/desserte/collector.toml
         desserte-probe key --state-dir /var/lib/desserte-probe >/dev/null 2>&1 || true
         date > /var/lib/desserte/collector.sqlite
         dpkg --install --force-depends --force-confold /new/*.deb
         dpkg-query --show --showformat \"\\${{Package}} \\${{Version}}\\n\" desserte-probe | grep -q 0.0.10
         grep -q \"written by a person\" /etc/desserte/collector.toml
         test -f /etc/desserte/probe.toml
         desserte version >/dev/null && desserte-server --version >/dev/null
         # Updates are off, and the probe starts all the same; a configuration switches them on, and the packaged program still starts.
         test \"$(stat -c %U:%a /var/lib/desserte-update)\" = desserte-update:755
         desserte-update status --lang en | grep -q off
         desserte-update exec -- --version | grep -q desserte-probe
         desserte-update init >/dev/null && desserte-update status --lang en | grep -q packaged
         desserte-update exec -- --version | grep -q desserte-probe
         dpkg --purge desserte-update desserte-probe desserte-server desserte-collector desserte-geodata
         for gone in /usr/bin/desserte /usr/bin/desserte-probe /etc/desserte /var/lib/desserte-probe \\
             /etc/default/desserte-collector /usr/lib/systemd/system/desserte-probe.service /usr/bin/desserte-update \\
             /var/lib/desserte-update; do
             if [ -e $gone ]; then echo \"$gone is left\"; exit 1; fi
         done
         # What was measured is kept even then.
         test -f /var/lib/desserte/collector.sqlite
         echo all is well'",
        folder = folder.path().display()
    );
    let said =
        output(Command::new("unshare").args(["--mount", "--propagation", "private", "sh", "-c", &script]));
    assert!(said.contains("all is well"), "{said}");
    assert!(said.contains("desserte-probe enrol"), "it says what to do next: {said}");
    assert!(!Path::new("/usr/bin/desserte-probe").exists(), "nothing reached this machine");
}
