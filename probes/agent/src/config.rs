//! The configuration file, read into values that cannot be wrong.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use desserte_boot::logging::LogFormat;
use desserte_model::{AccessLine, AccessTechnology, IpFamily, LineSource, LonLat, TargetId};
use desserte_net::{CongestionAlgorithm, FamilyChoice, ServerUrl};
use desserte_units::{BitRate, ByteCount};
use serde::Deserialize;

use crate::spool;

/// The commented default file. It shows every key, which is how misspelt ones are recognised.
pub(crate) const TEMPLATE: &str = include_str!("../probe.toml");

/// Where the file is when no flag says otherwise.
pub(crate) const DEFAULT_PATH: &str = "/etc/desserte/probe.toml";

/// Where the state is when the file does not say otherwise.
const DEFAULT_STATE_DIR: &str = "/var/lib/desserte-probe";

/// Longest transfer that the ndt7 specification lets a peer expect (section 2, 13 s).
const RUN_MAX: Duration = Duration::from_secs(13);

/// More echoes in a window than this could not each be waited for.
const ECHOES_MAX: u32 = 10;

/// Targets beyond this cost data without adding knowledge.
const TARGETS_MAX: usize = 8;

/// Days that a record may wait for the collector.
const SPOOL_DAYS: i64 = 30;

/// What is deleted at once when the spool is full, and read at once for an upload.
const SEGMENT_BYTES: u64 = 256 * 1024;

/// Kept in memory while the disk refuses: about five hours of minutes.
const MEMORY_BYTES: usize = 512 * 1024;

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

#[derive(Debug, Deserialize)]
struct File {
    collector: String,
    ca_file: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    site: SiteTable,
    #[serde(default)]
    access: AccessTable,
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
    schedule: ScheduleTable,
    #[serde(default)]
    upload: UploadTable,
    #[serde(default)]
    spool: SpoolTable,
    #[serde(default)]
    network: NetworkTable,
    #[serde(default)]
    log: LogTable,
}

