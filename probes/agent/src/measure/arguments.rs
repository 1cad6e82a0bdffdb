//! The flags of `measure`, and the run that they ask for.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use desserte_model::{Direction, IpFamily, Medium, RunMode};
use desserte_net::locate::{LocateConfig, Nearest, spots};
use desserte_net::ndt7::RunConfig;
use desserte_net::stamp::StampConfig;
use desserte_net::{FamilyChoice, PathChoice, ServerUrl, TlsTrust, iperf3, librespeed};
use desserte_units::{BitRate, ByteCount};
use url::Url;

use super::protocol::Protocol;
use crate::conduct::Carrier;
use crate::config::DEFAULT_STATE_DIR;
use crate::recorder;
use crate::status::Language;

/// Longest transfer that the ndt7 specification lets a peer expect (section 2, 13 s).
const DURATION_MAX_S: f64 = 13.0;

/// Shortest transfer that can be asked for: ten readings.
const DURATION_MIN_S: f64 = 1.0;

/// How long a server of iperf3 that serves another may let us wait: two tests of ten seconds.
const IPERF3_PATIENCE: Duration = Duration::from_secs(20);

/// Which directions are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Directions {
    /// From the server to here.
    Download,
    /// From here to the server.
    Upload,
    /// One after the other.
    Both,
}

/// Flags of `measure`.
#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    /// Measurement protocol.
    #[arg(value_enum)]
    pub(crate) protocol: Protocol,
    /// Address of the measurement server.
    pub(crate) url: String,
    /// Which directions; both by default.
    #[arg(long, value_enum)]
    direction: Option<Directions>,
    /// Last the whole planned time instead of stopping as soon as the figure is sure.
    #[arg(long, conflicts_with = "threshold")]
    full: bool,
    /// Only say whether the line carries at least so many Mbit/s, and stop as soon as that is sure. The exit code is 0 for yes
    /// and 2 for no or not sure.
    #[arg(long, value_name = "MBIT_PER_S")]
    pub(super) threshold: Option<f64>,
    /// Answer as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
    /// Planned length of each run in seconds, 1 to 13.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    duration: f64,
    /// Connections at once. By default one, and then four if one was held back by a window or a buffer; with librespeed
    /// six down and three up.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(desserte_net::ndt7::STREAMS_MAX)))]
    pub(crate) streams: Option<u16>,
    /// Octets that each run may put on the line at the most, headers and echoes included.
    #[arg(long, value_name = "OCTETS")]
    max_bytes: Option<u64>,
    /// Over IPv4 only.
    #[arg(long, conflicts_with = "ipv6")]
    ipv4: bool,
    /// Over IPv6 only.
    #[arg(long)]
    ipv6: bool,
    /// Interface to measure over; needs the right to bind to it. That of the default route by default.
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: Option<String>,
    /// Certificate authority to trust besides the public ones, in PEM.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// Wait until others leave the line free, and make way for them, as the agent does; else the result is only marked.
    #[arg(long)]
    pub(crate) polite: bool,
    /// Send no echoes before and beside the runs.
    #[arg(long)]
    pub(crate) no_latency: bool,
    /// Show no progress.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Folder in which `selftest` kept what this device can do, and where it is kept when a Locate service may be asked
    /// again.
    #[arg(long, value_name = "DIR", env = "DESSERTE_PROBE_STATE_DIR", default_value = DEFAULT_STATE_DIR)]
    pub(crate) state_dir: PathBuf,
}

