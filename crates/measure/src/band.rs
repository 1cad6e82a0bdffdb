//! Which band a radio channel lies in.

use std::ops::RangeInclusive;

use desserte_model::RadioTechnology;

/// Downlink channels of the bands that mobile networks in France use: 3GPP TS 45.005 (GSM), 25.101 (UMTS), 36.101 (LTE) and 38.104
/// (NR). An NR channel number lies in several bands of the world at once (n77 and n78, n20 and n28): it is told by the
/// one that is allotted here.
const BANDS: [(RadioTechnology, RangeInclusive<u32>, &str); 19] = [
    (RadioTechnology::Gsm, 0..=124, "900"),
    (RadioTechnology::Gsm, 975..=1023, "900"),
    (RadioTechnology::Gsm, 512..=885, "1800"),
    (RadioTechnology::Umts, 10_562..=10_838, "1"),
    (RadioTechnology::Umts, 2_937..=3_088, "8"),
    (RadioTechnology::Lte, 0..=599, "1"),
    (RadioTechnology::Lte, 1_200..=1_949, "3"),
    (RadioTechnology::Lte, 2_750..=3_449, "7"),
    (RadioTechnology::Lte, 3_450..=3_799, "8"),
    (RadioTechnology::Lte, 6_150..=6_449, "20"),
    (RadioTechnology::Lte, 9_210..=9_659, "28"),
    (RadioTechnology::Lte, 9_920..=10_359, "32"),
    (RadioTechnology::Lte, 37_750..=38_249, "38"),
    (RadioTechnology::Lte, 41_590..=43_589, "42"),
    (RadioTechnology::Nr, 422_000..=434_000, "n1"),
    (RadioTechnology::Nr, 361_000..=376_000, "n3"),
    (RadioTechnology::Nr, 524_000..=538_000, "n7"),
    (RadioTechnology::Nr, 151_600..=160_600, "n28"),
    (RadioTechnology::Nr, 620_000..=653_333, "n78"),
];

/// The band of a downlink channel, as 3GPP names it: `20` of LTE, `n78` of NR, `900` of GSM.
///
/// # Missing data
/// `None` for a channel in no band that networks in France use: it is not guessed.
#[must_use]
pub fn band(technology: RadioTechnology, channel: u32) -> Option<&'static str> {
    BANDS
        .iter()
        .find(|(of, channels, _)| *of == technology && channels.contains(&channel))
        .map(|(_, _, band)| *band)
}

#[cfg(test)]
mod tests {
    use RadioTechnology::{Gsm, Lte, Nr, Umts};

    use super::*;

    /// Channels at the edges, from the carrier's frequency by the formulas of TS 36.101 (5.7.3) and 38.104 (5.4.2.1).
    #[test]
    fn a_channel_is_in_the_band_of_its_frequency() {
        let lte = |offset: u32, low: u32, mhz: u32| offset + (mhz - low) * 10;
        let nr = |mhz: u32| if mhz < 3_000 { mhz * 200 } else { 600_000 + (mhz - 3_000) * 1_000 / 15 };
        assert_eq!(band(Lte, lte(9_210, 758, 763)), Some("28"));
        assert_eq!(band(Lte, lte(6_150, 791, 796)), Some("20"));
        assert_eq!(band(Lte, lte(2_750, 2_620, 2_650)), Some("7"));
        assert_eq!(band(Nr, nr(3_500)), Some("n78"));
        assert_eq!(band(Nr, nr(773)), Some("n28"));
        assert_eq!(band(Nr, nr(2_140)), Some("n1"));
        assert_eq!(band(Umts, 10_700), Some("1"), "2,140 MHz is 5 times the number");
        assert_eq!(band(Gsm, 1_000), Some("900"));
        assert_eq!(band(Lte, 600), None, "band 2 is of other countries");
        assert_eq!(band(Gsm, 300), None);
    }
}
