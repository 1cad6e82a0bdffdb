//! The receiver's count of payload, and when it is read.

use std::time::Duration;

use desserte_model::ByteSample;

use super::spec;

/// Counts payload and takes readings at arrivals.
///
/// A reading is stamped with the arrival that it counts, not with a tick of its own: whatever comes in lumps (a TLS
/// record of 16 KiB lasts a quarter of a second at 0.5 Mbit/s), the rate between two readings is then exact.
#[derive(Debug, Clone, Default)]
pub struct ReceiverCounter {
    bytes: u64,
    last_arrival: Duration,
    last_reading: Duration,
    unread: bool,
    begun: bool,
    frozen: bool,
}

impl ReceiverCounter {
    /// Octets of payload that arrived.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When something last arrived; zero before that.
    #[must_use]
    pub const fn last_arrival(&self) -> Duration {
        self.last_arrival
    }

    /// Counts an arrival.
    pub fn arrived(&mut self, bytes: u64, elapsed: Duration) -> Option<ByteSample> {
        if self.frozen || bytes == 0 {
            return None;
        }
        self.bytes += bytes;
        self.last_arrival = elapsed.max(self.last_arrival);
        self.unread = true;
        let due = elapsed >= self.last_reading + spec::RECEIVER_SAMPLE_INTERVAL;
        due.then(|| self.reading(self.last_arrival))
    }

    /// Takes the reading at the origin, and readings of silence.
    pub fn wake(&mut self, elapsed: Duration) -> Option<ByteSample> {
        if self.frozen {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some(self.reading(Duration::ZERO));
        }
        (elapsed >= self.next_wake()).then(|| self.reading(elapsed))
    }

    /// When [`ReceiverCounter::wake`] wants to be called if nothing arrives.
    #[must_use]
    pub fn next_wake(&self) -> Duration {
        if self.begun {
            self.last_arrival.max(self.last_reading) + spec::RECEIVER_SILENCE
        } else {
            Duration::ZERO
        }
    }

    /// Takes the last reading, at the last arrival, and counts no more.
    pub fn finish(&mut self) -> Option<ByteSample> {
        let reading = (!self.frozen && self.unread).then(|| self.reading(self.last_arrival));
        self.frozen = true;
        reading
    }

    fn reading(&mut self, elapsed: Duration) -> ByteSample {
        self.last_reading = elapsed;
        self.unread = false;
        ByteSample { elapsed_us: micros(elapsed), bytes: self.bytes }
    }
}

/// Microseconds of a duration of this protocol.
pub(super) fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const fn sample(ms: u64, bytes: u64) -> Option<ByteSample> {
        Some(ByteSample { elapsed_us: ms * 1000, bytes })
    }

    #[test]
    fn readings_are_stamped_with_the_arrival_they_count() {
        let mut counter = ReceiverCounter::default();
        assert_eq!(counter.wake(ms(0)), sample(0, 0));
        assert_eq!(counter.arrived(10, ms(40)), None);
        assert_eq!(counter.arrived(10, ms(130)), sample(130, 20));
        assert_eq!(counter.arrived(10, ms(140)), None);
        assert_eq!(counter.wake(ms(900)), None);
        assert_eq!(counter.finish(), sample(140, 30));
        assert_eq!(counter.arrived(10, ms(300)), None);
        assert_eq!(counter.finish(), None);
        assert_eq!(counter.bytes(), 30);
    }

    #[test]
    fn a_dead_line_is_seen_to_carry_nothing() {
        let mut counter = ReceiverCounter::default();
        assert_eq!(counter.wake(ms(0)), sample(0, 0));
        assert_eq!(counter.next_wake(), ms(1000));
        assert_eq!(counter.wake(ms(1000)), sample(1000, 0));
        assert_eq!(counter.wake(ms(2001)), sample(2001, 0));
        assert_eq!(counter.finish(), None);
    }
}
