//! Parameters of the methods, as versioned files: `crates/equity/parameters`.

use serde::{Deserialize, Serialize};

/// How well a parameter's source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Read in the source itself.
    Read,
    /// Taken from a secondary source.
    Secondary,
    /// Computed by this project.
    Computed,
    /// From memory; to be checked before a public claim.
    Unverified,
    /// This project's proposal, not a norm.
    Proposal,
}

/// A number that ends up in published figures, with where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter<T> {
    /// The value.
    pub value: T,
    /// Unit, in words.
    pub unit: String,
    /// Day since which the value holds, ISO 8601.
    pub since: String,
    /// Where it comes from.
    pub source: String,
    /// How well the source stands.
    pub mark: Mark,
    /// What the value binds in law; `none` where it binds nobody.
    pub legal: String,
}

/// The two ends of a Palma ratio, as shares of the weight.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PalmaShares {
    /// The best-off part.
    pub top: f64,
    /// The worst-off part.
    pub bottom: f64,
}

/// Levels at which draws are read, 0 to 1, by what the interval is of.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadAt {
    /// A mean, or a difference of two.
    pub mean: f64,
    /// A share of the weight, or a difference of two.
    pub share: f64,
    /// How deep or severe want is, or a difference of two.
    pub depth: f64,
    /// An index of inequality.
    pub index: f64,
    /// Theil T, which hangs most on the few that have most.
    pub theil_t: f64,
}

/// Smallest numbers of independent observations by what is told of them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountsMin {
    /// A median.
    pub median: f64,
    /// A quantile at 20 or 80 %.
    pub p20: f64,
    /// A quantile at 10 or 90 %.
    pub p10: f64,
    /// A quantile at 5 or 95 %.
    pub p5: f64,
    /// A proportion, give or take ten points.
    pub proportion_10_points: f64,
    /// A proportion, give or take five points.
    pub proportion_5_points: f64,
}

/// What measurements must be beside many for a figure to be *enough*.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnoughRule {
    /// Fewest probes of class A.
    pub class_a_probes: u32,
    /// Fewest days with measurements.
    pub days: u32,
    /// Smallest share of slots filled, 0 to 1.
    pub slots_share: f64,
}

/// What may be said of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighbourRule {
    /// Fewest places with a value and a neighbour.
    pub places_min: u32,
    /// Smallest share of the places that have both, 0 to 1.
    pub known_share: f64,
    /// Fewest shuffles.
    pub shuffles_min: u32,
    /// Probability of chance up to which likeness is told, 0 to 1.
    pub significance: f64,
    /// Share of chance expected among single places that are told, 0 to 1.
    pub discovery_rate: f64,
}

/// A set of parameters; a verdict or a published figure names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Name of the set, with its version.
    pub set: String,
    /// Level of intervals, 0 to 1.
    pub confidence_level: Parameter<f64>,
    /// Aversions to inequality at which the Atkinson index is told.
    pub aversions: Parameter<Vec<f64>>,
    /// The ends of the Palma ratio.
    pub palma: Parameter<PalmaShares>,
    /// Fewest draws of a bootstrap.
    pub draws_min: Parameter<u32>,
    /// Levels at which draws are read so that intervals hold the truth at the confidence level.
    pub read_at: Parameter<ReadAt>,
    /// Fewest clusters of a bootstrap.
    pub clusters_min: Parameter<u32>,
    /// Fewest clusters for the interval of an index of inequality.
    pub clusters_min_indices: Parameter<u32>,
    /// Fewest clusters for the interval of Theil T.
    pub clusters_min_theil_t: Parameter<u32>,
    /// Fewest independent observations.
    pub counts_min: Parameter<CountsMin>,
    /// What *enough* asks for beside.
    pub enough: Parameter<EnoughRule>,
    /// What likeness of neighbours asks for.
    pub neighbours: Parameter<NeighbourRule>,
    /// Share of the weight in public buildings above which a figure says so.
    pub public_buildings_max: Parameter<f64>,
    /// Highest weight of a unit after post-stratification, over the mean one.
    pub weight_cap: Parameter<f64>,
}

/// A file of parameters that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the parameters")]
pub struct UnreadableParameters(#[from] toml::de::Error);

impl Parameters {
    /// Text of the set that this version of the program comes with.
    pub const BUILT_IN: &'static str = include_str!("../parameters/statistics-4.toml");

    /// The set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(Self::BUILT_IN).expect("a test reads the built-in set")
    }

    /// Reads a set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableParameters> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_set_is_read_and_its_counts_follow_from_their_rules() {
        let set = Parameters::built_in();
        let counts = set.counts_min.value;
        // No value of n independent ones lies beyond the quantile with probability (1 - p)^n.
        for (count, p) in [(counts.p20, 0.2), (counts.p10, 0.1), (counts.p5, 0.05_f64)] {
            assert!((1.0 - p).powf(count) < 0.05 && (1.0 - p).powf(count - 1.0) >= 0.05, "{count}");
        }
        assert!(2.0 * 0.5_f64.powf(counts.median) < 0.05 && 2.0 * 0.5_f64.powf(counts.median - 1.0) >= 0.05);
        let needed = |points: f64| (1.959_964 / points).powi(2) / 4.0;
        assert!((needed(0.1).ceil() - counts.proportion_10_points).abs() < 0.5);
        assert!((needed(0.05).ceil() - counts.proportion_5_points).abs() < 0.5);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let text = include_str!("../parameters/statistics-4.toml").replace("[draws_min]", "[draw_min]");
        let error = Parameters::parse(&text).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("draw_min"), "{error:?}");
    }
}
