//! Why a cluster did not answer, and what to do.

use std::net::SocketAddr;

use ballista_core::error::BallistaError;
use desserte_lake::LakeError;

/// A cluster's refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The scheduler is not there.
    #[error(
        "no scheduler answers at {scheduler} ({said}): start one with `desserte cluster scheduler`, or name another with --cluster"
    )]
    NoScheduler {
        /// Where it was looked for.
        scheduler: String,
        /// What the system says.
        said: String,
    },
    /// The scheduler has nobody to give work to.
    #[error(
        "the scheduler at {scheduler} has no executor: start at least one with `desserte cluster executor --scheduler {scheduler}`, \
         with --cores if this machine has more than one question's worth"
    )]
    NoExecutor {
        /// Its address.
        scheduler: String,
    },
    /// An executor could not read its part.
    #[error(
        "an executor could not read its part of the question, because it lacks a function or is of another version: run \
         `desserte cluster executor` of this version ({}) on all machines; the executor's log names what is missing",
        env!("CARGO_PKG_VERSION")
    )]
    Rejected,
    /// The question failed on its way.
    #[error("the cluster could not answer: {said}")]
    Failed {
        /// What it says.
        said: String,
    },
    /// The question or the history is at fault.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// An address that other machines cannot use.
    #[error(
        "{address} is every address of this machine: name with --advertise the one that the other machines use"
    )]
    Unspecified {
        /// The address.
        address: SocketAddr,
    },
    /// A directory could not be used.
    #[error("cannot use {path}: {source}")]
    Directory {
        /// The directory.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A part of the cluster could not start or go on.
    #[error("the {part} ended: {said}")]
    Ended {
        /// Scheduler or executor.
        part: &'static str,
        /// What it says.
        said: String,
    },
}

/// What Ballista says when an executor does not take a part of a plan. It does not say which function is missing.
const REJECTED: &str = "could not be prepared or was rejected by executor";

impl ClusterError {
    /// From what the engine says of a question.
    pub(crate) fn told(error: LakeError) -> Self {
        match error {
            LakeError::Query { said, .. } if said.contains(REJECTED) => Self::Rejected,
            LakeError::Query { said, .. } => Self::Failed { said },
            other => Self::Lake(other),
        }
    }

    pub(crate) fn ended(part: &'static str) -> impl Fn(BallistaError) -> Self {
        move |error| Self::Ended { part, said: error.to_string() }
    }
}
