//! Time as STAMP writes it.

use desserte_units::Timestamp;

/// Seconds from 1900, where NTP begins, to 1970 (RFC 5905, figure 4).
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// A moment in the 64-bit format of NTP (RFC 5905, section 6): seconds since 1900, and 2^-32 seconds beside them.
///
/// The seconds wrap in 2036; differences are taken modulo 2^64, so that they stay right across it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StampTime(u64);

impl StampTime {
    /// From the 64 bits on the wire.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 64 bits on the wire.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// A moment of the calendar, to the microsecond.
    #[must_use]
    pub fn from_timestamp(moment: Timestamp) -> Self {
        Self::from_unix_nanos(i128::from(moment.as_unix_micros()) * 1_000)
    }

    /// A moment of the calendar, to the nanosecond.
    #[must_use]
    pub fn from_unix_nanos(nanos: i128) -> Self {
        let nanos = nanos + i128::from(NTP_TO_UNIX) * 1_000_000_000;
        let seconds = nanos.div_euclid(1_000_000_000).rem_euclid(1 << 32);
        let fraction = (nanos.rem_euclid(1_000_000_000) << 32) / 1_000_000_000;
        Self(u64::try_from(seconds << 32 | fraction).unwrap_or_default())
    }

    /// Nanoseconds from `earlier` to this moment, at most 68 years either way. Where the two are of different clocks the
    /// difference of these is in it.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        let units = i64::from_ne_bytes(self.0.wrapping_sub(earlier.0).to_ne_bytes());
        // Seconds and fraction apart, since their product with 10^9 does not fit 64 bits.
        let (seconds, fraction) = (units >> 32, units & 0xffff_ffff);
        seconds * 1_000_000_000 + ((fraction * 1_000_000_000) >> 32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_unix_epoch_is_where_rfc_5905_puts_it() {
        // RFC 5905, figure 4: 1 January 1970 is second 2,208,988,800 of era 0.
        assert_eq!(StampTime::from_timestamp(Timestamp::from_unix_secs(0)).to_bits(), 2_208_988_800 << 32);
        assert_eq!(StampTime::from_unix_nanos(500_000_000).to_bits() & 0xffff_ffff, 1 << 31);
    }

    #[test]
    fn the_end_of_the_era_is_only_another_second() {
        // 7 February 2036, 06:28:16 UTC.
        let last = StampTime::from_timestamp(Timestamp::from_unix_secs((1 << 32) - NTP_TO_UNIX - 1));
        let first = StampTime::from_timestamp(Timestamp::from_unix_secs((1 << 32) - NTP_TO_UNIX));
        assert_eq!(first.to_bits(), 0);
        assert_eq!(first.nanos_since(last), 1_000_000_000);
        assert_eq!(last.nanos_since(first), -1_000_000_000);
    }

    proptest! {
        #[test]
        fn differences_are_right_to_the_nanosecond(at in 0_i64..4_000_000_000, nanos in -2_000_000_000_000_i64..2_000_000_000_000) {
            let at = i128::from(at) * 1_000_000_000;
            let difference = StampTime::from_unix_nanos(at + i128::from(nanos)).nanos_since(StampTime::from_unix_nanos(at));
            prop_assert!((difference - nanos).abs() <= 1, "{} {}", difference, nanos);
        }

        #[test]
        fn any_bits_can_be_compared(a in any::<u64>(), b in any::<u64>()) {
            let _ = StampTime::from_bits(a).nanos_since(StampTime::from_bits(b));
        }
    }
}
