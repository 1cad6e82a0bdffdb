//! Debian packages that building, demonstrating and testing need.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Something the system must have, how to see that it has it, and what brings it.
pub(crate) struct Need {
    seen_as: Sign,
    package: &'static str,
}

enum Sign {
    Program(&'static str),
    /// A library that pkg-config knows.
    Library(&'static str),
    /// A Python module that making environments needs.
    Python(&'static str),
    /// A Python module of the system's own Python.
    SystemPython(&'static str),
    /// A program of PostgreSQL's server, which Debian keeps off the path, in a folder for each version.
    PostgresServer(&'static str),
}

const fn program(name: &'static str, package: &'static str) -> Need {
    Need { seen_as: Sign::Program(name), package }
}

/// To build every program.
pub(crate) const BUILD: &[Need] = &[
    program("cc", "gcc"),
    program("pkg-config", "pkg-config"),
    Need { seen_as: Sign::Library("gdal"), package: "libgdal-dev" },
];

/// To compile C for 64-bit ARM.
pub(crate) const FOR_ARM64: &[Need] = &[program("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")];

/// To compile C for the C library that static programs hold.
pub(crate) const FOR_MUSL: &[Need] = &[program("musl-gcc", "musl-tools")];

/// To emulate lines and to make a private certificate.
pub(crate) const DEMO: &[Need] = &[
    program("ip", "iproute2"),
    program("tc", "iproute2"),
    program("ethtool", "ethtool"),
    program("openssl", "openssl"),
];

/// The real servers and browsers that tests hold ours against.
pub(crate) const TEST: &[Need] = &[
    program("prometheus", "prometheus"),
    program("promtool", "prometheus"),
    program("iperf3", "iperf3"),
    program("ping", "iputils-ping"),
    program("curl", "curl"),
    program("python3", "python3"),
    Need { seen_as: Sign::Python("venv"), package: "python3-venv" },
    program("node", "nodejs"),
    program("npm", "npm"),
    program("chromium", "chromium"),
    program("psql", "postgresql-client"),
    Need { seen_as: Sign::PostgresServer("initdb"), package: "postgresql" },
    program("ogrinfo", "gdal-bin"),
    program("dpkg-shlibdeps", "dpkg-dev"),
    program("strip", "binutils"),
    program("systemd-analyze", "systemd"),
    program("pdfinfo", "poppler-utils"),
    program("qpdf", "qpdf"),
    program("faketime", "faketime"),
    program("gpsd", "gpsd"),
    program("dbus-daemon", "dbus-daemon"),
    Need { seen_as: Sign::SystemPython("dbusmock"), package: "python3-dbusmock" },
];

/// To boot a machine within this one.
pub(crate) const BOOT: &[Need] =
    &[program("systemd-nspawn", "systemd-container"), program("pgrep", "procps")];

impl Need {
    fn met(&self) -> bool {
        match self.seen_as {
            Sign::Program(name) => on_path(name),
            // Debian splits the part that brings pip into an environment off from venv itself.
            Sign::Python(name) => {
                shell::works(Command::new("python3").args(["-c", &format!("import {name}, ensurepip")]))
            }
            Sign::SystemPython(name) => {
                shell::works(Command::new("/usr/bin/python3").args(["-c", &format!("import {name}")]))
            }
            Sign::PostgresServer(name) => std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|versions| {
                versions.flatten().any(|one| one.path().join("bin").join(name).is_file())
            }),
            Sign::Library(name) => shell::works(Command::new("pkg-config").args(["--exists", name])),
        }
    }
}

/// Installs what is missing, or says what is.
pub(crate) fn ensure(needs: &[&[Need]]) -> Result<()> {
    let missing = |needs: &[&[Need]]| {
        let mut packages: Vec<_> =
            needs.iter().copied().flatten().filter(|need| !need.met()).map(|need| need.package).collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    };
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !on_path("apt-get") {
        bail!("this needs programs that are missing here; on Debian they are the packages: {list}");
    }
    shell::say(&format!("Missing Debian packages: {list}"));
    let mut words: Vec<&str> = if is_root()? { vec![] } else { vec!["sudo"] };
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    apt(&words, &["update", "--quiet"])?;
    apt(&words, &[&["install", "--yes", "--quiet", "--no-install-recommends"][..], &packages].concat())?;
    let still = missing(needs);
    if !still.is_empty() {
        bail!("after installing, these are still not found: {}", still.join(" "));
    }
    Ok(())
}

fn apt(words: &[&str], arguments: &[&str]) -> Result<()> {
    let (program, before) = words.split_first().context("an empty command")?;
    shell::run(Command::new(program).args(before).args(arguments))
}

/// Whether this process may administer the system.
pub(crate) fn is_root() -> Result<bool> {
    Ok(shell::output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn on_path(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps administration programs where an ordinary user's PATH does not look.
    let more = ["/usr/sbin", "/sbin"].map(Path::new).map(Path::to_owned);
    std::env::split_paths(&paths).chain(more).any(|folder| folder.join(program).is_file())
}
