//! The tables of the file, and how each becomes a checked value.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use desserte_boot::logging::LogFormat;
use desserte_measure::Watchfulness;
use desserte_model::{AccessLine, AccessTechnology, IpFamily, LineSource, LonLat, TargetId};
use desserte_net::{CongestionAlgorithm, FamilyChoice, ServerUrl};
use desserte_units::{BitRate, ByteCount};
use serde::Deserialize;
use url::Url;

use super::fault::{ConfigFault, Placeholder, fault};
use super::placeholders::{is_example_host, is_example_position};
use super::{
    Config, MeasurementServer, Method, Reach, RunPlan, Schedule, ScheduledMode, Service, Site, Target,
};
use crate::conduct::Politeness;
use crate::spool;

/// Where the state is when the file does not say otherwise.
pub(crate) const DEFAULT_STATE_DIR: &str = "/var/lib/desserte-probe";

/// Longest transfer that the ndt7 specification lets a peer expect (section 2, 13 s).
const RUN_MAX: Duration = Duration::from_secs(13);

/// More echoes in a window than this could not each be waited for.
const ECHOES_MAX: u32 = 10;

/// Targets beyond this cost data without adding knowledge.
const TARGETS_MAX: usize = 8;

/// Longest wait for others to leave the line free.
const WAIT_MAX: Duration = Duration::from_secs(3600);

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
    /// Optional here so that its absence is said together with the other values still to be given.
    lon: Option<f64>,
    lat: Option<f64>,
    uncertainty_m: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct AccessTable {
    operator: Option<String>,
    technology: Option<String>,
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
struct PolitenessTable {
    watch_s: Option<f64>,
    others_share: Option<f64>,
    others_kbit_per_s: Option<u64>,
    wait_max_s: Option<f64>,
    when_busy: Option<WhenBusy>,
    make_way: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhenBusy {
    Measure,
    Skip,
}

#[derive(Debug, Default, Deserialize)]
struct ScheduleTable {
    runs_per_week: Option<u16>,
    seed: Option<u64>,
    utc_offset_minutes: Option<i32>,
    every_s: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct ReachTable {
    per_day: Option<u16>,
    doh: Option<String>,
    every_s: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct ServiceTable {
    url: String,
    expect: Option<String>,
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

impl SiteTable {
    fn check(self) -> Result<Site, ConfigFault> {
        let missing = |key: &str| fault(key, "missing");
        let lon = self.lon.ok_or_else(|| missing("site.lon"))?;
        let lat = self.lat.ok_or_else(|| missing("site.lat"))?;
        let point = LonLat::new(lon, lat).map_err(|error| fault("site", error))?;
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
            technology: self.technology.as_deref().map(technology).transpose()?,
            subscribed_download_bits_per_second: download,
            subscribed_upload_bits_per_second: upload,
            source: self.source.unwrap_or(LineSource::Declared),
        }))
    }
}

impl PolitenessTable {
    fn check(self) -> Result<Politeness, ConfigFault> {
        let share = self.others_share.unwrap_or(0.05);
        if !(share > 0.0 && share <= 1.0) {
            return Err(fault("politeness.others_share", "expected a share above 0 and up to 1"));
        }
        let wait_max = seconds("politeness.wait_max_s", self.wait_max_s, 600.0, 0.0)?;
        if wait_max > WAIT_MAX {
            return Err(fault(
                "politeness.wait_max_s",
                "a run moved by more than an hour is no longer at its random moment",
            ));
        }
        Ok(Politeness {
            watch: seconds("politeness.watch_s", self.watch_s, 3.0, 0.1)?.min(WAIT_MAX),
            share,
            bits_per_second: self.others_kbit_per_s.unwrap_or(500).saturating_mul(1_000),
            wait_max,
            skips: self.when_busy == Some(WhenBusy::Skip),
            yields: self.make_way.unwrap_or(true),
        })
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

impl ReachTable {
    fn check(self, services: Vec<ServiceTable>) -> Result<Reach, ConfigFault> {
        let web = |key: String, text: &str| match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(url),
            _ => Err(fault(key, "expected https://host[:port]/path")),
        };
        let read = |(place, table): (usize, ServiceTable)| {
            let url = web(format!("services[{place}].url"), &table.url)?;
            Ok(Service { url, expect: table.expect })
        };
        let every = |every| seconds("reachability.every_s", Some(every), every, 1.0);
        Ok(Reach {
            services: services.into_iter().enumerate().map(read).collect::<Result<_, _>>()?,
            per_day: self.per_day.unwrap_or(4),
            doh: self
                .doh
                .filter(|doh| !doh.is_empty())
                .map(|doh| web("reachability.doh".to_owned(), &doh))
                .transpose()?,
            every: self.every_s.map(every).transpose()?,
        })
    }
}

/// What people write for a technology, and its code.
const TECHNOLOGY_NAMES: [(&str, &str); 16] = [
    ("fibre", "ftth"),
    ("fiber", "ftth"),
    ("ftto", "ftth"),
    ("adsl", "dsl"),
    ("vdsl", "dsl"),
    ("vdsl2", "dsl"),
    ("xdsl", "dsl"),
    ("cable", "coax"),
    ("câble", "coax"),
    ("4g", "4g_fixe"),
    ("5g", "5g_fixe"),
    ("satellite", "sat"),
    ("starlink", "sat"),
    ("wimax", "radio"),
    ("thd radio", "radio"),
    ("lte", "4g_fixe"),
];

fn technology(text: &str) -> Result<AccessTechnology, ConfigFault> {
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{Error, StrDeserializer};
    let code: StrDeserializer<'_, Error> = text.into_deserializer();
    AccessTechnology::deserialize(code).map_err(|_| {
        let written = text.to_lowercase();
        let meant = TECHNOLOGY_NAMES.iter().find(|(name, _)| *name == written);
        let meant = meant.map_or(String::new(), |(_, code)| format!(", did you mean `{code}`?"));
        let all = "one of ftth, dsl, coax, 4g_fixe, 5g_fixe, radio, sat, mobile";
        fault("access.technology", format!("unknown technology `{text}`{meant} ({all})"))
    })
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
        if targets.iter().any(|other| other.id == id) {
            return Err(fault(key("id"), format!("{id} is the name of another target too")));
        }
        if targets.iter().any(|other| other.host == host) {
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
