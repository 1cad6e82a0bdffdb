//! Whether a probe is in the stage that a release has reached.

use semver::Version;
use sha2::{Digest as _, Sha256};

/// A share of all probes, in per mille.
pub const WHOLE: u16 = 1000;

/// What sets these digests apart from others over the same words.
const CONTEXT: &str = "desserte-update-stage-1";

/// The place of a probe in the order in which a release reaches all, 0 to 999: it is in the stage when this is below the share.
///
/// It depends on the probe's name and the version alone. A probe therefore stays in once it was in, each release draws anew, and a publisher
/// cannot single out a probe but by choosing the number of a version, which everybody sees.
#[must_use]
pub fn place(probe: &str, version: &Version) -> u16 {
    let digest = Sha256::digest(format!("{CONTEXT}\n{probe}\n{version}\n"));
    let head = digest.iter().take(8).fold(0_u64, |head, octet| head << 8 | u64::from(*octet));
    // The remainder favours low places by less than 1 in 10^16.
    u16::try_from(head % u64::from(WHOLE)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probes() -> impl Iterator<Item = String> {
        (0..10_000_u32).map(|number| crate::state::sha256(&number.to_be_bytes()))
    }

    #[test]
    fn of_ten_thousand_probes_each_share_is_reached_and_nobody_leaves_when_it_grows() {
        let version = Version::new(0, 2, 0);
        let places: Vec<u16> = probes().map(|probe| place(&probe, &version)).collect();
        for share in [0_u16, 10, 100, 500, 1000] {
            let within = places.iter().filter(|place| **place < share).count();
            let expected = f64::from(share) * 10.0;
            // Four standard deviations of a binomial share: a fair draw fails once in 16,000.
            let tolerance = 4.0 * (expected * (1.0 - f64::from(share) / 1000.0)).sqrt();
            let difference = (f64::from(u32::try_from(within).unwrap()) - expected).abs();
            assert!(difference <= tolerance, "{share} per mille: {within} of 10,000");
        }
    }

    #[test]
    fn each_release_draws_anew() {
        let early = |version: &Version| -> Vec<bool> { probes().map(|p| place(&p, version) < 100).collect() };
        let (first, second) = (early(&Version::new(0, 2, 0)), early(&Version::new(0, 2, 1)));
        let both = first.iter().zip(&second).filter(|(a, b)| **a && **b).count();
        // 100 expected of 10,000; a standard deviation is 10.
        assert!((60..=140).contains(&both), "{both} probes are early twice");
    }

    #[test]
    fn the_order_is_part_of_the_format() {
        assert_eq!(place("example", &Version::new(1, 2, 3)), 168);
    }
}
