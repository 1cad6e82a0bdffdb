//! Who may end a run before its time.

use std::iter::Sum;
use std::ops::Add;
use std::time::Duration;

use desserte_model::{ByteSample, End, StopReason, TcpCounters};

/// Time between two questions of a driver to whoever steers: as often as readings come, and no more often, since rules count on
/// what happened between two of them.
pub(crate) const STEERING_INTERVAL: Duration = Duration::from_millis(50);

/// Octets that a run's own connections have put on the interface so far, headers of every segment included. Meant to be
/// held against the interface's counters: neither estimated upwards nor downwards, unlike what is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnOctets {
    /// Towards the probe.
    pub received: u64,
    /// From the probe.
    pub sent: u64,
}

impl Add for OwnOctets {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { received: self.received + other.received, sent: self.sent + other.sent }
    }
}

impl Sum for OwnOctets {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), Add::add)
    }
}

/// Watches a run and may end it as planned, whatever the protocol. The rules (intervals, thresholds, others' traffic)
/// live with the caller; a driver only asks.
pub trait Steer: Send {
    /// Sees a reading of the receiver's counter, in order; `Some` ends the run for this reason.
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason>;

    /// Sees kernel counters of one end, as they come in.
    fn counters(&mut self, _end: End, _counters: &TcpCounters) {}

    /// Sees what the run itself has moved, right before it is asked, from drivers that know it.
    fn own(&mut self, _octets: OwnOctets) {}

    /// Asked at least four times a second while the run goes on, readings or not; `elapsed` counts from the run's
    /// origin on the probe's clock. `Some` ends the run for this reason.
    fn tick(&mut self, _elapsed: Duration) -> Option<StopReason> {
        None
    }
}

/// Lets every run last its planned time.
#[derive(Debug, Clone, Copy, Default)]
pub struct ToPlan;

impl Steer for ToPlan {
    fn reading(&mut self, _sample: ByteSample) -> Option<StopReason> {
        None
    }
}
