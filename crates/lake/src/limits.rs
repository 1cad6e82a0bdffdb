//! What one query may take, and how it is stopped when it takes more.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool, TrackConsumersPool};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures_util::TryStreamExt as _;
use tokio::time::{Instant, timeout_at};

/// Memory of one query, beyond which sorts and groups go to the disk or the query ends. The engine needed 1.1 GB for twenty
/// million rows by commune and quantile.
pub const QUERY_MEMORY_BYTES: usize = 2 << 30;

/// Room on the disk for what one query sorts and groups there: about as much as a year of a département takes.
pub const QUERY_SPILL_BYTES: u64 = 16 << 30;

/// How many of those that hold most are named when memory is used up.
const NAMED: NonZeroUsize = NonZeroUsize::new(5).expect("a constant above zero");

/// Memory that whatever can go on from the disk shares evenly. Where it is given to who asks first, one half of a sort takes what the
/// other one needs in order to write to the disk, and the sort fails instead.
pub(crate) fn memory(bytes: usize) -> Arc<dyn MemoryPool> {
    Arc::new(TrackConsumersPool::new(FairSpillPool::new(bytes), NAMED))
}

/// What one query may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLimits {
    /// From the question to the last row; `None` for as long as it takes.
    pub time: Option<Duration>,
    /// Memory for sorts, groups and joins. What a scan holds at a moment, a few megabytes a thread, comes on top.
    pub memory_bytes: usize,
    /// Disk for what does not fit in memory.
    pub spill_bytes: u64,
    /// Rows of the answer; `None` for any number.
    pub rows: Option<u64>,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { time: None, memory_bytes: QUERY_MEMORY_BYTES, spill_bytes: QUERY_SPILL_BYTES, rows: None }
    }
}

/// Why a query was stopped.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// It took too long.
    #[error("the query was stopped after {} s, the longest that one may take", limit.as_secs_f64())]
    Time {
        /// The limit.
        limit: Duration,
    },
    /// It needed more memory than it may have and could not go on from the disk, or the disk's share was used up as well.
    #[error("the query was stopped: it needs more memory than the {limit} bytes that one may take ({said})")]
    Memory {
        /// The limit.
        limit: usize,
        /// What the engine says.
        said: String,
    },
    /// Its answer is too long.
    #[error("the query was stopped: its answer has more than {limit} rows, the most that one may have")]
    Rows {
        /// The limit.
        limit: u64,
    },
    /// It failed by itself.
    #[error("{}", .0.strip_backtrace())]
    Failed(DataFusionError),
}

impl Stopped {
    /// What became of a query, from what the engine says of it.
    #[must_use]
    pub fn from_engine(error: DataFusionError, limits: &QueryLimits) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => {
                let said = error.strip_backtrace();
                Self::Memory {
                    limit: limits.memory_bytes,
                    said: said.lines().next().unwrap_or_default().to_owned(),
                }
            }
            _ => Self::Failed(error),
        }
    }
}

/// The answer to a query, as far as its limits allow.
pub struct Bounded {
    rows: SendableRecordBatchStream,
    limits: QueryLimits,
    deadline: Option<Instant>,
    given: u64,
}

impl Bounded {
    /// The answer `rows` to a query that must be done at `deadline`.
    #[must_use]
    pub fn new(rows: SendableRecordBatchStream, limits: QueryLimits, deadline: Option<Instant>) -> Self {
        Self { rows, limits, deadline, given: 0 }
    }

    /// Names and kinds of the columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// When a limit is reached, or the query fails.
    pub async fn next_rows(&mut self) -> Result<Option<RecordBatch>, Stopped> {
        let next = within(self.deadline, self.limits.time, self.rows.try_next())
            .await?
            .map_err(|error| Stopped::from_engine(error, &self.limits))?;
        self.given += next.as_ref().map_or(0, |rows| rows.num_rows() as u64);
        match self.limits.rows {
            Some(limit) if self.given > limit => Err(Stopped::Rows { limit }),
            _ => Ok(next),
        }
    }
}

/// When a query that begins now must be done.
#[must_use]
pub fn deadline(limits: &QueryLimits) -> Option<Instant> {
    limits.time.and_then(|time| Instant::now().checked_add(time))
}

/// Waits for `work`, but not past the deadline of a query.
///
/// # Errors
/// At the deadline. The engine gives way every few batches, so that this is not much later.
pub async fn within<T>(
    deadline: Option<Instant>,
    limit: Option<Duration>,
    work: impl Future<Output = T>,
) -> Result<T, Stopped> {
    match deadline {
        Some(deadline) => {
            timeout_at(deadline, work).await.map_err(|_| Stopped::Time { limit: limit.unwrap_or_default() })
        }
        None => Ok(work.await),
    }
}
