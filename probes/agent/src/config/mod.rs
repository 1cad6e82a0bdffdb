//! The configuration file, read into values that cannot be wrong.

mod file;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_boot::logging::LogFormat;
use desserte_model::{AccessLine, LonLat, TargetId};
use desserte_net::{CongestionAlgorithm, FamilyChoice, ServerUrl};
use desserte_units::ByteCount;

use crate::spool;
use file::File;

/// The commented default file. It shows every key, which is how misspelt ones are recognised.
pub(crate) const TEMPLATE: &str = include_str!("../../probe.toml");

/// Where the file is when no flag says otherwise.
pub(crate) const DEFAULT_PATH: &str = "/etc/desserte/probe.toml";

/// Why the values of a file cannot be used together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigFault {
    #[error(transparent)]
    File(#[from] desserte_boot::config::ConfigError),
    #[error("`{key}`: {why}")]
    Value { key: String, why: String },
}

fn fault(key: impl Into<String>, why: impl ToString) -> ConfigFault {
    ConfigFault::Value { key: key.into(), why: why.to_string() }
}

/// Everything the agent is told.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) collector: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) state_dir: PathBuf,
    pub(crate) site: Site,
    pub(crate) access: Option<AccessLine>,
    pub(crate) servers: Vec<MeasurementServer>,
    pub(crate) targets: Vec<Target>,
    pub(crate) echoes: u32,
    pub(crate) window: Duration,
    pub(crate) budget: ByteCount,
    pub(crate) run: RunPlan,
    pub(crate) schedule: Schedule,
    pub(crate) upload_every: Duration,
    pub(crate) spool: spool::Limits,
    pub(crate) interface: Option<String>,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
}

/// Where the probe stands.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) point: LonLat,
    pub(crate) uncertainty_m: Option<f64>,
}

/// One measurement server.
#[derive(Debug, Clone)]
pub(crate) struct MeasurementServer {
    pub(crate) url: ServerUrl,
    pub(crate) family: FamilyChoice,
    pub(crate) network: Option<String>,
}

/// One target of echoes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) id: TargetId,
    pub(crate) host: String,
    pub(crate) method: Method,
    pub(crate) family: FamilyChoice,
}

/// How a target is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Icmp,
    Tcp(u16),
}

/// How a throughput run is made.
#[derive(Debug, Clone)]
pub(crate) struct RunPlan {
    pub(crate) duration: Duration,
    pub(crate) max_bytes: ByteCount,
    pub(crate) congestion_control: Option<CongestionAlgorithm>,
}

/// When throughput runs are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) runs_per_week: u16,
    pub(crate) seed: Option<u64>,
    pub(crate) utc_offset_s: i32,
    /// A fixed interval in place of the schedule.
    pub(crate) every: Option<Duration>,
}

impl Config {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigFault> {
        desserte_boot::config::load::<File>(path, TEMPLATE)?.check()
    }

    /// Reads a text.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigFault> {
        desserte_boot::config::parse::<File>(text, TEMPLATE, "probe.toml")?.check()
    }

    /// Advice about a configuration that works, but not as well as it could.
    pub(crate) fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        if self.targets.len() < 2 {
            advice.push("with fewer than two targets the line is never called down".to_owned());
        }
        let named = self.targets.iter().filter(|target| target.host.parse::<IpAddr>().is_err());
        for target in named {
            advice.push(format!(
                "target {} is a name: while it cannot be resolved, its last address is used",
                target.id
            ));
        }
        if self.collector.starts_with("http://") {
            advice
                .push("the collector is reached without TLS: records are signed but can be read".to_owned());
        }
        if self.window != Duration::from_secs(60) {
            advice
                .push("`latency.window_s` is not 60: the minutes are not comparable with others'".to_owned());
        }
        advice
    }
}

#[cfg(test)]
mod tests;
