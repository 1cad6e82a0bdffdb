//! The same questions on several machines: scheduler, executor and client of a Ballista cluster, with the functions and the tables
//! of the history.
//!
//! Scheduler and executors are Ballista's own. What is ours: the functions that each of them knows, the lists of files that questions
//! travel with (`desserte_lake::LakeTable`), limits of time, and errors that say what to do. How it is used, what it costs and why
//! its ports belong into a private network: docs/spec/cluster.md.
//!
//! Without the feature `ballista` this crate is empty, so that a build of the workspace does not build Ballista.

#[cfg(feature = "ballista")]
mod client;
#[cfg(feature = "ballista")]
mod codec;
#[cfg(feature = "ballista")]
mod error;
#[cfg(feature = "ballista")]
mod executor;
#[cfg(feature = "ballista")]
mod ready;
#[cfg(feature = "ballista")]
mod scheduler;
#[cfg(feature = "ballista")]
mod session;

/// What the operations of this crate return: boxed, as those of [`desserte_lake`], so that Ballista is compiled here and not where it
/// is awaited at last.
#[cfg(feature = "ballista")]
pub type Work<'a, T> =
    std::pin::Pin<Box<dyn Future<Output = std::result::Result<T, ClusterError>> + Send + 'a>>;

#[cfg(feature = "ballista")]
pub use self::{
    client::{ClusterAnswer, ClusterHistory, ClusterOptions},
    error::ClusterError,
    executor::{ExecutorOptions, execute},
    scheduler::{SchedulerOptions, schedule},
};
