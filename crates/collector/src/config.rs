//! What an operator may set; the commented default file is `default-config.toml`.

use std::time::Duration;

use desserte_boot::logging::LogFormat;
use serde::Deserialize;

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
    fn a_misspelt_key_is_named_with_the_closest_known_one() {
        let text = "[publication]\nminimum_run = 3\n";
        let error = desserte_boot::config::parse::<Config>(text, DEFAULT_CONFIG, "c.toml").unwrap_err();
        assert!(error.to_string().contains("`publication.minimum_runs`"), "{error}");
    }
}
