//! What a shaped direction lets through.

use std::time::Duration;

/// One direction of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rate at which whole Ethernet frames (14 octets of header and what follows) leave, in bits per second.
    pub bits_per_second: u64,
    /// Longest time a frame waits in the queue before later ones are dropped.
    pub queue: Duration,
}

/// Ethernet header that the token bucket counts with every packet.
const ETHERNET_HEADER: u64 = 14;
/// The usual largest IP packet.
const MTU: u64 = 1500;
/// IPv4 and TCP headers with the time-stamp option, as Linux sends them.
const IPV4_TCP_HEADERS: u64 = 20 + 20 + 12;

impl Shape {
    /// A direction of `megabits` (10^6 bits) per second with 200 ms of queue, which is usual for a household's router.
    #[must_use]
    pub const fn from_mbit_per_s(megabits: u64) -> Self {
        Self::from_kbit_per_s(megabits * 1_000)
    }

    /// A direction of `kilobits` (10^3 bits) per second with 200 ms of queue.
    #[must_use]
    pub const fn from_kbit_per_s(kilobits: u64) -> Self {
        Self { bits_per_second: kilobits * 1_000, queue: Duration::from_millis(200) }
    }

    /// The most payload of TCP over IPv4 that the direction can carry, in bits per second: full segments only, each
    /// charged with its Ethernet, IP and TCP headers (1448 of 1514 octets).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "rates stay far below 2^53")]
    pub fn tcp_goodput_bits_per_second(self) -> f64 {
        let payload = (MTU - IPV4_TCP_HEADERS) as f64 / (MTU + ETHERNET_HEADER) as f64;
        self.bits_per_second as f64 * payload
    }

    /// Octets the bucket may send at once: two frames, or eight milliseconds of the rate, whichever is more. On a busy
    /// machine the kernel comes late to its bucket by several milliseconds and what did not fit is lost: with one
    /// millisecond 300 Mbit/s read up to 4 % low on two busy cores, with eight exactly right. A full bucket lets one
    /// burst through at the start of a run, which the ramp leaves out.
    pub(crate) fn burst_bytes(self) -> u64 {
        (self.bits_per_second / 8 * 8 / 1_000).max(2 * (MTU + ETHERNET_HEADER))
    }

    /// Octets that wait at the most: the queue time at the rate, at least ten frames.
    pub(crate) fn limit_bytes(self) -> u64 {
        let waiting =
            self.bits_per_second / 8 * u64::try_from(self.queue.as_millis()).unwrap_or(u64::MAX) / 1_000;
        waiting.max(10 * (MTU + ETHERNET_HEADER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theoretical_goodput_is_1448_of_1514() {
        let goodput = Shape::from_mbit_per_s(300).tcp_goodput_bits_per_second();
        assert!((goodput - 300e6 * 1448.0 / 1514.0).abs() < 1.0, "{goodput}");
    }
}
