//! What a link is made to do.

use std::time::Duration;

use desserte_units::BitRate;

use super::{Capacity, Schedule};

/// The properties of one direction of a line.
///
/// Start from [`LinkConfig::of`] or [`LinkConfig::over`] and change what the case needs.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkConfig {
    /// How fast packets leave.
    pub capacity: Capacity,
    /// A token bucket behind the capacity: full speed until the bucket is empty, its rate from then on.
    pub bucket: Option<Bucket>,
    /// Time from the end of sending to the arrival.
    pub delay: Duration,
    /// Variation on top of `delay`.
    pub jitter: Option<Jitter>,
    /// Loss other than by a full buffer.
    pub loss: Loss,
    /// Octets, framing included, that wait or are being sent at the most; what would go beyond is dropped at the tail.
    pub queue_octets: u64,
    /// When the line is out of order.
    pub outages: Vec<Outage>,
    /// Octets charged with every packet besides its own (14 for an Ethernet header); the counters leave them out.
    pub framing_octets: u32,
    /// Width of the bins in which deliveries are recorded.
    pub series_bin: Duration,
}

/// Queue of a link of which nothing else is said.
const USUAL_QUEUE: Duration = Duration::from_millis(100);

/// A queue shorter than this many full packets cannot hold the pairs that TCP sends.
const QUEUE_PACKETS_MIN: u64 = 10;

/// Fine enough to place the edge of a window to a thousandth of a second.
const SERIES_BIN: Duration = Duration::from_millis(1);

const FULL_PACKET: u64 = 1500;

impl LinkConfig {
    /// A constant `rate` counted in IP octets, with 100 ms of queue and nothing else.
    #[must_use]
    pub fn of(rate: BitRate) -> Self {
        Self {
            queue_octets: Self::queue_for(rate, USUAL_QUEUE),
            ..Self::over(Capacity::Schedule(Schedule::constant(rate)))
        }
    }

    /// A given capacity, with 100 ms of queue at its mean rate and nothing else.
    #[must_use]
    pub fn over(capacity: Capacity) -> Self {
        let queue_octets = capacity.mean_rate().map_or(u64::MAX, |mean| Self::queue_for(mean, USUAL_QUEUE));
        Self {
            capacity,
            bucket: None,
            delay: Duration::ZERO,
            jitter: None,
            loss: Loss::None,
            queue_octets,
            outages: Vec::new(),
            framing_octets: 0,
            series_bin: SERIES_BIN,
        }
    }

    /// Octets that a queue of `time` holds at `rate`; at least ten full packets.
    #[must_use]
    pub fn queue_for(rate: BitRate, time: Duration) -> u64 {
        rate.bytes_in(time).as_bytes().max(QUEUE_PACKETS_MIN * FULL_PACKET)
    }
}

/// A token bucket: what makes a line that is fast for the first octets and slow from then on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Rate at which it fills.
    pub rate: BitRate,
    /// Octets it holds; it starts full.
    pub burst_octets: u64,
}

/// Variation of the delay: an extra delay between zero and `spread`, which wanders in straight lines from one uniformly
/// drawn value to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter {
    /// Largest extra delay.
    pub spread: Duration,
    /// Time from one drawn value to the next; zero draws one for each packet.
    pub interval: Duration,
    /// Whether a packet may overtake the one before it.
    pub reorder: bool,
}

impl Jitter {
    /// Up to `spread`, drawn anew every 20 ms, order kept.
    #[must_use]
    pub const fn of(spread: Duration) -> Self {
        Self { spread, interval: Duration::from_millis(20), reorder: false }
    }
}

/// Loss on the line itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// None.
    None,
    /// Each packet by itself, with this probability (0 to 1).
    Random(f64),
    /// Bursts: a chain of two states, stepped once for each packet.
    ///
    /// # Source
    /// E. N. Gilbert, Capacity of a burst-noise channel, Bell System Technical Journal 39 (1960); E. O. Elliott,
    /// Estimates of error rates for codes on burst-noise channels, ibid. 42 (1963).
    GilbertElliott {
        /// Probability to turn from good to bad.
        to_bad: f64,
        /// Probability to turn from bad to good; its inverse is the mean length of a burst in packets.
        to_good: f64,
        /// Loss in the good state.
        loss_good: f64,
        /// Loss in the bad state.
        loss_bad: f64,
    },
}

impl Loss {
    /// The share of packets lost in the long run.
    #[must_use]
    pub fn mean_ratio(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Random(ratio) => ratio,
            Self::GilbertElliott { to_bad, to_good, loss_good, loss_bad } => {
                if to_bad + to_good > 0.0 {
                    (to_good * loss_good + to_bad * loss_bad) / (to_bad + to_good)
                } else {
                    loss_good
                }
            }
        }
    }
}

/// A time in which the line is out of order, closed at its start and open at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When it begins.
    pub from: Duration,
    /// When it is over.
    pub until: Duration,
    /// What becomes of the packets.
    pub kind: OutageKind,
}

impl Outage {
    /// A cut that loses what is sent meanwhile.
    #[must_use]
    pub const fn cut(from: Duration, until: Duration) -> Self {
        Self { from, until, kind: OutageKind::Lose }
    }

    /// The times of the outages of one kind, sorted, with those that overlap or touch made one.
    pub(super) fn times(outages: &[Self], kind: OutageKind) -> Vec<(Duration, Duration)> {
        let mut times: Vec<(Duration, Duration)> = outages
            .iter()
            .filter(|outage| outage.kind == kind)
            .map(|outage| (outage.from, outage.until))
            .collect();
        times.sort_unstable();
        times.dedup_by(|later, earlier| {
            let joined = later.0 <= earlier.1;
            if joined {
                earlier.1 = earlier.1.max(later.1);
            }
            joined
        });
        times
    }
}

/// What a line out of order does to packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageKind {
    /// What is offered, or would leave, within the outage is lost: a cut cable.
    Lose,
    /// Packets wait in the buffer: a radio cell that is handed over.
    Hold,
}
