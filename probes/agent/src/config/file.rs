//! The tables of the file, and how each becomes a checked value.

use std::path::PathBuf;
use std::time::Duration;

use desserte_boot::logging::LogFormat;
use desserte_measure::Watchfulness;
use desserte_net::CongestionAlgorithm;
use desserte_units::ByteCount;
use serde::Deserialize;

use super::aboard::MobileTable;
use super::fault::{ConfigFault, Placeholder, fault};
use super::peers::{ServerTable, TargetTable, servers, targets};
use super::placeholders::{is_example_host, is_example_position};
use super::politeness::PolitenessTable;
use super::reach::{ReachTable, ServiceTable};
use super::site::{AccessTable, DeviceTable, SiteTable};
use super::{Beginning, Config, RunPlan, Schedule, ScheduledMode};
use crate::spool;

/// Where the state is when the file does not say otherwise.
pub(crate) const DEFAULT_STATE_DIR: &str = "/var/lib/desserte-probe";

/// Longest transfer that the ndt7 specification lets a peer expect (section 2, 13 s).
const RUN_MAX: Duration = Duration::from_secs(13);

/// More echoes in a window than this could not each be waited for.
const ECHOES_MAX: u32 = 10;

/// Days that a record may wait for the collector.
const SPOOL_DAYS: i64 = 30;

/// What is deleted at once when the spool is full, and read at once for an upload.
const SEGMENT_BYTES: u64 = 256 * 1024;

/// Kept in memory while the disk refuses: about five hours of minutes.
const MEMORY_BYTES: usize = 512 * 1024;

#[derive(Debug, Deserialize)]
pub(super) struct File {
    collector: String,
    ca_file: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    site: SiteTable,
    #[serde(default)]
    access: AccessTable,
    #[serde(default)]
    device: DeviceTable,
    #[serde(default)]
    servers: Vec<ServerTable>,
    #[serde(default)]
    targets: Vec<TargetTable>,
    #[serde(default)]
    latency: LatencyTable,
    budget: BudgetTable,
    #[serde(default)]
    throughput: ThroughputTable,
    #[serde(default)]
    politeness: PolitenessTable,
    #[serde(default)]
    schedule: ScheduleTable,
    #[serde(default)]
    reachability: ReachTable,
    #[serde(default)]
    services: Vec<ServiceTable>,
    #[serde(default)]
    mobile: MobileTable,
    #[serde(default)]
    upload: UploadTable,
    #[serde(default)]
    spool: SpoolTable,
    #[serde(default)]
    network: NetworkTable,
    #[serde(default)]
    log: LogTable,
}

