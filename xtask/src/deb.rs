//! Debian packages of the programs: `cargo xtask packages`; the probe as one static program: `cargo xtask portable`.
//!
//! What goes into them is in `packaging/`; here is only how it is put together. The same inputs give the same octets.

pub(crate) mod portable;
mod tree;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::apart::{self, Apart};
use crate::shell;
use crate::workspace::Workspace;
use tree::Tree;

/// One package.
struct Package {
    /// Its name, and that of its service.
    name: &'static str,
    /// Its folder below `packaging/`.
    folder: &'static str,
    /// The program it brings.
    program: &'static str,
    /// Whether the program that sets dossiers comes beside it.
    typeset: bool,
    /// What builds that program.
    source: Source,
    /// The profile that it is shipped from.
    profile: &'static str,
    service: Option<Service>,
    /// Files of its folder that go elsewhere: the name there, and the place in the system.
    more: &'static [(&'static str, &'static str)],
}

/// What builds a program.
enum Source {
    /// A package of the workspace, by cargo's name.
    Workspace(&'static str),
    /// A workspace of its own.
    Apart(&'static Apart),
}

/// What a package with a service has beside its program.
struct Service {
    /// The unit, from the top of the checkout.
    unit: &'static str,
    /// Units that a person enables and that a removal disables, separated by spaces; the service when there are none.
    enabled: &'static str,
    /// Units of other packages to be started anew when this one is gone, separated by spaces.
    restarted: &'static str,
    /// The user that the package makes, with the folder of its state and that folder's mode; a service without keeps nothing.
    user: Option<(&'static str, &'static str, &'static str)>,
    /// What a purge removes, separated by spaces.
    purged: &'static str,
    /// What even a purge keeps: nobody can measure the past again.
    kept: &'static str,
}

const PACKAGES: [Package; 5] = [
    Package {
        name: "desserte-probe",
        folder: "probe",
        program: "desserte-probe",
        typeset: false,
        source: Source::Workspace("desserte-probe"),
        profile: "probe",
        service: Some(Service {
            unit: "probes/profiles/town-hall-pc/desserte-probe.service",
            enabled: "",
            restarted: "",
            user: Some(("desserte-probe", "/var/lib/desserte-probe", "0755")),
            purged: "/var/lib/desserte-probe /etc/desserte/probe.toml",
            kept: "",
        }),
        more: &[],
    },
    Package {
        name: "desserte-update",
        folder: "update",
        program: "desserte-update",
        typeset: false,
        source: Source::Apart(&apart::UPDATE),
        profile: "probe",
        service: Some(Service {
            unit: "packaging/update/desserte-update.service",
            enabled: "desserte-update.timer desserte-update-restart.path",
            restarted: "desserte-probe.service",
            user: Some(("desserte-update", "/var/lib/desserte-update", "0755")),
            purged: "/var/lib/desserte-update /etc/desserte/update.toml /etc/desserte/update-root.json",
            kept: "",
        }),
        more: &[
            ("desserte-update.timer", "usr/lib/systemd/system/desserte-update.timer"),
            ("desserte-update-restart.path", "usr/lib/systemd/system/desserte-update-restart.path"),
            ("desserte-update-restart.service", "usr/lib/systemd/system/desserte-update-restart.service"),
            ("desserte-probe.conf", "usr/lib/systemd/system/desserte-probe.service.d/update.conf"),
        ],
    },
    Package {
        name: "desserte-server",
        folder: "server",
        program: "desserte-server",
        typeset: false,
        source: Source::Workspace("desserte-peer"),
        profile: "release",
        service: Some(Service {
            unit: "packaging/server/desserte-server.service",
            enabled: "",
            restarted: "",
            user: None,
            purged: "",
            kept: "",
        }),
        more: &[],
    },
    Package {
        name: "desserte-collector",
        folder: "collector",
        program: "desserte",
        typeset: true,
        source: Source::Workspace("desserte-cli"),
        profile: "release",
        service: Some(Service {
            unit: "packaging/collector/desserte-collector.service",
            enabled: "",
            restarted: "",
            user: Some(("desserte", "/var/lib/desserte", "0700")),
            purged: "",
            kept: "/var/lib/desserte",
        }),
        more: &[],
    },
    Package {
        name: "desserte-geodata",
        folder: "geodata",
        program: "desserte-geodata",
        typeset: false,
        source: Source::Workspace("desserte-geodata"),
        profile: "release",
        service: None,
        more: &[],
    },
];

/// What is asked for.
struct Options {
    /// Programs that were built already; without, they are built.
    programs: Option<PathBuf>,
    out: PathBuf,
    /// The version of the packages; by default the workspace's.
    version: String,
    /// How `dpkg-deb` packs them: `xz`, or `none` for tests.
    compression: String,
    /// Debian's name of the processor that static programs were built for; without, they are for this machine, linked with its libraries.
    foreign: Option<&'static str>,
}

/// Builds the packages into the folder asked for, and names them.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let options = Options::read(workspace, arguments)?;
    std::fs::create_dir_all(&options.out)?;
    for package in &PACKAGES {
        let program = match &options.programs {
            Some(folder) => folder.join(package.program),
            None => build(workspace, package)?,
        };
        let typeset = match &options.programs {
            _ if !package.typeset => None,
            Some(folder) => Some(folder.join(apart::TYPESET.program)),
            None => Some(apart::TYPESET.build_in(workspace, package.profile)?),
        };
        let file = package.assemble(workspace, &program, typeset.as_deref(), &options)?;
        shell::say(&file.display().to_string());
    }
    Ok(())
}

impl Options {
    fn read(workspace: &Workspace, arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            programs: None,
            out: workspace.target.join("packages"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            compression: "xz".to_owned(),
            foreign: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--programs" => options.programs = Some(value.into()),
                "--out" => options.out = value.into(),
                "--version" => options.version.clone_from(value),
                "--compression" => options.compression.clone_from(value),
                _ => bail!(
                    "{word} is none of --programs DIR, --out DIR, --version VERSION, --compression NAME"
                ),
            }
        }
        Ok(options)
    }
}

fn build(workspace: &Workspace, package: &Package) -> Result<PathBuf> {
    let source = match package.source {
        Source::Workspace(source) => source,
        Source::Apart(apart) => return apart.build_in(workspace, package.profile),
    };
    let build = ["build", "--locked", "--profile", package.profile, "--package", source];
    shell::run(&mut workspace.cargo(&build))?;
    Ok(workspace.target.join(package.profile).join(package.program))
}

impl Package {
    fn assemble(
        &self,
        workspace: &Workspace,
        program: &Path,
        setter: Option<&Path>,
        options: &Options,
    ) -> Result<PathBuf> {
        let folder = workspace.root.join("packaging").join(self.folder);
        let mut tree = Tree::new(&options.out.join(format!("{}.tree", self.name)), workspace.commit_time()?)?;
        let name = self.name;
        tree.copy(program, &format!("usr/bin/{}", self.program), 0o755)?;
        if options.foreign.is_none() {
            tree.strip(&format!("usr/bin/{}", self.program))?;
        }
        if let Some(setter) = setter {
            // Beside `desserte`, which looks for it there.
            let place = format!("usr/bin/{}", apart::TYPESET.program);
            tree.copy(setter, &place, 0o755)?;
            tree.strip(&place)?;
        }
        for (name, place) in self.more {
            tree.copy(&folder.join(name), place, 0o644)?;
        }
        tree.copy(&workspace.root.join("LICENSE"), &format!("usr/share/doc/{name}/copyright"), 0o644)?;
        tree.copy(&workspace.root.join("CHANGELOG.md"), &format!("usr/share/doc/{name}/changelog"), 0o644)?;
        tree.gzip(&format!("usr/share/doc/{name}/changelog"))?;
        if self.folder == "collector" {
            let own = ["crates/collector/default-config.toml", "crates/sql/default-config.toml"];
            let read = own.map(|path| std::fs::read_to_string(workspace.root.join(path)));
            let [collector, sql] = read;
            tree.write("etc/desserte/collector.toml", &format!("{}\n{}", collector?, sql?), 0o644)?;
        }
        if let Some(service) = &self.service {
            let unit = format!("usr/lib/systemd/system/{name}.service");
            tree.copy(&workspace.root.join(service.unit), &unit, 0o644)?;
            if service.user.is_some() {
                tree.copy(&folder.join("sysusers"), &format!("usr/lib/sysusers.d/{name}.conf"), 0o644)?;
            }
            if folder.join("default").is_file() {
                tree.copy(&folder.join("default"), &format!("etc/default/{name}"), 0o644)?;
            }
            let next =
                std::fs::read_to_string(folder.join("next")).context("the words on what to do next")?;
            for script in ["postinst", "prerm", "postrm"] {
                let text = std::fs::read_to_string(workspace.root.join("packaging/scripts").join(script))?;
                tree.write(&format!("DEBIAN/{script}"), &service.filled(name, &next, &text), 0o755)?;
            }
        }
        let control = std::fs::read_to_string(folder.join("control")).context("the package's description")?;
        let control = control.replace("@VERSION@", &options.version);
        let (needs, architecture) = match options.foreign {
            Some(architecture) => (String::new(), architecture.to_owned()),
            None => (tree.libraries(&format!("usr/bin/{}", self.program))?, tree::own_architecture()?),
        };
        tree.finish(&control, &options.version, &architecture, &needs)?
            .pack(&options.compression, &options.out)
    }
}

impl Service {
    /// A script of all packages with this one's names.
    fn filled(&self, name: &str, next: &str, text: &str) -> String {
        let (user, state, mode) = self.user.unwrap_or_default();
        let service = format!("{name}.service");
        let units = if self.enabled.is_empty() { &service } else { self.enabled };
        [
            ("@NAME@", name),
            ("@UNITS@", units),
            ("@RESTARTED@", self.restarted),
            ("@USER@", user),
            ("@STATE@", state),
            ("@MODE@", mode),
            ("@PURGED@", self.purged),
            ("@KEPT@", self.kept),
            ("@NEXT@", next.trim_end()),
        ]
        .iter()
        .fold(text.to_owned(), |text, (sign, value)| text.replace(sign, value))
    }
}

impl Workspace {
    /// When the commit that is packed was made, in seconds: what files of a package are dated, so that the same source gives the same
    /// octets.
    fn commit_time(&self) -> Result<String> {
        let text =
            shell::output(Command::new("git").current_dir(&self.root).args(["log", "-1", "--format=%ct"]))?;
        Ok(text.trim().to_owned())
    }
}