#[derive(Debug, Deserialize)]
struct SiteTable {
    name: String,
    lon: f64,
    lat: f64,
    uncertainty_m: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct AccessTable {
    operator: Option<String>,
    technology: Option<AccessTechnology>,
    download_mbit_per_s: Option<f64>,
    upload_mbit_per_s: Option<f64>,
    source: Option<LineSource>,
}

#[derive(Debug, Deserialize)]
struct ServerTable {
    url: String,
    family: Option<Family>,
    network: Option<String>,
}

#[derive(Debug, Deserialize)]
struct TargetTable {
    id: String,
    host: String,
    method: Option<String>,
    family: Option<Family>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Family {
    Any,
    Ipv4,
    Ipv6,
}

#[derive(Debug, Default, Deserialize)]
struct LatencyTable {
    echoes: Option<u32>,
    window_s: Option<f64>,
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
    fn check(self) -> Result<Config, ConfigFault> {
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
        Ok(Config {
            ca_file: self.ca_file,
            state_dir: self.state_dir.unwrap_or_else(|| PathBuf::from(DEFAULT_STATE_DIR)),
            site: self.site.check()?,
            access: self.access.check()?,
            servers: servers(self.servers)?,
            targets: targets(self.targets)?,
            echoes,
            window,
            budget: megabytes("budget.megabytes", Some(self.budget.megabytes), 0)?,
            run: RunPlan {
                duration,
                max_bytes: megabytes("throughput.max_megabytes", self.throughput.max_megabytes, 400)?,
                congestion_control: congestion(self.throughput.congestion_control)?,
            },
            schedule: self.schedule.check()?,
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
        })
    }
}

impl SiteTable {
    fn check(self) -> Result<Site, ConfigFault> {
        let point = LonLat::new(self.lon, self.lat).map_err(|error| fault("site", error))?;
        if self.uncertainty_m.is_some_and(|radius| !(radius.is_finite() && radius >= 0.0)) {
            return Err(fault("site.uncertainty_m", "expected a length in metres"));
        }
        Ok(Site { name: self.name, point, uncertainty_m: self.uncertainty_m })
    }
}

impl AccessTable {
    fn check(self) -> Result<Option<AccessLine>, ConfigFault> {
        let rate = |key: &str, value: Option<f64>| match value {
            None => Ok(None),
            Some(value) => match BitRate::from_mbit_per_s(value) {
                Some(rate) if value > 0.0 => Ok(Some(rate)),
                _ => Err(fault(key, "expected a rate in Mbit/s above zero; leave it out when not known")),
            },
        };
        let download = rate("access.download_mbit_per_s", self.download_mbit_per_s)?;
        let upload = rate("access.upload_mbit_per_s", self.upload_mbit_per_s)?;
        let nothing = self.operator.is_none() && self.technology.is_none();
        if nothing && download.is_none() && upload.is_none() {
            return Ok(None);
        }
        Ok(Some(AccessLine {
            operator: self.operator.map(|name| name.to_lowercase()),
            technology: self.technology,
            subscribed_download_bits_per_second: download,
            subscribed_upload_bits_per_second: upload,
            source: self.source.unwrap_or(LineSource::Declared),
        }))
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

fn servers(tables: Vec<ServerTable>) -> Result<Vec<MeasurementServer>, ConfigFault> {
    let read = |(place, table): (usize, ServerTable)| {
        let url = ServerUrl::from_str(&table.url).map_err(|e| fault(format!("servers[{place}].url"), e))?;
        Ok(MeasurementServer { url, family: choice(table.family), network: table.network })
    };
    tables.into_iter().enumerate().map(read).collect()
}

fn targets(tables: Vec<TargetTable>) -> Result<Vec<Target>, ConfigFault> {
    if tables.len() > TARGETS_MAX {
        return Err(fault("targets", format!("at most {TARGETS_MAX}")));
    }
    let mut targets: Vec<Target> = Vec::new();
    for (place, table) in tables.into_iter().enumerate() {
        let key = |name: &str| format!("targets[{place}].{name}");
        let id: TargetId = table.id.parse().map_err(|error| fault(key("id"), error))?;
        let host = table.host;
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(fault(key("host"), "expected a name or an address"));
        }
        if targets.iter().any(|other| other.id == id || other.host == host) {
            return Err(fault(key("host"), "named twice; two targets must be independent of each other"));
        }
        let method = match table.method.as_deref() {
            None | Some("icmp") => Method::Icmp,
            Some(text) => match text.strip_prefix("tcp:").map(str::parse) {
                Some(Ok(port)) if port > 0 => Method::Tcp(port),
                _ => return Err(fault(key("method"), "expected icmp or tcp:PORT")),
            },
        };
        targets.push(Target { id, host, method, family: choice(table.family) });
    }
    Ok(targets)
}

fn choice(family: Option<Family>) -> FamilyChoice {
    match family {
        None | Some(Family::Any) => FamilyChoice::Any,
        Some(Family::Ipv4) => FamilyChoice::Only(IpFamily::Ipv4),
        Some(Family::Ipv6) => FamilyChoice::Only(IpFamily::Ipv6),
    }
}

fn congestion(name: Option<String>) -> Result<Option<CongestionAlgorithm>, ConfigFault> {
    match name.as_deref() {
        None => Ok(Some(CongestionAlgorithm::default())),
        Some("system") => Ok(None),
        Some(name) => name.parse().map(Some).map_err(|error| fault("throughput.congestion_control", error)),
    }
}

/// A length of time of at least `least` seconds and at most a month.
fn seconds(key: &str, given: Option<f64>, default: f64, least: f64) -> Result<Duration, ConfigFault> {
    const MONTH_S: f64 = 31.0 * 86_400.0;
    let value = given.unwrap_or(default);
    if (least..=MONTH_S).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(fault(key, format!("expected {least} seconds or more")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "collector = \"https://c.example\"\n[site]\nname = \"M\"\nlon = 1.0\nlat = 46.0\n\
                         [budget]\nmegabytes = 500\n";

    fn refusal(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_template_is_a_valid_file_and_shows_the_defaults() {
        let template = Config::parse(TEMPLATE).unwrap();
        let shown: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
                _ => line,
            })
            .filter(|line| {
                !["seed", "every_s = 20", "interface", "ca_file"].iter().any(|key| line.starts_with(key))
            })
            .fold(String::new(), |text, line| text + line + "\n");
        let shown = Config::parse(&shown).unwrap();
        assert_eq!(format!("{:?}", template.run), format!("{:?}", shown.run));
        assert_eq!(format!("{:?}", template.schedule), format!("{:?}", shown.schedule));
        assert_eq!(format!("{:?}", template.spool), format!("{:?}", shown.spool));
        assert_eq!((template.echoes, template.window), (shown.echoes, shown.window));
        assert_eq!(template.state_dir, shown.state_dir);
        assert_eq!(template.upload_every, shown.upload_every);
        assert_eq!(template.access, None, "nothing known is nothing said");
    }

    #[test]
    fn the_profiles_are_valid_and_afford_what_they_plan() {
        for (name, text) in [
            ("town-hall-pc", include_str!("../../profiles/town-hall-pc/probe.toml")),
            ("raspberry-pi-4g", include_str!("../../profiles/raspberry-pi-4g/probe.toml")),
        ] {
            let config = Config::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let rules = crate::book::rules(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
            let pair = ByteCount::from_bytes(2 * config.run.max_bytes.as_bytes());
            let affordable = desserte_measure::affordable_runs_per_week(rules.throughput_share(), pair);
            assert!(affordable >= 4, "{name}: {affordable} runs a week at the ceiling");
        }
    }

    #[test]
    fn the_least_file_has_no_surprises() {
        let config = Config::parse(LEAST).unwrap();
        assert!(config.servers.is_empty() && config.targets.is_empty());
        assert_eq!(config.advice().len(), 1);
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_path() {
        let message = refusal(&LEAST.replace("megabytes", "megabyte"));
        assert!(message.contains("`budget.megabyte`, did you mean `budget.megabytes`?"), "{message}");
        let message = refusal(&format!("{LEAST}[[servers]]\nur = \"wss://a\"\n"));
        assert!(message.contains("`servers[0].ur`, did you mean `servers[0].url`?"), "{message}");
    }

    #[test]
    fn values_that_mean_nothing_are_refused_with_their_key() {
        let cases = [
            (LEAST.replace("lat = 46.0", "lat = 6600000.0"), "`site`"),
            (LEAST.replace("lon = 1.0", "lon = nan"), "`site`"),
            (LEAST.replace("https://c.example", "c.example"), "`collector`"),
            (LEAST.replace("megabytes = 500", "megabytes = 0"), "`budget.megabytes`"),
            (format!("{LEAST}[throughput]\nduration_s = 20.0\n"), "`throughput.duration_s`"),
            (format!("{LEAST}[latency]\necho = 3\n"), "`latency.echo`"),
            (format!("{LEAST}[access]\ndownload_mbit_per_s = 0.0\n"), "`access.download_mbit_per_s`"),
            (format!("{LEAST}[[targets]]\nid = \"A B\"\nhost = \"x\"\n"), "`targets[0].id`"),
            (
                format!("{LEAST}[[targets]]\nid = \"a\"\nhost = \"x\"\nmethod = \"udp\"\n"),
                "`targets[0].method`",
            ),
            (format!("{LEAST}[[servers]]\nurl = \"https://x\"\n"), "`servers[0].url`"),
        ];
        for (text, key) in cases {
            let message = refusal(&text);
            assert!(message.contains(key), "{key}: {message}");
        }
    }
}
