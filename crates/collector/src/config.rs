//! What an operator may set; the commented default file is `default-config.toml`.

use std::time::Duration;

use desserte_boot::logging::LogFormat;
use serde::Deserialize;

pub use crate::login::{LoginConfig, OpenidClaim, OpenidConfig};

/// The commented default file: every key with its default.
pub const DEFAULT_CONFIG: &str = include_str!("../default-config.toml");

/// The collector's configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// What may be shown.
    pub publication: Publication,
    /// What is accepted from probes.
    pub ingest: Ingest,
    /// How requests are served.
    pub server: Server,
    /// Where clients are sent to measure.
    pub locate: Locate,
    /// How probes are enrolled.
    pub enrolment: EnrolmentConfig,
    /// What is done to prove what was received.
    pub custody: Custody,
    /// What is erased when its time is over.
    pub retention: RetentionConfig,
    /// Open data that is served.
    pub open_data: OpenDataConfig,
    /// Indicators of months.
    pub indicators: Indicators,
    /// Tests that residents give.
    pub contributions: Contributions,
    /// The map that can be zoomed.
    pub map: Map,
    /// Dossiers that anyone may ask for.
    pub dossiers: Dossiers,
    /// Figures that are kept for permanent links.
    pub editions: Editions,
    /// Pages of the administration.
    pub login: LoginConfig,
    /// Logs.
    pub log: Log,
}

/// When a figure may be shown. The rule is printed beside every figure.
///
/// # Source
/// 6 is the smallest number of independent readings that bound a median (order statistics, two-sided 95 %); runs of one
/// probe are not independent, so this is a floor, dated 2026-11-21, until intervals are published. One day of known time
/// is a proposal of the same date.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Publication {
    /// Fewest complete runs for a median.
    pub minimum_runs: u64,
    /// Least known time of a probe, in minutes, for its outages to count.
    pub minimum_known_minutes: u64,
    /// Default length of the period, in days.
    pub period_days: u16,
    /// Whether everything is labelled a demonstration.
    pub demonstration: bool,
}

impl Default for Publication {
    fn default() -> Self {
        Self { minimum_runs: 6, minimum_known_minutes: 1_440, period_days: 30, demonstration: false }
    }
}

impl Publication {
    /// Least known time of a probe for its outages to count.
    #[must_use]
    pub const fn minimum_known(&self) -> Duration {
        Duration::from_secs(self.minimum_known_minutes.saturating_mul(60))
    }
}

/// What is accepted from probes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Ingest {
    /// How far ahead of the collector's clock a record may be dated, seconds.
    pub future_tolerance_s: u32,
    /// Largest age of a signature, seconds.
    pub signature_age_s: u32,
    /// Requests of one probe under way at once.
    pub requests_per_probe: usize,
}

impl Default for Ingest {
    fn default() -> Self {
        Self { future_tolerance_s: 300, signature_age_s: 300, requests_per_probe: 4 }
    }
}

/// How requests are served.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Requests under way at once.
    pub concurrent_requests: usize,
    /// Longest time to answer, seconds.
    pub request_timeout_s: u64,
    /// Longest time to finish what is under way at the end, seconds.
    pub drain_s: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self { concurrent_requests: 512, request_timeout_s: 60, drain_s: 20 }
    }
}

/// Where clients are sent to measure.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Locate {
    /// Questions of one address within a window; zero sets no limit.
    pub requests_per_address: u32,
    /// Length of the window, seconds.
    pub window_s: u32,
    /// The measurement servers.
    pub servers: Vec<MeasurementServer>,
}

impl Default for Locate {
    fn default() -> Self {
        Self { requests_per_address: 40, window_s: 43_200, servers: Vec::new() }
    }
}

/// Dossiers that anyone may ask for on a commune's page.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Dossiers {
    /// Whether they can be asked for: then signed records of probes in public buildings become public.
    pub offer: bool,
    /// Dossiers that one address may ask for within an hour; zero sets no limit.
    pub requests_per_address: u32,
    /// Dossiers that wait at the most.
    pub waiting: usize,
    /// Longest time to make one, minutes.
    pub minutes: u64,
    /// Most memory to make one, MiB.
    pub memory_mib: u64,
    /// How long one is kept, hours.
    pub keep_hours: u64,
    /// Room for all that are kept, MiB.
    pub keep_mib: u64,
    /// What makes them; set by the program that runs the collector. `None`: they cannot be asked for.
    #[serde(skip)]
    pub program: Option<DossierProgram>,
}

/// The program that makes dossiers, and what it is told beside what is asked for.
#[derive(Debug, Clone)]
pub struct DossierProgram {
    /// `desserte`.
    pub executable: std::path::PathBuf,
    /// The territory file that the collector uses.
    pub territory: std::path::PathBuf,
}

impl Default for Dossiers {
    fn default() -> Self {
        Self {
            offer: false,
            requests_per_address: 5,
            waiting: 20,
            minutes: 30,
            memory_mib: 2_048,
            keep_hours: 48,
            keep_mib: 1_024,
            program: None,
        }
    }
}

/// Figures that are kept for permanent links.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Editions {
    /// Room for all of them, MiB; zero keeps none.
    pub room_mib: u64,
    /// How many one address may have kept within an hour; zero sets no limit.
    pub requests_per_address: u32,
}

