//! The configuration file, read into values that cannot be wrong.

mod aboard;
mod advice;
mod fault;
mod file;
mod fill;
mod peers;
mod placeholders;
mod politeness;
mod reach;
mod site;
mod territory;

use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_boot::logging::LogFormat;
use desserte_measure::Watchfulness;
use desserte_model::{AccessLine, Device, LonLat, TargetId};
use desserte_net::{CongestionAlgorithm, FamilyChoice, ServerUrl};
use desserte_units::ByteCount;
use url::Url;

use crate::aboard::Asked;
use crate::conduct::Politeness;
use crate::spool;
pub(crate) use fault::ConfigFault;
pub(crate) use file::DEFAULT_STATE_DIR;
use file::File;
pub(crate) use fill::{Given, fill};

/// The commented default file. It shows every key, which is how misspelt ones are recognised.
pub(crate) const TEMPLATE: &str = include_str!("../../probe.toml");

/// Where the file is when no flag says otherwise.
pub(crate) const DEFAULT_PATH: &str = "/etc/desserte/probe.toml";

/// Everything the agent is told.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) collector: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) state_dir: PathBuf,
    pub(crate) site: Site,
    pub(crate) access: Option<AccessLine>,
    pub(crate) device: Option<Device>,
    pub(crate) servers: Vec<MeasurementServer>,
    pub(crate) targets: Vec<Target>,
    pub(crate) echoes: u32,
    pub(crate) watch: Watchfulness,
    /// The name that the watch asks the resolver for.
    pub(crate) resolve: Option<String>,
    pub(crate) sign_every: Duration,
    pub(crate) window: Duration,
    pub(crate) budget: ByteCount,
    pub(crate) run: RunPlan,
    pub(crate) politeness: Politeness,
    pub(crate) schedule: Schedule,
    pub(crate) reach: Reach,
    pub(crate) aboard: Asked,
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

/// What scheduled runs are meant to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScheduledMode {
    /// Every run lasts its planned time.
    Full,
    /// Runs end when the figure is sure, save those drawn for the audit, which last their planned time all the same.
    Adaptive,
}

/// How a throughput run is made.
#[derive(Debug, Clone)]
pub(crate) struct RunPlan {
    pub(crate) mode: ScheduledMode,
    pub(crate) duration: Duration,
    pub(crate) max_bytes: ByteCount,
    pub(crate) congestion_control: Option<CongestionAlgorithm>,
}

/// Which public services are tried, and how often.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    pub(crate) services: Vec<Service>,
    /// Attempts on a working day.
    pub(crate) per_day: u16,
    /// A resolver over HTTPS to ask as well.
    pub(crate) doh: Option<Url>,
    /// A fixed interval in place of the hours.
    pub(crate) every: Option<Duration>,
}

/// One public service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) url: Url,
    /// Text that its page must hold.
    pub(crate) expect: Option<String>,
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
    /// Time between two echoes of the watch: as its setting has it, but never so long that a window had too few.
    pub(crate) fn period(&self) -> Duration {
        let targets = u32::try_from(self.targets.len()).unwrap_or(u32::MAX).max(1);
        self.watch.period().min(self.window / self.echoes.saturating_mul(targets).max(1))
    }

    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigFault> {
        let file = desserte_boot::config::load::<File>(path, TEMPLATE).map_err(|error| {
            ConfigFault::of_file(error, &std::fs::read_to_string(path).unwrap_or_default())
        })?;
        file.check()
    }

    /// Whether a text could be loaded.
    pub(crate) fn check_text(text: &str, path: &Path) -> Result<(), ConfigFault> {
        read(text, path)?.check().map(drop)
    }

    /// Reads a text.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigFault> {
        let file = desserte_boot::config::parse::<File>(text, TEMPLATE, "probe.toml")
            .map_err(|error| ConfigFault::of_file(error, text))?;
        file.check()
    }
}

/// What of a file is needed before it is complete.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    /// The collector's address; absent while it is the example's.
    pub(crate) collector: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) state_dir: PathBuf,
}

impl Beginning {
    /// Reads the beginning of a text that may still hold values of the example.
    pub(crate) fn read(text: &str, path: &Path) -> Result<Self, ConfigFault> {
        Ok(read(text, path)?.beginning())
    }
}

fn read(text: &str, path: &Path) -> Result<File, ConfigFault> {
    desserte_boot::config::parse::<File>(text, TEMPLATE, &path.display().to_string())
        .map_err(|error| ConfigFault::of_file(error, text))
}

/// The template as someone would fill it in.
#[cfg(test)]
pub(crate) fn filled_template() -> String {
    fill_in(TEMPLATE)
}

#[cfg(test)]
fn fill_in(text: &str) -> String {
    let text = text.replace("example.org", "desserte.test").replace("#lon = 0.0", "lon = 1.87");
    let text = text.replace("#lat = 0.0", "lat = 46.17");
    text.replace("192.0.2.1", "198.18.0.1").replace("198.51.100.1", "198.18.0.2")
}

#[cfg(test)]
mod tests;
