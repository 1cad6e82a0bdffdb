//! How fast packets leave a link.

use std::time::Duration;

use desserte_units::BitRate;

use super::Schedule;

/// How fast packets leave.
#[derive(Debug, Clone, PartialEq)]
pub enum Capacity {
    /// At once.
    Unlimited,
    /// At a rate that follows a plan.
    Schedule(Schedule),
    /// At the chances of a recorded trace.
    Opportunities(Opportunities),
}

impl Capacity {
    /// A constant rate.
    #[must_use]
    pub fn constant(rate: BitRate) -> Self {
        Self::Schedule(Schedule::constant(rate))
    }

    /// Mean rate over one period; `None` when there is no limit.
    #[must_use]
    pub fn mean_rate(&self) -> Option<BitRate> {
        match self {
            Self::Unlimited => None,
            Self::Schedule(schedule) => Some(schedule.mean_rate()),
            Self::Opportunities(opportunities) => Some(opportunities.mean_rate()),
        }
    }
}

/// Octets that one chance of a Mahimahi trace carries.
pub const OPPORTUNITY_OCTETS: u32 = 1500;

/// Chances to send up to 1500 octets each, over and over.
///
/// Several small packets share a chance, and a packet may begin in one and end in the next; what nobody used is lost.
///
/// # Shape
/// Milliseconds since the start of a lap, not falling, each the time of one chance; the next lap begins at the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opportunities {
    millis: Vec<u32>,
}

impl Opportunities {
    /// `None` when there is none, times fall, or all fall on the origin.
    #[must_use]
    pub fn new(millis: Vec<u32>) -> Option<Self> {
        let rising = millis.windows(2).all(|pair| pair[0] <= pair[1]);
        let lasts = millis.last().is_some_and(|last| *last > 0);
        (rising && lasts).then_some(Self { millis })
    }

    /// Length of a lap.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_millis(self.millis.last().copied().map_or(1, u64::from))
    }

    /// The chances of one lap, in milliseconds.
    #[must_use]
    pub fn as_millis(&self) -> &[u32] {
        &self.millis
    }

    /// Mean rate over a lap.
    #[must_use]
    pub fn mean_rate(&self) -> BitRate {
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 chances")]
        let bits = self.millis.len() as f64 * f64::from(OPPORTUNITY_OCTETS) * 8.0;
        BitRate::from_bits_per_second(bits / self.period().as_secs_f64()).unwrap_or_default()
    }
}
