//! What `desserte query` is told.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use desserte_lake::{QUERY_SPILL_BYTES, QueryLimits, State};

use crate::cluster::ClusterAddress;

/// Options of `desserte query`.
#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// The question, such as "SELECT commune, count(*) FROM throughput GROUP BY commune".
    #[arg(value_name = "SQL")]
    pub(crate) sql: String,
    /// Directory of the store, to ask files of this machine.
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    pub(crate) data: Option<PathBuf>,
    /// A collector to ask, such as postgresql://analyse@collector.example:5433; the password is read from PGPASSWORD.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Certificates that the collector's own is signed by (PEM), when the system does not know them.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
    /// A cluster to ask, such as df://127.0.0.1:50050, about the history of --data. It reads files only, under the path that they have
    /// here: what waits in the store is not in the answer, which says up to which number it reaches. `desserte lake flush` hands
    /// over, `desserte lake rollup` before spares much work.
    #[arg(long, value_name = "URL", requires = "data")]
    pub(crate) cluster: Option<ClusterAddress>,
    /// Parts that a cluster does a question in at the most: as many as its executors have cores together, or more.
    #[arg(long, value_name = "COUNT", default_value = "16", requires = "cluster")]
    pub(crate) parts: NonZeroUsize,
    /// Format of the answer.
    #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
    pub(crate) format: QueryFormat,
    /// Where to write; by default to standard output.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Only rows up to this number, as an earlier answer named it: the same rows as then. Where several collectors write, a number
    /// for each, with commas.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) as_of: Option<State>,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QueryFormat {
    /// A table for the screen
    Table,
    /// CSV with a header; an empty cell is null
    Csv,
    /// Parquet
    Parquet,
    /// One JSON array of objects
    Json,
}

/// Seconds that a question to files of this machine may take when nothing else is said.
const SECONDS: u64 = 600;

/// What a question may take; 0 sets no limit. A collector that is asked by `--url` has limits of its own.
#[derive(Debug, Args)]
pub(crate) struct LimitArguments {
    /// Territory file for `commune_at`; by default the one in the directory of the store, if there is one.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub(crate) territory: Option<PathBuf>,
    /// Seconds that the question may take: 600 with --data, what the collector allows with --url.
    #[arg(long, value_name = "SECONDS")]
    pub(super) max_seconds: Option<u64>,
    /// Memory for its sorts, groups and joins, in MiB; beyond it they go to the disk.
    #[arg(long, value_name = "MIB", default_value_t = 2_048, conflicts_with = "url")]
    max_memory: usize,
    /// Rows that the answer may have.
    #[arg(long, value_name = "ROWS", default_value_t = 50_000_000, conflicts_with = "url")]
    max_rows: u64,
    /// Size that the answer may have as it is written, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 8_192)]
    max_size: u64,
}

impl LimitArguments {
    pub(crate) fn limits(&self) -> QueryLimits {
        let some = |limit: u64| (limit > 0).then_some(limit);
        QueryLimits {
            time: some(self.max_seconds.unwrap_or(SECONDS)).map(Duration::from_secs),
            memory_bytes: match self.max_memory {
                0 => usize::MAX,
                mib => mib.saturating_mul(1 << 20),
            },
            spill_bytes: QUERY_SPILL_BYTES,
            rows: some(self.max_rows),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        if self.max_size == 0 { u64::MAX } else { self.max_size.saturating_mul(1 << 20) }
    }
}
