//! The probe as one static program, with the one that keeps it up to date: an archive for machines that no package fits (routers with OpenWrt, other distributions), and a
//! Debian package where the processor is another one than this machine's.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::tree::Tree;
use super::{Options, PACKAGES};
use crate::packages::{self, Need};
use crate::workspace::Workspace;
use crate::{apart, shell};

/// A kind of machine.
struct Target {
    /// Rust's name of it.
    triple: &'static str,
    /// Debian's name of its processor.
    debian: &'static str,
    /// What compiles the few C files of the cryptographic library for it.
    compiler: &'static str,
    needs: &'static [Need],
}

const TARGETS: [Target; 2] = [
    Target {
        triple: "aarch64-unknown-linux-musl",
        debian: "arm64",
        compiler: "aarch64-linux-gnu-gcc",
        needs: packages::FOR_ARM64,
    },
    Target {
        triple: "x86_64-unknown-linux-musl",
        debian: "amd64",
        compiler: "musl-gcc",
        needs: packages::FOR_MUSL,
    },
];

/// Builds for the targets asked for, by default for all, and names what was written.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut targets = Vec::new();
    let mut out = workspace.target.join("packages");
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--target" => targets.push(target(value)?),
            "--out" => out = value.into(),
            _ => bail!("{word} is none of --target TRIPLE, --out DIR"),
        }
    }
    if targets.is_empty() {
        targets.extend(&TARGETS);
    }
    std::fs::create_dir_all(&out)?;
    for target in targets {
        let programs = Programs::build(workspace, target)?;
        let version = env!("CARGO_PKG_VERSION");
        shell::say(&archive(workspace, target, &programs, version, &out)?.display().to_string());
        let options = Options {
            programs: None,
            out: out.clone(),
            version: version.to_owned(),
            compression: "xz".to_owned(),
            foreign: Some(target.debian),
        };
        if super::tree::own_architecture()? != target.debian {
            let [probe, update, ..] = &PACKAGES;
            for (package, program) in [(probe, &programs.probe), (update, &programs.update)] {
                shell::say(&package.assemble(workspace, program, None, &options)?.display().to_string());
            }
        }
    }
    Ok(())
}

fn target(name: &str) -> Result<&'static Target> {
    TARGETS.iter().find(|target| target.triple == name).with_context(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.triple).collect();
        format!("{name} is none of {}", known.join(", "))
    })
}

/// The static programs for a kind of machine.
struct Programs {
    probe: PathBuf,
    /// Keeps the probe up to date, where somebody switches that on.
    update: PathBuf,
}

impl Programs {
    fn build(workspace: &Workspace, target: &Target) -> Result<Self> {
        packages::ensure(&[target.needs])?;
        let triple = target.triple;
        shell::run(Command::new("rustup").args(["target", "add", triple]))
            .context("the standard library for that machine is missing, and rustup did not bring it")?;
        let variable = triple.replace('-', "_");
        let for_target = |command: &mut Command| {
            command.args(["--target", triple]).env(format!("CC_{variable}"), target.compiler);
            // The linker that comes with Rust: nothing but the C library that comes with it is linked.
            command.env(format!("CARGO_TARGET_{}_LINKER", variable.to_uppercase()), "rust-lld");
            shell::run(command)
        };
        let probe = ["build", "--locked", "--profile", "probe", "--package", "desserte-probe"];
        for_target(&mut workspace.cargo(&probe))?;
        for_target(&mut apart::UPDATE.cargo(workspace, "build", &["--locked", "--profile", "probe"]))?;
        let built = |target: &Path, name: &str| target.join(triple).join("probe").join(name);
        Ok(Self {
            probe: built(&workspace.target, "desserte-probe"),
            update: built(&apart::UPDATE.target_dir(workspace), apart::UPDATE.program),
        })
    }
}

fn archive(
    workspace: &Workspace,
    target: &Target,
    programs: &Programs,
    version: &str,
    out: &Path,
) -> Result<PathBuf> {
    let machine = target.triple.replace("-unknown", "");
    let name = format!("desserte-probe-{version}-{machine}");
    let mut tree = Tree::new(&out.join(&name), workspace.commit_time()?)?;
    tree.copy(&programs.probe, "desserte-probe", 0o755)?;
    tree.copy(&programs.update, "desserte-update", 0o755)?;
    for (from, to) in [
        ("LICENSE", "LICENSE"),
        ("packaging/portable/README.md", "README.md"),
        ("probes/profiles/raspberry-pi-4g/probe.toml", "probe.toml"),
        ("probes/profiles/town-hall-pc/desserte-probe.service", "systemd/desserte-probe.service"),
        ("packaging/update/desserte-update.service", "systemd/desserte-update.service"),
        ("packaging/update/desserte-update.timer", "systemd/desserte-update.timer"),
        ("packaging/update/desserte-update-restart.path", "systemd/desserte-update-restart.path"),
        ("packaging/update/desserte-update-restart.service", "systemd/desserte-update-restart.service"),
        ("packaging/update/desserte-probe.conf", "systemd/desserte-probe.service.d/update.conf"),
        ("packaging/openwrt/README.md", "openwrt/README.md"),
    ] {
        tree.copy(&workspace.root.join(from), to, 0o644)?;
    }
    tree.copy(
        &workspace.root.join("packaging/openwrt/desserte-probe.init"),
        "openwrt/desserte-probe.init",
        0o755,
    )?;
    tree.archive(&name, out)
}