impl Editions {
    /// Octets that all of them may have.
    pub(crate) const fn room(&self) -> u64 {
        const MIB: u64 = 1024 * 1024;
        self.room_mib.saturating_mul(MIB)
    }
}

impl Default for Editions {
    fn default() -> Self {
        Self { room_mib: 256, requests_per_address: 30 }
    }
}

/// Open data that is served.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OpenDataConfig {
    /// Directory that `desserte export` writes; empty: nothing is served.
    pub directory: std::path::PathBuf,
}

/// The map that can be zoomed. Both are empty, and there is none; or both are set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Map {
    /// Vector tiles, as `desserte territory tiles` writes them.
    pub tiles: std::path::PathBuf,
    /// Directory with the files of MapLibre GL JS.
    pub library: std::path::PathBuf,
}

/// A measurement server that clients are sent to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct MeasurementServer {
    /// Its name.
    pub machine: String,
    /// Its address in clear.
    pub ws: Option<Origin>,
    /// Its address over TLS.
    pub wss: Option<Origin>,
    /// Longitude in degrees.
    pub lon: Option<f64>,
    /// Latitude in degrees.
    pub lat: Option<f64>,
    /// The town it stands in.
    pub city: Option<String>,
    /// Two letters of ISO 3166-1; France when absent.
    #[serde(default = "france")]
    pub country: String,
    /// What it can carry, for its share of the clients without a position.
    #[serde(default = "usual_capacity")]
    pub capacity_mbit: u32,
}

fn france() -> String {
    "FR".to_owned()
}

const fn usual_capacity() -> u32 {
    1_000
}

/// Scheme, host and port of a measurement server: `ws://host[:port]` or `wss://host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(String);

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let host = text.strip_prefix("ws://").or_else(|| text.strip_prefix("wss://")).unwrap_or_default();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        if !host.is_empty() && host.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not an address such as wss://mesure.example:4443"))
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How probes are enrolled with a code.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct EnrolmentConfig {
    /// Refused requests of one address within an hour; zero sets no limit for one address.
    pub refused_per_address: u32,
    /// Whom new probes send echoes to.
    pub targets: Vec<EnrolmentTargetConfig>,
}

impl Default for EnrolmentConfig {
    fn default() -> Self {
        Self { refused_per_address: 10, targets: Vec::new() }
    }
}

/// A target of echoes that new probes are given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EnrolmentTargetConfig {
    /// Its name in records.
    pub id: String,
    /// Its name in the network, or its address.
    pub host: String,
}

/// What is done to prove what was received.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Custody {
    /// Whether each day is sealed once it is over.
    pub seal: bool,
}

impl Default for Custody {
    fn default() -> Self {
        Self { seal: true }
    }
}

/// What is erased when its time is over (docs/spec/retention.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct RetentionConfig {
    /// Whether anything is. Whoever sets it to false answers for keeping what concerns people without end.
    pub erase: bool,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { erase: true }
    }
}

/// Indicators of months.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Indicators {
    /// Whether each month's indicators are made and kept once it is over.
    pub keep: bool,
}

impl Default for Indicators {
    fn default() -> Self {
        Self { keep: true }
    }
}

/// Tests that residents make with their browser.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Contributions {
    /// Whether tests can be given; the page of the test is there whenever measurement servers are.
    pub accept: bool,
    /// Whole months after which a test is forgotten.
    pub keep_months: u16,
    /// Tests and erasures of one address within an hour; zero sets no limit.
    pub requests_per_address: u32,
}

impl Default for Contributions {
    fn default() -> Self {
        let given = desserte_retention::Retention::built_in().terms.given;
        Self { accept: true, keep_months: given.value, requests_per_address: 12 }
    }
}

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Log {
    /// Filter by part.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_says_what_the_program_does_without_it() {
        let read: Config = desserte_boot::config::parse(DEFAULT_CONFIG, DEFAULT_CONFIG, "default").unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn measurement_servers_are_read_with_what_is_usual() {
        let text = "[[locate.servers]]\nmachine = \"a\"\nwss = \"wss://a.example\"\nlon = 2.3\nlat = 48.9\n";
        let read: Config = desserte_boot::config::parse(text, DEFAULT_CONFIG, "c.toml").unwrap();
        let server = &read.locate.servers[0];
        assert_eq!((server.country.as_str(), server.capacity_mbit), ("FR", 1_000));
        assert_eq!(read.locate.requests_per_address, 40);
        for wrong in
            ["ws = \"https://a.example\"", "ws = \"ws://a.example/x\"", "ws = \"ws://\"", "wsx = \"\""]
        {
            let text = format!("[[locate.servers]]\n{wrong}\n");
            assert!(
                desserte_boot::config::parse::<Config>(&text, DEFAULT_CONFIG, "c.toml").is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_closest_known_one() {
        let text = "[publication]\nminimum_run = 3\n";
        let error = desserte_boot::config::parse::<Config>(text, DEFAULT_CONFIG, "c.toml").unwrap_err();
        assert!(error.to_string().contains("`publication.minimum_runs`"), "{error}");
    }
}
