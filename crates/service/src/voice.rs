//! Estimated voice quality: a planning model, not a measurement of speech.
//!
//! # Source
//! ITU-T G.107, of which only delay and loss are taken; constants are in `parameters/voice-1.toml` with how well they stand.

use desserte_equity::Parameter;
use serde::Deserialize;

use crate::file::{BadFile, NotNegative, Positive, read};

/// Constants of the model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceModel {
    /// Name of the set, with its version.
    pub set: String,
    r_base: Parameter<Positive>,
    delay_free: Parameter<Positive>,
    codec_impairment: Parameter<NotNegative>,
    loss_robustness: Parameter<Positive>,
    burst_ratio: Parameter<Positive>,
    jitter_buffer: Parameter<NotNegative>,
    codec_delay: Parameter<NotNegative>,
}

impl VoiceModel {
    /// Reads the constants from the text of their file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a number is not one it can be.
    pub fn parse(text: &str) -> Result<Self, BadFile> {
        read(text)
    }

    /// One-way delay in ms that goes with a round trip: half of it, the jitter buffer and the codec.
    #[must_use]
    pub fn one_way_ms(&self, rtt_ms: f64) -> f64 {
        rtt_ms / 2.0 + self.jitter_buffer.value.get() + self.codec_delay.value.get()
    }

    /// What a one-way delay in ms takes from R.
    #[must_use]
    pub fn delay_impairment(&self, one_way_ms: f64) -> f64 {
        if one_way_ms <= self.delay_free.value.get() {
            return 0.0;
        }
        let x = libm::log2(one_way_ms / self.delay_free.value.get());
        let root = |x: f64| libm::pow(1.0 + libm::pow(x, 6.0), 1.0 / 6.0);
        25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
    }

    /// What codec and a share of lost packets take from R.
    #[must_use]
    pub fn loss_impairment(&self, loss: f64) -> f64 {
        let (ie, percent) = (self.codec_impairment.value.get(), 100.0 * loss);
        let robust = percent / self.burst_ratio.value.get() + self.loss_robustness.value.get();
        ie + (95.0 - ie) * percent / robust
    }

    /// The rating R for a one-way delay in ms and a share of lost packets.
    #[must_use]
    pub fn rating(&self, one_way_ms: f64, loss: f64) -> f64 {
        self.r_base.value.get() - self.delay_impairment(one_way_ms) - self.loss_impairment(loss)
    }
}

/// The mean opinion score that goes with a rating, 1 to 4.5.
#[must_use]
pub fn opinion(rating: f64) -> f64 {
    match rating {
        r if r <= 0.0 => 1.0,
        r if r >= 100.0 => 4.5,
        r => 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sets;

    fn check(found: f64, expected: &str) {
        assert_eq!(format!("{found:.2}"), expected);
    }

    /// Expected: the domain rules' vectors, to the printed digits.
    #[test]
    fn the_model_gives_the_published_figures() {
        for (r, mos) in [(93.2, "4.41"), (80.0, "4.02"), (70.0, "3.60"), (60.0, "3.10"), (50.0, "2.58")] {
            check(opinion(r), mos);
        }
        let model = Sets::built_in().voice;
        for (delay, impairment) in [(150.0, "0.16"), (200.0, "3.04"), (300.0, "14.76"), (400.0, "24.07")] {
            check(model.delay_impairment(delay), impairment);
        }
        check(model.delay_impairment(100.0), "0.00");
        check(model.loss_impairment(0.01), "3.64");
        check(model.loss_impairment(0.05), "15.78");
        check(model.rating(100.0, 0.0), "93.20");
        check(model.one_way_ms(80.0), "100.00");
    }

    #[test]
    fn the_score_is_held_between_its_ends() {
        check(opinion(-5.0), "1.00");
        check(opinion(120.0), "4.50");
    }
}
