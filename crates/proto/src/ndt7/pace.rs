//! How large the next message is, and when the next sample is taken.

use std::time::Duration;

use super::spec;

/// The sizes of successive binary messages: small on slow lines, large on fast ones.
///
/// # Source
/// ndt7 specification, appendix "Adapting binary message size".
#[derive(Debug, Clone)]
pub struct MessageSizes {
    size: u64,
    sent: u64,
    limit: Option<u64>,
}

impl MessageSizes {
    /// Sizes of a run that sends `limit` octets of payload at the most.
    #[must_use]
    pub const fn new(limit: Option<u64>) -> Self {
        Self { size: spec::MESSAGE_FIRST, sent: 0, limit }
    }

    /// Octets of payload sent so far.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// The size of the next message, which then counts as sent.
    ///
    /// # Missing data
    /// `None` once the limit has no room for a message that the specification allows.
    pub fn next_size(&mut self) -> Option<u64> {
        if self.size < spec::MESSAGE_GROWN_MAX && self.size <= self.sent / spec::MESSAGE_GROWTH_FRACTION {
            self.size *= 2;
        }
        let room = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.sent));
        let size = if room >= self.size { self.size } else { power_of_two_within(room) };
        if size < spec::MESSAGE_MIN {
            return None;
        }
        self.sent += size;
        Some(size)
    }
}

const fn power_of_two_within(room: u64) -> u64 {
    if room == 0 { 0 } else { 1 << room.ilog2() }
}

/// Times between samples that no periodic effect on the line can hide from: exponentially distributed, within bounds.
#[derive(Debug, Clone)]
pub struct SamplingTimes {
    state: u64,
}

impl SamplingTimes {
    /// A sequence that depends on `seed` alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The time to the next sample.
    pub fn next_interval(&mut self) -> Duration {
        let drawn = spec::SAMPLING_MEAN.mul_f64(-self.next_unit().ln());
        drawn.clamp(spec::SAMPLING_MIN, spec::SAMPLING_MAX)
    }

    /// A number in (0, 1]. SplitMix64 (Steele, Lea, Flood, 2014) is plenty for spreading samples.
    fn next_unit(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact in f64")]
        let unit = ((mixed >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_doubles_once_it_is_a_sixteenth_of_what_was_sent() {
        let mut sizes = MessageSizes::new(None);
        let drawn: Vec<u64> = (0..18).map_while(|_| sizes.next_size()).collect();
        assert_eq!(drawn[..16], [1 << 13; 16]);
        assert_eq!(drawn[16..], [1 << 14; 2]);
        let largest = (0..10_000).map_while(|_| sizes.next_size()).max();
        assert_eq!(largest, Some(1 << 20));
    }

    #[test]
    fn a_limit_is_filled_with_allowed_messages_and_never_passed() {
        let mut sizes = MessageSizes::new(Some(100_000));
        let drawn: Vec<u64> = std::iter::from_fn(|| sizes.next_size()).collect();
        let total: u64 = drawn.iter().sum();
        assert!(total <= 100_000 && 100_000 - total < spec::MESSAGE_MIN, "{total}");
        assert!(drawn.iter().all(|size| size.is_power_of_two() && *size >= spec::MESSAGE_MIN));
        assert_eq!(MessageSizes::new(Some(1_023)).next_size(), None);
    }

    #[test]
    fn sampling_times_keep_their_bounds_and_nearly_their_mean() {
        let mut times = SamplingTimes::new(7);
        let drawn: Vec<Duration> = (0..10_000).map(|_| times.next_interval()).collect();
        assert!(drawn.iter().all(|t| (spec::SAMPLING_MIN..=spec::SAMPLING_MAX).contains(t)));
        // The bounds cut the exponential's tail: its mean becomes 25 + 250*(e^-0.1 - e^-2.5) = 230.7 ms.
        let mean = drawn.iter().sum::<Duration>() / 10_000;
        assert!((225..=236).contains(&mean.as_millis()), "{mean:?}");
        let again: Vec<Duration> = {
            let mut t = SamplingTimes::new(7);
            (0..10).map(|_| t.next_interval()).collect()
        };
        assert_eq!(drawn[..10], again[..]);
    }
}
