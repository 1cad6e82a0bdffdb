//! A probe under test.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Program, program};

/// A real `desserte-probe` with its own folder.
#[derive(Debug)]
pub struct Agent {
    /// Its configuration file.
    pub configuration: PathBuf,
    /// Its public key, in Base64.
    pub public_key: String,
    log: PathBuf,
}

/// What a test sets of a probe's configuration; the rest is short intervals.
#[derive(Debug, Clone)]
pub struct AgentPlan<'a> {
    /// Address of the collector, with scheme.
    pub collector: &'a str,
    /// Measurement server, with scheme.
    pub server: &'a str,
    /// Hosts of the two targets.
    pub targets: [String; 2],
    /// `[latency]`, `[schedule]`, `[upload]` and whatever else the test needs.
    pub more: &'a str,
    /// Lines before the first table, such as `ca_file`.
    pub top: &'a str,
    /// Where it stands: longitude, latitude.
    pub place: (f64, f64),
}

impl Agent {
    /// Writes a configuration named `name` below `folder` and makes the key.
    ///
    /// # Panics
    /// When the program refuses the configuration.
    #[must_use]
    pub fn new(folder: &Path, name: &str, plan: &AgentPlan<'_>) -> Self {
        let state = folder.join(format!("{name}-state"));
        std::fs::create_dir_all(&state).expect("a state folder");
        let AgentPlan { collector, server, targets, more, top, place: (lon, lat) } = plan;
        let [near, far] = targets;
        let text = format!(
            "collector = \"{collector}\"\nstate_dir = \"{}\"\n{top}\n[site]\nname = \"{name}\"\nlon = {lon:.4}\n\
             lat = {lat:.4}\n[[servers]]\nurl = \"{server}\"\n[[targets]]\nid = \"near\"\nhost = \"{near}\"\n\
             [[targets]]\nid = \"far\"\nhost = \"{far}\"\n[budget]\nmegabytes = 100000\n{more}\n",
            state.display()
        );
        let configuration = folder.join(format!("{name}.toml"));
        std::fs::write(&configuration, text).expect("a configuration file");
        let output = Command::new(program("desserte-probe"))
            .args(["key", "--config"])
            .arg(&configuration)
            .output()
            .expect("desserte-probe starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = told.lines().find_map(|line| line.strip_prefix("public-key ")).expect("a public key");
        let public_key = line.trim().to_owned();
        Self { configuration, public_key, log: folder.join(format!("{name}.log")) }
    }

    /// Starts it on this machine, or with `command` when it is to run elsewhere (a namespace).
    #[must_use]
    pub fn start(&self, command: Option<Command>) -> Program {
        let mut command = command.unwrap_or_else(|| Command::new(program("desserte-probe")));
        command.args(["run", "--config"]).arg(&self.configuration);
        Program::start(&mut command, &self.log)
    }
}
