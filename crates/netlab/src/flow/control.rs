//! What a sender asks its congestion control.

use super::bbr::Bbr;
use super::cubic::Cubic;
use super::{Algorithm, BulkConfig};

/// What an acknowledgement tells congestion control. Times in nanoseconds, amounts in segments.
#[derive(Debug, Clone, Copy)]
pub(super) struct AckEvent {
    pub(super) now: u64,
    /// Segments that are now known to have come.
    pub(super) delivered: u64,
    /// Segments found lost.
    pub(super) lost: u64,
    pub(super) rtt: Option<u64>,
    pub(super) rtt_min: u64,
    /// All segments delivered so far.
    pub(super) delivered_total: u64,
    /// The same when the latest one was sent.
    pub(super) prior_delivered: u64,
    /// Segments over nanoseconds.
    pub(super) rate: Option<(u64, u64)>,
    pub(super) under_way: u64,
    /// First segment not acknowledged, and the next to be sent.
    pub(super) first: u64,
    pub(super) next: u64,
    /// Whether the window, not something else, has held the sender back.
    pub(super) was_limiting: bool,
    pub(super) in_recovery: bool,
}

/// Congestion control of one connection.
#[derive(Debug, Clone)]
pub(super) enum Control {
    Cubic(Cubic),
    Bbr(Box<Bbr>),
}

impl Control {
    pub(super) fn new(config: &BulkConfig) -> Self {
        match config.algorithm {
            Algorithm::Cubic => Self::Cubic(Cubic::new(config.early_exit)),
            Algorithm::Bbr => Self::Bbr(Box::new(Bbr::new())),
        }
    }

    pub(super) fn acknowledged(&mut self, event: &AckEvent) {
        match self {
            Self::Cubic(cubic) => cubic.acknowledged(event),
            Self::Bbr(bbr) => bbr.acknowledged(event),
        }
    }

    /// Window in segments, outside of recovery.
    pub(super) fn window(&self) -> u64 {
        match self {
            Self::Cubic(cubic) => cubic.window(),
            Self::Bbr(bbr) => bbr.window(),
        }
    }

    /// Takes note of a loss and gives the window to come down to; `None` when recovery leaves the window alone.
    pub(super) fn lost(&mut self) -> Option<u64> {
        match self {
            Self::Cubic(cubic) => Some(cubic.lost()),
            Self::Bbr(_) => None,
        }
    }

    pub(super) fn timed_out(&mut self) {
        match self {
            Self::Cubic(cubic) => cubic.timed_out(),
            Self::Bbr(bbr) => bbr.timed_out(),
        }
    }

    /// Segments per second at which to pace; `None` sends at once.
    pub(super) fn pace(&self) -> Option<f64> {
        match self {
            Self::Cubic(_) => None,
            Self::Bbr(bbr) => bbr.pace(),
        }
    }
}