impl MeasureArgs {
    /// What each run is meant to do.
    pub(crate) fn mode(&self) -> anyhow::Result<RunMode> {
        anyhow::ensure!(
            (DURATION_MIN_S..=DURATION_MAX_S).contains(&self.duration),
            "--duration {}: expected {DURATION_MIN_S} to {DURATION_MAX_S} seconds",
            self.duration
        );
        let Some(megabits) = self.threshold else {
            return Ok(if self.full { RunMode::Full } else { RunMode::Adaptive });
        };
        let rate = BitRate::from_mbit_per_s(megabits).filter(|rate| rate.as_bits_per_second() >= 1.0);
        let rate = rate.with_context(|| format!("--threshold {megabits}: expected a rate above zero"))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is finite and not negative"
        )]
        let bits_per_second = rate.as_bits_per_second().round() as u64;
        Ok(RunMode::Threshold { bits_per_second })
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.duration.clamp(DURATION_MIN_S, DURATION_MAX_S))
    }

    pub(crate) fn directions(&self) -> Vec<Direction> {
        match self.direction.unwrap_or(Directions::Both) {
            Directions::Download => vec![Direction::Download],
            Directions::Upload => vec![Direction::Upload],
            Directions::Both => vec![Direction::Download, Direction::Upload],
        }
    }

    const fn family(&self) -> FamilyChoice {
        match (self.ipv4, self.ipv6) {
            (true, _) => FamilyChoice::Only(IpFamily::Ipv4),
            (_, true) => FamilyChoice::Only(IpFamily::Ipv6),
            _ => FamilyChoice::Any,
        }
    }

    /// The first flag given that only means something for throughput.
    pub(super) fn flag_of_throughput(&self) -> Option<&'static str> {
        [
            ("--direction", self.direction.is_some()),
            ("--full", self.full),
            ("--threshold", self.threshold.is_some()),
            ("--streams", self.streams.is_some()),
            ("--max-bytes", self.max_bytes.is_some()),
            ("--ca", self.ca.is_some()),
            ("--polite", self.polite),
            ("--no-latency", self.no_latency),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }

    fn trust(&self) -> anyhow::Result<Option<TlsTrust>> {
        let Some(path) = &self.ca else { return Ok(None) };
        let pem = std::fs::read(path)
            .with_context(|| format!("reading the certificate authority {}", path.display()))?;
        let trust = TlsTrust::with_private_ca(&pem);
        let trust = trust.with_context(|| format!("using the certificate authority {}", path.display()))?;
        Ok(Some(trust))
    }

    fn address<T>(&self) -> anyhow::Result<T>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.url.parse().with_context(|| format!("reading the address {}", self.url))
    }

    /// The Locate service that stands in place of a server of ndt7.
    pub(super) fn service(&self) -> Option<Url> {
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        Url::parse(&self.url).ok().filter(|url| self.protocol == Protocol::Ndt7 && is_web(url))
    }

    /// The question for the nearest servers, where it is to be asked.
    pub(super) fn locate(&self) -> anyhow::Result<Option<LocateConfig>> {
        let Some(service) = self.service() else { return Ok(None) };
        Ok(Some(LocateConfig {
            service,
            path: PathChoice {
                family: self.family(),
                interface: self.interface.clone(),
                trust: self.trust()?,
                ..PathChoice::default()
            },
            software: recorder::software(),
        }))
    }

    /// The session of STAMP that is asked for.
    pub(super) fn stamp(&self) -> anyhow::Result<StampConfig> {
        let mut config = StampConfig::new(self.address()?);
        let packets = self.duration().as_millis() / config.interval.as_millis().max(1);
        config.count = u32::try_from(packets).unwrap_or(u32::MAX);
        config.path.family = self.family();
        config.path.interface.clone_from(&self.interface);
        Ok(config)
    }

    /// The run that is asked for, with the servers that were found if any were looked for.
    pub(super) fn carrier(
        &self,
        direction: Direction,
        medium: &Medium,
        nearest: Option<&Nearest>,
    ) -> anyhow::Result<Carrier> {
        match self.protocol {
            Protocol::Ndt7 => match nearest {
                None => Ok(Carrier::Ndt7(Box::new(self.ndt7(self.address()?, direction, medium)?))),
                Some(nearest) => {
                    let secure = self.service().is_some_and(|service| service.scheme() == "https");
                    let spots = spots(nearest, direction, secure);
                    let first = spots.first().context("the service names no server for this direction")?;
                    let config = self.ndt7(first.server.clone(), direction, medium)?;
                    Ok(Carrier::Nearest(Box::new(config), spots))
                }
            },
            Protocol::LibreSpeed => {
                let mut config = librespeed::RunConfig::new(self.address()?, direction, recorder::software());
                config.duration = self.duration();
                config.max_bytes = self.max_bytes.map(ByteCount::from_bytes);
                config.path.family = self.family();
                config.path.interface.clone_from(&self.interface);
                config.path.trust = self.trust()?;
                config.medium = medium.clone();
                Ok(Carrier::LibreSpeed(Box::new(config)))
            }
            Protocol::Iperf3 => {
                let mut config = iperf3::RunConfig::new(self.address()?, direction);
                config.duration = self.duration();
                config.max_bytes = self.max_bytes.map(ByteCount::from_bytes);
                config.patience = IPERF3_PATIENCE;
                config.path.family = self.family();
                config.path.interface.clone_from(&self.interface);
                config.medium = medium.clone();
                Ok(Carrier::Iperf3(Box::new(config)))
            }
            Protocol::Stamp => anyhow::bail!("STAMP measures no throughput"),
        }
    }

    fn ndt7(&self, server: ServerUrl, direction: Direction, medium: &Medium) -> anyhow::Result<RunConfig> {
        let mut config = RunConfig::new(server, direction, recorder::software());
        config.duration = self.duration();
        config.max_bytes = self.max_bytes.map(ByteCount::from_bytes);
        config.path.family = self.family();
        config.path.interface.clone_from(&self.interface);
        config.path.trust = self.trust()?;
        config.medium = medium.clone();
        Ok(config)
    }
}