#[derive(Debug, Default, Deserialize)]
struct LatencyTable {
    echoes: Option<u32>,
    window_s: Option<f64>,
    watch: Option<String>,
    resolve: Option<String>,
    sign_s: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct BudgetTable {
    megabytes: u64,
}

#[derive(Debug, Default, Deserialize)]
struct ThroughputTable {
    duration_s: Option<f64>,
    max_megabytes: Option<u64>,
    congestion_control: Option<String>,
    mode: Option<ModeName>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeName {
    Adaptive,
    Full,
}

#[derive(Debug, Default, Deserialize)]
struct ScheduleTable {
    runs_per_week: Option<u16>,
    seed: Option<u64>,
    utc_offset_minutes: Option<i32>,
    every_s: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct UploadTable {
    every_s: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct SpoolTable {
    megabytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct NetworkTable {
    interface: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct LogTable {
    level: Option<String>,
    format: Option<LogFormat>,
}

impl File {
    pub(super) fn check(self) -> Result<Config, ConfigFault> {
        let placeholders = self.placeholders();
        if !placeholders.is_empty() {
            return Err(ConfigFault::Placeholders(placeholders));
        }
        let collector = self.collector.trim_end_matches('/').to_owned();
        let known = collector.strip_prefix("https://").or_else(|| collector.strip_prefix("http://"));
        if known.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', '@', ' '])) {
            return Err(fault("collector", "expected https://host[:port][/path]"));
        }
        let echoes = self.latency.echoes.unwrap_or(3);
        if !(1..=ECHOES_MAX).contains(&echoes) {
            return Err(fault("latency.echoes", format!("expected 1 to {ECHOES_MAX}")));
        }
        let megabytes = |key: &str, value: Option<u64>, default: u64| match value.unwrap_or(default) {
            0 => Err(fault(key, "expected at least 1 megabyte")),
            value if value > u64::from(u32::MAX) => Err(fault(key, "more than any line carries")),
            value => Ok(ByteCount::from_megabytes(value)),
        };
        let duration = seconds("throughput.duration_s", self.throughput.duration_s, 10.0, 1.0)?;
        if duration > RUN_MAX {
            return Err(fault("throughput.duration_s", "the protocol ends a run after 13 seconds"));
        }
        let window = seconds("latency.window_s", self.latency.window_s, 60.0, 0.5)?;
        if window > Duration::from_secs(60) {
            return Err(fault("latency.window_s", "a window is a minute at the most"));
        }
        let disk_bytes = megabytes("spool.megabytes", self.spool.megabytes, 64)?.as_bytes();
        let resolve = self.latency.resolve.or_else(|| host_of(&collector)).filter(|name| !name.is_empty());
        let mut config = Config {
            ca_file: self.ca_file,
            state_dir: self.state_dir.unwrap_or_else(|| PathBuf::from(DEFAULT_STATE_DIR)),
            site: self.site.check()?,
            access: self.access.check()?,
            device: self.device.check()?,
            servers: servers(self.servers)?,
            targets: targets(self.targets)?,
            echoes,
            watch: Watchfulness::Sparse,
            resolve,
            sign_every: seconds("latency.sign_s", self.latency.sign_s, 60.0, 1.0)?,
            window,
            budget: megabytes("budget.megabytes", Some(self.budget.megabytes), 0)?,
            run: RunPlan {
                mode: match self.throughput.mode {
                    None | Some(ModeName::Adaptive) => ScheduledMode::Adaptive,
                    Some(ModeName::Full) => ScheduledMode::Full,
                },
                duration,
                max_bytes: megabytes("throughput.max_megabytes", self.throughput.max_megabytes, 400)?,
                congestion_control: congestion(self.throughput.congestion_control)?,
            },
            politeness: self.politeness.check()?,
            schedule: self.schedule.check()?,
            reach: self.reachability.check(self.services)?,
            aboard: self.mobile.check()?,
            upload_every: seconds("upload.every_s", self.upload.every_s, 300.0, 0.5)?,
            spool: spool::Limits {
                disk_bytes,
                age_s: SPOOL_DAYS * 86_400,
                segment_bytes: SEGMENT_BYTES.min(disk_bytes / 8),
                memory_bytes: MEMORY_BYTES,
            },
            interface: self.network.interface,
            log_level: self.log.level.unwrap_or_else(|| "info".to_owned()),
            log_format: self.log.format.unwrap_or_default(),
            collector,
        };
        config.watch = watchfulness(self.latency.watch.as_deref(), &mut config)?;
        Ok(config)
    }
}

impl File {
    pub(super) fn beginning(self) -> Beginning {
        let collector = self.collector.trim_end_matches('/').to_owned();
        Beginning {
            collector: Some(collector).filter(|address| !is_example_host(address)),
            ca_file: self.ca_file,
            state_dir: self.state_dir.unwrap_or_else(|| PathBuf::from(DEFAULT_STATE_DIR)),
        }
    }

    /// What is still as in the example.
    fn placeholders(&self) -> Vec<Placeholder> {
        let mut found = Vec::new();
        let mut host = |key: String, value: &str| {
            if is_example_host(value) {
                found.push(Placeholder { key, value: Some(format!("\"{value}\"")) });
            }
        };
        host("collector".to_owned(), &self.collector);
        for (place, server) in self.servers.iter().enumerate() {
            host(format!("servers[{place}].url"), &server.url);
        }
        for (place, target) in self.targets.iter().enumerate() {
            host(format!("targets[{place}].host"), &target.host);
        }
        let example = match (self.site.lon, self.site.lat) {
            (Some(lon), Some(lat)) => is_example_position(lon, lat),
            _ => false,
        };
        for (key, value) in [("site.lon", self.site.lon), ("site.lat", self.site.lat)] {
            if example || value.is_none() {
                found.push(Placeholder { key: key.to_owned(), value: value.map(|value| value.to_string()) });
            }
        }
        found
    }
}

impl ScheduleTable {
    fn check(self) -> Result<Schedule, ConfigFault> {
        let minutes = self.utc_offset_minutes.unwrap_or(60);
        if !(-12 * 60..=14 * 60).contains(&minutes) {
            return Err(fault("schedule.utc_offset_minutes", "expected -720 to 840"));
        }
        let every =
            self.every_s.map(|every| seconds("schedule.every_s", Some(every), every, 1.0)).transpose()?;
        Ok(Schedule {
            runs_per_week: self.runs_per_week.unwrap_or(28),
            seed: self.seed,
            utc_offset_s: minutes * 60,
            every,
        })
    }
}

/// As the file has it; else the closest whose month costs no more than a part of the budget.
fn watchfulness(given: Option<&str>, config: &mut Config) -> Result<Watchfulness, ConfigFault> {
    /// What the owner of a line gladly gives for knowing when it fails.
    const BUDGET_PART: u64 = 10;
    if let Some(given) = given {
        let known = Watchfulness::ALL.into_iter().find(|known| known.code() == given);
        return known.ok_or_else(|| fault("latency.watch", "expected fine, frugal or sparse"));
    }
    let most = config.budget.as_bytes() / BUDGET_PART;
    let fits = Watchfulness::ALL.into_iter().find(|watch| {
        config.watch = *watch;
        crate::book::month_of_echoes(config) <= most
    });
    Ok(fits.unwrap_or(Watchfulness::Sparse))
}

/// The host of the collector's address.
fn host_of(collector: &str) -> Option<String> {
    url::Url::parse(collector).ok()?.domain().map(str::to_owned)
}

fn congestion(name: Option<String>) -> Result<Option<CongestionAlgorithm>, ConfigFault> {
    match name.as_deref() {
        None => Ok(Some(CongestionAlgorithm::default())),
        Some("system") => Ok(None),
        Some(name) => name.parse().map(Some).map_err(|error| fault("throughput.congestion_control", error)),
    }
}

/// A length of time of at least `least` seconds and at most a month.
pub(super) fn seconds(
    key: &str,
    given: Option<f64>,
    default: f64,
    least: f64,
) -> Result<Duration, ConfigFault> {
    const MONTH_S: f64 = 31.0 * 86_400.0;
    let value = given.unwrap_or(default);
    if (least..=MONTH_S).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(fault(key, format!("expected {least} seconds or more")))
    }
}
