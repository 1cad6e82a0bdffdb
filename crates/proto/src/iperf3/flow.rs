//! What the receiver of a UDP flow counts.

use super::Datagram;

/// Weight of the newest difference of transit times: 1/16 (RFC 3550, section 6.4.1).
const GAIN: f64 = 16.0;

/// Counts one flow as the reference does, so that both ends' figures can be compared.
///
/// A number that jumps ahead makes those in between lost; a late one takes one loss back, whichever it was. A datagram
/// that the network doubled is taken for a late one, which hides a loss: the reference's arithmetic, kept on purpose.
///
/// # Units
/// Jitter in microseconds: the smoothed mean of differences of transit time (`delay_variation` of RFC 3550, section
/// 6.4.1), not a percentile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlowCounter {
    highest: u64,
    received: u64,
    bytes: u64,
    lost: u64,
    late: u64,
    jitter_us: f64,
    previous_transit_us: Option<i64>,
}

impl FlowCounter {
    /// Counts a datagram of `bytes` octets that arrived at `arrival_us` on the receiver's clock.
    pub fn arrived(&mut self, header: Datagram, bytes: u64, arrival_us: i64) {
        self.received += 1;
        self.bytes += bytes;
        let Datagram { sent_s, sent_us, number } = header;
        match number.checked_sub(self.highest) {
            Some(step @ 1..) => {
                self.lost = self.lost.saturating_add(step - 1);
                self.highest = number;
            }
            _ => {
                self.late += 1;
                self.lost = self.lost.saturating_sub(1);
            }
        }
        let transit = arrival_us.wrapping_sub(i64::from(sent_s) * 1_000_000 + i64::from(sent_us));
        let previous = self.previous_transit_us.replace(transit).unwrap_or(transit);
        #[expect(clippy::cast_precision_loss, reason = "differences of transit times are small")]
        let difference = transit.abs_diff(previous) as f64;
        self.jitter_us += (difference - self.jitter_us) / GAIN;
    }

    /// Number of the newest datagram: how many were sent, as far as is known here.
    #[must_use]
    pub const fn highest(&self) -> u64 {
        self.highest
    }

    /// Datagrams that arrived.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Octets of UDP payload that arrived.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Datagrams that did not arrive, up to the newest that did.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Datagrams that came after a newer one.
    #[must_use]
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Smoothed variation of the transit time, in microseconds.
    #[must_use]
    pub const fn jitter_us(&self) -> f64 {
        self.jitter_us
    }

    /// Begins the variation anew, as the reference does when the omitted time is over.
    pub fn reset_jitter(&mut self) {
        self.jitter_us = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn datagram(number: u64, sent_us: u32) -> Datagram {
        Datagram { sent_s: 0, sent_us, number }
    }

    #[test]
    fn gaps_are_losses_and_late_ones_take_them_back() {
        let mut flow = FlowCounter::default();
        for number in [1, 2, 5, 4, 7] {
            flow.arrived(datagram(number, 0), 100, 0);
        }
        assert_eq!((flow.highest(), flow.received(), flow.lost(), flow.late()), (7, 5, 2, 1));
        assert_eq!(flow.bytes(), 500);
    }

    #[test]
    fn jitter_follows_the_filter_of_rfc_3550() {
        let mut flow = FlowCounter::default();
        flow.arrived(datagram(1, 0), 1, 5_000_000);
        assert_eq!(flow.jitter_us().to_bits(), 0);
        flow.arrived(datagram(2, 1_000), 1, 5_001_160);
        assert!((flow.jitter_us() - 10.0).abs() < 1e-12);
        flow.arrived(datagram(3, 2_000), 1, 5_002_160);
        assert!((flow.jitter_us() - (10.0 - 10.0 / 16.0)).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn any_numbers_at_any_time_are_survived(
            packets in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<u64>(), any::<i64>()), 0..50),
        ) {
            let mut flow = FlowCounter::default();
            for (sent_s, sent_us, number, arrival) in packets {
                flow.arrived(Datagram { sent_s, sent_us, number }, 1, arrival);
                prop_assert!(flow.lost() <= flow.highest());
                prop_assert!(flow.jitter_us().is_finite() && flow.jitter_us() >= 0.0);
            }
        }

        #[test]
        fn without_doubles_what_is_lost_and_what_came_add_up(drop in proptest::collection::vec(any::<bool>(), 1..200)) {
            let mut flow = FlowCounter::default();
            let mut kept: Vec<u64> = (1..).zip(&drop).filter(|(_, drop)| !**drop).map(|(n, _)| n).collect();
            // Neighbours change places.
            for pair in kept.chunks_mut(2) {
                pair.reverse();
            }
            for number in &kept {
                flow.arrived(datagram(*number, 0), 1, 0);
            }
            prop_assert_eq!(flow.lost() + flow.received(), flow.highest());
        }
    }
}
