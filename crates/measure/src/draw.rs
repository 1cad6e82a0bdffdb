//! Chance that anyone can draw again.

use desserte_units::Timestamp;

/// A number that depends on a probe's seed and a moment of its schedule alone, uniform over all numbers: whether that
/// moment's runs are audited can be checked by whoever knows both.
///
/// # Source
/// SplitMix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
#[must_use]
pub fn draw(seed: u64, moment: Timestamp) -> u64 {
    let moment = u64::from_le_bytes(moment.as_unix_secs().to_le_bytes());
    mix(seed ^ mix(moment))
}

const fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_twenty_is_one_in_twenty_and_the_same_again() {
        let drawn = |seed: u64| {
            (0..20_000).filter(|hour| draw(seed, Timestamp::from_unix_secs(hour * 21_600)) % 20 == 0).count()
        };
        for seed in [0, 1, u64::MAX] {
            assert!((900..1_100).contains(&drawn(seed)), "{}", drawn(seed));
        }
        assert_eq!(draw(7, Timestamp::from_unix_secs(5)), draw(7, Timestamp::from_unix_secs(5)));
        assert_ne!(draw(7, Timestamp::from_unix_secs(5)), draw(8, Timestamp::from_unix_secs(5)));
    }
}
