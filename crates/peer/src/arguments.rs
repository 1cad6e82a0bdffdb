//! The command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use desserte_boot::logging::LogFormat;
use desserte_model::ServerId;
use desserte_net::{CongestionAlgorithm, TlsIdentity};
use desserte_proto::librespeed::Base;
use desserte_units::BitRate;

use crate::admission::Capacity;
use crate::iperf3::Iperf3Arguments;
use crate::stamp::StampArguments;

/// Serve measurements to Desserte probes, and to any ndt7 or LibreSpeed client.
///
/// A probe reads its line against this server, so the server must be faster than the lines and never be the narrow
/// place: it admits measurements up to its capacity and tells the next client when to come back. It keeps nothing and
/// writes no file. `GET /healthz` says how it is; SIGTERM lets running measurements finish.
#[derive(Debug, Parser)]
#[command(name = "desserte-server", version)]
pub(crate) struct Arguments {
    /// Address to serve ws:// on, in clear, such as 0.0.0.0:80 or `[::]:80`. May be repeated. With --tls-cert and
    /// without --listen-tls, this address is served over TLS instead.
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,

    /// Address to serve wss:// on, over TLS. May be repeated. Needs --tls-cert and --tls-key.
    #[arg(long, value_name = "ADDR", requires = "tls_cert", requires = "tls_key")]
    listen_tls: Vec<SocketAddr>,

    /// Certificate chain in PEM, the server's own certificate first.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Name of this server in every record made against it: 1 to 64 of a-z 0-9 . - _ : [default: the machine's name]
    #[arg(long, value_name = "NAME")]
    id: Option<ServerId>,

    /// Rate in Mbit/s that this server and its uplink can carry. Measurements are admitted while their expected rates
    /// together stay below it.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    capacity_mbit: u32,

    /// Rate in Mbit/s that a client is expected to reach when it does not say. Desserte probes say.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    session_mbit: u32,

    /// Measurements that run at the same time at the most, whatever their rates.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    max_sessions: u32,

    /// Congestion control for clients that ask for none. Desserte probes ask, and record what was used.
    #[arg(long, value_enum, default_value_t = Congestion::Cubic)]
    congestion_control: Congestion,

    /// Path below which LibreSpeed's web client and others find garbage, empty and getIP, with and without .php; empty for
    /// the root. Same addresses as ndt7.
    #[arg(long, value_name = "PATH", default_value = "backend")]
    librespeed_base: Base,

    /// Serve no LibreSpeed clients.
    #[arg(long)]
    no_librespeed: bool,

    #[command(flatten)]
    iperf3: Iperf3Arguments,

    #[command(flatten)]
    stamp: StampArguments,

    /// Which log lines are written, such as info or desserte_net=debug,info.
    #[arg(long, value_name = "FILTER", env = "DESSERTE_LOG", default_value = "info")]
    pub(crate) log: String,

    /// How they are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Congestion {
    /// Reads slow lines right; the default.
    Cubic,
    /// Reads lines below 10 Mbit/s up to an eighth too low.
    Bbr,
    /// For comparison.
    Reno,
}

/// One address to serve on.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<TlsIdentity>,
}

/// What the program is to do.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) doors: Vec<Door>,
    pub(crate) id: ServerId,
    pub(crate) capacity: Capacity,
    pub(crate) congestion_control: CongestionAlgorithm,
    /// Where LibreSpeed's clients are served, if they are.
    pub(crate) librespeed: Option<Base>,
    /// How iperf3's clients are served, if they are.
    pub(crate) iperf3: Iperf3Arguments,
    /// Where STAMP packets are reflected, if they are.
    pub(crate) stamp: StampArguments,
}

impl Arguments {
    pub(crate) fn log_format(&self) -> LogFormat {
        match self.log_format {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        }
    }

    /// Turns the words into what they mean; reads the certificate.
    pub(crate) fn plan(&self) -> Result<Plan> {
        ensure!(
            !(self.listen.is_empty() && self.listen_tls.is_empty()),
            "no address to serve on; give --listen ADDR, or --listen-tls ADDR with --tls-cert and --tls-key"
        );
        let identity = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(identity(certificate, key)?),
            _ => None,
        };
        let tls_everywhere = self.listen_tls.is_empty();
        let clear = self
            .listen
            .iter()
            .map(|address| Door { address: *address, tls: identity.clone().filter(|_| tls_everywhere) });
        let secure = self.listen_tls.iter().map(|address| Door { address: *address, tls: identity.clone() });
        let rate = |megabits: u32| BitRate::from_mbit_per_s(f64::from(megabits)).unwrap_or_default();
        Ok(Plan {
            doors: clear.chain(secure).collect(),
            id: self.id.clone().map_or_else(machine_name, Ok)?,
            capacity: Capacity {
                rate: rate(self.capacity_mbit),
                session_rate: rate(self.session_mbit),
                sessions: usize::try_from(self.max_sessions)?,
            },
            congestion_control: match self.congestion_control {
                Congestion::Cubic => CongestionAlgorithm::Cubic,
                Congestion::Bbr => CongestionAlgorithm::Bbr,
                Congestion::Reno => CongestionAlgorithm::Reno,
            },
            librespeed: Some(self.librespeed_base.clone()).filter(|_| !self.no_librespeed),
            iperf3: self.iperf3.clone(),
            stamp: self.stamp.clone(),
        })
    }
}

fn identity(certificate: &Path, key: &Path) -> Result<TlsIdentity> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    TlsIdentity::from_pem(&read(certificate)?, &read(key)?).with_context(|| {
        format!("{} and {} do not make a TLS identity", certificate.display(), key.display())
    })
}

fn machine_name() -> Result<ServerId> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .context("this machine has no name; give --id NAME")?;
    let name = name.trim().to_ascii_lowercase();
    name.parse()
        .with_context(|| format!("the machine's name {name:?} cannot stand in records; give --id NAME"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn plan(words: &[&str]) -> Result<Plan> {
        Arguments::try_parse_from([&["desserte-server"], words].concat())?.plan()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn addresses_are_in_clear_unless_there_is_a_certificate() {
        let plan = plan(&["--id", "a-1", "--listen", "127.0.0.1:1", "--listen", "[::1]:1"]).unwrap();
        assert_eq!(plan.doors.len(), 2);
        assert!(plan.doors.iter().all(|door| door.tls.is_none()));
        assert_eq!(plan.id.as_str(), "a-1");
    }

    #[test]
    fn what_cannot_be_served_is_said() {
        for (words, expected) in [
            (&["--id", "a"][..], "no address to serve on"),
            (&["--listen", "127.0.0.1:1", "--tls-cert", "x"], "--tls-key"),
            (&["--listen-tls", "127.0.0.1:1"], "--tls-cert"),
            (&["--listen", "127.0.0.1:1", "--id", "A B"], "is not a server identifier"),
            (
                &["--listen", "127.0.0.1:1", "--tls-cert", "/nowhere", "--tls-key", "/nowhere"],
                "/nowhere cannot be read",
            ),
            (&["--listen", "nonsense"], "invalid"),
            (&["--listen", "127.0.0.1:1", "--librespeed-base", "../x"], "is not a base path"),
        ] {
            let error = format!("{:#}", plan(words).unwrap_err());
            assert!(error.contains(expected), "{words:?}: {error}");
        }
    }
}
