//! `desserte cluster`: the history asked on several machines (docs/spec/cluster.md).
//!
//! Commands and options are always there; what they do is in `with` when the program was built with the feature `cluster`.

#[cfg(feature = "cluster")]
mod with;
#[cfg(not(feature = "cluster"))]
mod without;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

#[cfg(feature = "cluster")]
pub(crate) use self::with::{Answer, ask, run};
#[cfg(not(feature = "cluster"))]
pub(crate) use self::without::{Answer, ask, run};

/// Where a scheduler listens when nothing else is said.
const SCHEDULER_PORT: u16 = 50_050;

/// What to run of a cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Take questions, cut them into parts and give these to executors. One for a cluster; it keeps nothing on the disk.
    Scheduler(SchedulerArguments),
    /// Read files and compute parts of questions, on as many machines as there are; each must find the history under the same path.
    Executor(ExecutorArguments),
}

/// Options of `desserte cluster scheduler`.
#[derive(Debug, Args)]
pub(crate) struct SchedulerArguments {
    /// Address to listen on. Whoever reaches it can ask everything and read every file of the executors: there is no password.
    /// Keep it in a private network (docs/spec/cluster.md).
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50050")]
    listen: SocketAddr,
    #[command(flatten)]
    part: PartArguments,
}

/// Options of `desserte cluster executor`.
#[derive(Debug, Args)]
pub(crate) struct ExecutorArguments {
    /// The scheduler.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050", value_parser = host_and_port)]
    scheduler: (String, u16),
    /// Address at which clients and other executors fetch results. As with the scheduler's, there is no password.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Directory for what is between the parts of a question, created if missing: rows and groups, up to the size of what is read.
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Parts of questions that it computes at once; by default as many as the machine runs.
    #[arg(long, value_name = "COUNT")]
    cores: Option<NonZeroUsize>,
    /// Directory whose history.toml says in which object store the history stands (docs/spec/lake.md), with the right to read it; without
    /// it only files of this machine are read.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Memory for sorts, groups and joins of all of them together, in MiB; beyond it they go to the disk.
    #[arg(long, value_name = "MIB", default_value_t = 2_048, value_parser = clap::value_parser!(u64).range(64..))]
    max_memory: u64,
    #[command(flatten)]
    part: PartArguments,
}

/// Options of both.
#[derive(Debug, Args)]
struct PartArguments {
    /// Name or address by which the other machines reach it; by default the one that it listens on.
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Territory file for `commune_at`; without it the function is refused. The same file for every part of a cluster.
    #[arg(long, value_name = "FILE")]
    territory: Option<PathBuf>,
    /// What is written to standard error, such as "info" or "warn,ballista_executor=info".
    #[arg(long, value_name = "FILTER", default_value = "warn,desserte=info,desserte_cluster=info")]
    log: String,
}

/// A cluster to ask, as `df://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterAddress {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl std::str::FromStr for ClusterAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest =
            text.strip_prefix("df://").ok_or("it must begin with df://, such as df://127.0.0.1:50050")?;
        let (host, port) = host_and_port(rest.trim_end_matches('/'))?;
        Ok(Self { host, port })
    }
}

/// A host, and a port that need not be said.
fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| format!("{port:?} is no port"))?),
        None => (text, SCHEDULER_PORT),
    };
    let known = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
    if host.is_empty() || !host.chars().all(known) {
        return Err(format!("{host:?} is no name of a machine and no IPv4 address"));
    }
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_cluster_names_a_machine_and_perhaps_a_port() {
        let read = |text: &str| text.parse::<ClusterAddress>().map(|address| (address.host, address.port));
        assert_eq!(read("df://10.0.0.7:50060"), Ok(("10.0.0.7".to_owned(), 50_060)));
        assert_eq!(read("df://calcul.example/"), Ok(("calcul.example".to_owned(), 50_050)));
        for wrong in
            ["10.0.0.7:50050", "http://a:1", "df://", "df://:50050", "df://a:b", "df://a b:1", "df://a:70000"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
