//! The receiver's count of payload, and when it is read.

use std::time::Duration;

use desserte_model::ByteSample;

use super::spec;

/// Counts payload and takes readings at arrivals.
///
/// A reading is stamped with the arrival that it counts, not with a tick of its own: whatever comes in lumps (a TLS
/// record of 16 KiB lasts a quarter of a second at 0.5 Mbit/s), the rate between two readings is then exact. While a lost
/// segment holds back what came after it no reading is taken: the octets behind the gap have crossed the line already,
/// and a rate read from such a point would count them twice over (by 7 % on 0.5 Mbit/s with a queue of ten packets).
#[derive(Debug, Clone, Default)]
pub struct ReceiverCounter {
    bytes: u64,
    last_arrival: Duration,
    last_reading: Duration,
    unread: bool,
    /// Before this no reading is taken on account of a gap.
    settled_at: Duration,
    gap_open: bool,
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

    /// Takes in whether the kernel holds octets behind a gap.
    pub fn gap(&mut self, open: bool, elapsed: Duration) {
        if open || self.gap_open {
            self.settled_at = elapsed + spec::GAP_SETTLING;
        }
        self.gap_open = open;
    }

    /// Counts an arrival.
    pub fn arrived(&mut self, bytes: u64, elapsed: Duration) -> Option<ByteSample> {
        if self.frozen || bytes == 0 {
            return None;
        }
        self.bytes += bytes;
        self.last_arrival = elapsed.max(self.last_arrival);
        self.unread = true;
        let due = elapsed >= self.last_reading + spec::RECEIVER_SAMPLE_INTERVAL && self.is_settled(elapsed);
        (due && self.begun).then(|| self.reading(self.last_arrival))
    }

    /// Takes the reading at the origin, and readings of silence.
    pub fn wake(&mut self, elapsed: Duration) -> Option<ByteSample> {
        if self.frozen {
            return None;
        }
        if !self.begun {
            self.begun = true;
            // Nothing had arrived at the origin, whatever did before anyone asked.
            return Some(ByteSample { elapsed_us: 0, bytes: 0 });
        }
        (elapsed >= self.next_wake() && self.is_settled(elapsed)).then(|| self.reading(elapsed))
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
        // Readings rise in time even when the last octets came within the microsecond of the reading before.
        let at = self.last_arrival.max(self.last_reading + Duration::from_micros(u64::from(self.begun)));
        let reading = (!self.frozen && self.unread).then(|| self.reading(at));
        self.frozen = true;
        reading
    }

    fn is_settled(&self, elapsed: Duration) -> bool {
        elapsed >= self.settled_at || elapsed >= self.last_reading + spec::GAP_PATIENCE
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
    fn the_origin_counts_nothing_that_came_before_it_was_read() {
        let mut counter = ReceiverCounter::default();
        assert_eq!(counter.arrived(10, ms(0)), None);
        assert_eq!(counter.arrived(10, ms(130)), None);
        assert_eq!(counter.wake(ms(130)), sample(0, 0));
        assert_eq!(counter.arrived(10, ms(131)), sample(131, 30));
    }

    #[test]
    fn no_reading_is_taken_while_octets_wait_behind_a_gap() {
        let mut counter = ReceiverCounter::default();
        assert_eq!(counter.wake(ms(0)), sample(0, 0));
        counter.gap(true, ms(150));
        assert_eq!(counter.arrived(10, ms(150)), None);
        assert_eq!(counter.wake(ms(1150)), None.or(sample(1150, 10)));
        counter.gap(true, ms(1300));
        assert_eq!(counter.arrived(10, ms(1300)), None);
        counter.gap(false, ms(1350));
        assert_eq!(counter.arrived(500, ms(1350)), None);
        assert_eq!(counter.arrived(10, ms(1451)), sample(1451, 530));
        // A gap that never closes does not hide the line for ever.
        for at in (1500..4450).step_by(50) {
            counter.gap(true, ms(at));
            assert_eq!(counter.wake(ms(at)), None);
        }
        counter.gap(true, ms(4451));
        assert_eq!(counter.wake(ms(4451)), sample(4451, 530));
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
