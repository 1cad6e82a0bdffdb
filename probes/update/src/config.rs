//! `update.toml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_boot::config::{self, ConfigError};
use serde::Deserialize;
use url::Url;

use crate::trial::Patience;

/// Where the configuration is; without it updates are off.
pub const DEFAULT_PATH: &str = "/etc/desserte/update.toml";

/// The packaged program.
pub const DEFAULT_PROGRAM: &str = "/usr/bin/desserte-probe";

/// The commented file.
pub const TEMPLATE: &str = include_str!("../update.toml");

/// The longest that a trial may wait for an acknowledgement: half of what `exec` grants a trial that nobody watches any more.
const ACKNOWLEDGED_MAX_S: u64 = 3600;

/// The configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder that holds `metadata` and `targets`.
    pub repository: Url,
    /// The root of trust.
    #[serde(default = "trusted_root")]
    pub trusted_root: PathBuf,
    /// The channel.
    #[serde(default = "channel")]
    pub channel: String,
    /// A certificate authority beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// The updater's folder.
    #[serde(default = "state_dir")]
    pub state_dir: PathBuf,
    /// The probe.
    #[serde(default)]
    pub probe: Probe,
    #[serde(default)]
    trial: Trial,
    #[serde(default)]
    data: Data,
}

/// The probe whose program is kept up to date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Probe {
    /// Its packaged program.
    pub program: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// Its state folder.
    pub state_dir: PathBuf,
    /// What starts it anew; empty when somebody watches the file `switch`.
    pub restart: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Trial {
    come_up_s: u64,
    steady_s: u64,
    silent_s: u64,
    acknowledged_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Data {
    megabytes: u64,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read, or says something that is not known.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// A value makes no sense.
    #[error("{}: {what}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to write instead.
        what: String,
    },
}

fn trusted_root() -> PathBuf {
    "/etc/desserte/update-root.json".into()
}

fn channel() -> String {
    "stable".to_owned()
}

fn state_dir() -> PathBuf {
    "/var/lib/desserte-update".into()
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            program: DEFAULT_PROGRAM.into(),
            config: "/etc/desserte/probe.toml".into(),
            state_dir: "/var/lib/desserte-probe".into(),
            restart: Vec::new(),
        }
    }
}

impl Default for Trial {
    fn default() -> Self {
        Self { come_up_s: 60, steady_s: 60, silent_s: 150, acknowledged_s: 900 }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self { megabytes: 50 }
    }
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        let config: Self = config::load(path, TEMPLATE)?;
        config.check().map_err(|what| Fault::Value { path: path.to_owned(), what })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if !matches!(self.repository.scheme(), "https" | "http") || self.repository.cannot_be_a_base() {
            return Err("repository must be an address that begins with https:// or http://".to_owned());
        }
        let Trial { come_up_s, steady_s, silent_s, acknowledged_s } = self.trial;
        if !(1..=ACKNOWLEDGED_MAX_S).contains(&acknowledged_s) {
            return Err(format!("trial.acknowledged_s must be between 1 and {ACKNOWLEDGED_MAX_S}"));
        }
        if [come_up_s, steady_s].iter().any(|seconds| !(1..=acknowledged_s).contains(seconds)) {
            return Err(
                "trial.come_up_s and trial.steady_s must be between 1 and trial.acknowledged_s".to_owned()
            );
        }
        if !(1..=ACKNOWLEDGED_MAX_S).contains(&silent_s) {
            return Err(format!("trial.silent_s must be between 1 and {ACKNOWLEDGED_MAX_S}"));
        }
        Ok(())
    }

    /// How long a trial may take.
    #[must_use]
    pub fn patience(&self) -> Patience {
        let Trial { come_up_s, steady_s, silent_s, acknowledged_s } = self.trial;
        Patience {
            come_up: Duration::from_secs(come_up_s),
            steady: Duration::from_secs(steady_s),
            silent: Duration::from_secs(silent_s),
            acknowledged: Duration::from_secs(acknowledged_s),
        }
    }

    /// Octets that updates may put on the line in a month.
    #[must_use]
    pub fn data_limit(&self) -> u64 {
        self.data.megabytes.saturating_mul(1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("update.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path).map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_template_shows_the_defaults() {
        let plain = load("repository = \"https://updates.example.org/desserte\"").unwrap();
        let shown = TEMPLATE.lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
            _ => line,
        });
        let shown: Vec<&str> = shown.filter(|line| !line.starts_with("ca_file")).collect();
        let shown = load(&shown.join("\n")).unwrap();
        assert_eq!(format!("{plain:?}"), format!("{shown:?}"));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let base = "repository = \"https://u.example.org/d\"\n";
        assert!(load("repository = \"ftp://u.example.org\"").unwrap_err().contains("https://"));
        assert!(load(&format!("{base}[trial]\nacknowledged_s = 7000")).unwrap_err().contains("3600"));
        assert!(load(&format!("{base}[trial]\ncome_up_s = 0")).unwrap_err().contains("come_up_s"));
        assert!(load(&format!("{base}chanel = \"x\"")).unwrap_err().contains("did you mean `channel`?"));
    }
}
