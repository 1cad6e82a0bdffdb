//! Internet Quality Barometer of M-Lab, at its own percentiles and at those of this project, never one under the other's name.
//!
//! # Source
//! M-Lab, iqb: weights, thresholds, and that a threshold itself does not pass.

use desserte_equity::Parameter;
use serde::Deserialize;

use crate::file::{BadFile, Positive, Share, read};

/// Use cases and percentiles.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iqb {
    /// Name of the set, with its version.
    pub set: String,
    /// Percentiles of the barometer's authors: the typical best of each metric.
    pub original: Parameter<Percentiles>,
    /// Percentiles at peak for evidence: what four in five reach.
    pub evidence: Parameter<Percentiles>,
    use_cases: Vec<UseCase>,
}

/// A percentile of each metric, as shares. Values are sorted from small to large for every metric.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentiles {
    /// Of rates.
    pub rate: Share,
    /// Of round trips.
    pub rtt: Share,
    /// Of loss.
    pub loss: Share,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct UseCase {
    name: String,
    thresholds: Parameter<Requirements>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    down: Requirement,
    up: Requirement,
    rtt: Requirement,
    loss: Requirement,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    weight: Positive,
    threshold: Positive,
}

/// What the barometer is read from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Download, Mbit/s.
    pub down: f64,
    /// Upload, Mbit/s.
    pub up: f64,
    /// Round trip, ms.
    pub rtt: f64,
    /// Loss, share.
    pub loss: f64,
}

impl Iqb {
    /// Reads use cases from the text of their file.
    ///
    /// # Errors
    /// A key is unknown or missing, a number is not one it can be, or there is no use case.
    pub fn parse(text: &str) -> Result<Self, BadFile> {
        let found: Self = read(text)?;
        if found.use_cases.is_empty() {
            return Err(BadFile { line: None, message: "there is no use case".to_owned() });
        }
        Ok(found)
    }

    /// The score, 0 to 1: the mean over use cases of the weighted share of requirements that pass.
    #[must_use]
    pub fn score(&self, of: &Measured) -> f64 {
        let one = |case: &UseCase| {
            let asked = &case.thresholds.value;
            let passes = [
                (asked.down, of.down > asked.down.threshold.get()),
                (asked.up, of.up > asked.up.threshold.get()),
                (asked.rtt, of.rtt < asked.rtt.threshold.get()),
                (asked.loss, of.loss < asked.loss.threshold.get()),
            ];
            let all: f64 = passes.iter().map(|(asked, _)| asked.weight.get()).sum();
            let passed = passes.iter().filter(|(_, passes)| *passes);
            // The empty sum of floats is a negative zero.
            passed.map(|(asked, _)| asked.weight.get()).fold(0.0, |sum, own| sum + own) / all
        };
        let cases: f64 = self.use_cases.iter().map(|_| 1.0).sum();
        self.use_cases.iter().map(one).sum::<f64>() / cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sets;

    fn check(down: f64, up: f64, rtt: f64, loss: f64, expected: &str) {
        let score = Sets::built_in().iqb.score(&Measured { down, up, rtt, loss });
        assert_eq!(format!("{score:.6}"), expected);
    }

    /// Expected: the domain rules' vectors.
    #[test]
    fn the_score_is_that_of_the_published_vectors() {
        check(30.0, 6.0, 40.0, 0.003, "0.773028");
        check(8.0, 0.8, 60.0, 0.012, "0.164377");
        check(300.0, 150.0, 9.0, 0.0, "1.000000");
    }

    #[test]
    fn a_threshold_itself_does_not_pass() {
        // (5/13 + 2/14 + 5/12 + 0 + 4/14 + 0) / 6: only the rates that ask for 10 or 5 Mbit/s pass.
        check(25.0, 25.0, 100.0, 0.01, "0.204976");
        check(0.0, 0.0, 1e9, 1.0, "0.000000");
    }

    /// Expected: `IQB_CONFIG` of M-Lab's library, file and version named in the parameters, in the order of its use cases:
    /// weights and thresholds of download, upload, round trip and loss.
    #[test]
    fn weights_and_thresholds_are_those_that_m_lab_publishes() {
        let published = [
            [(3.0, 10.0), (2.0, 10.0), (4.0, 100.0), (4.0, 0.01)],
            [(4.0, 25.0), (2.0, 10.0), (4.0, 100.0), (4.0, 0.01)],
            [(4.0, 10.0), (1.0, 5.0), (3.0, 100.0), (4.0, 0.01)],
            [(4.0, 25.0), (4.0, 25.0), (4.0, 50.0), (4.0, 0.005)],
            [(4.0, 10.0), (4.0, 25.0), (2.0, 100.0), (4.0, 0.01)],
            [(4.0, 25.0), (4.0, 25.0), (5.0, 10.0), (4.0, 0.005)],
        ];
        let ours: Vec<_> = Sets::built_in()
            .iqb
            .use_cases
            .iter()
            .map(|case| {
                let Requirements { down, up, rtt, loss } = case.thresholds.value;
                [down, up, rtt, loss].map(|asked| (asked.weight.get(), asked.threshold.get()))
            })
            .collect();
        assert_eq!(ours, published);
    }
}
