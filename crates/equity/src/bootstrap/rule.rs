//! What intervals are asked to be, and how few clusters widen them.

use crate::parameters::Parameters;
use crate::{normal, student};

/// What intervals are asked to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Share of repetitions in which they hold the truth, 0 to 1.
    pub level: f64,
    /// Fewest clusters that one may rest on.
    pub clusters_min: f64,
}

/// One of the independent parts of a statistic.
pub(super) struct Side {
    /// Its variance, in a unit that all parts share.
    pub(super) variance: f64,
    pub(super) clusters: f64,
}

impl Rule {
    /// What a set of parameters asks for.
    #[must_use]
    pub fn by(parameters: &Parameters) -> Self {
        Self {
            level: parameters.confidence_level.value,
            clusters_min: f64::from(parameters.clusters_min.value),
        }
    }

    /// What a set asks for where the figure is an index of inequality: these hang on the few that have most, of which few clusters
    /// hold none or too many.
    #[must_use]
    pub fn for_indices(parameters: &Parameters) -> Self {
        Self { clusters_min: f64::from(parameters.clusters_min_indices.value), ..Self::by(parameters) }
    }

    /// Whether an interval may rest on so many clusters; rounding of an effective count is forgiven.
    #[must_use]
    pub fn allows(&self, clusters: f64) -> bool {
        clusters * (1.0 + 1e-9) >= self.clusters_min && clusters > 1.0
    }

    /// The level that gives many clusters an interval as wide as these few need.
    pub(super) fn widened(&self, sides: &[Side]) -> Option<f64> {
        if !sides.iter().all(|side| self.allows(side.clusters)) {
            return None;
        }
        let whole: f64 = sides.iter().map(|side| side.variance).sum();
        // Draws say the variance times (n - 1)/n.
        let true_to = |side: &Side| side.variance * side.clusters / (side.clusters - 1.0);
        let narrow = sides.iter().map(true_to).sum::<f64>() / whole;
        let welch: f64 = sides
            .iter()
            .map(|side| (side.variance / whole) * (side.variance / whole) / (side.clusters - 1.0))
            .sum();
        let t = student::quantile(0.5 + self.level / 2.0, 1.0 / welch);
        let level = 1.0 - 2.0 * normal::probability(-t * libm::sqrt(narrow));
        level.is_finite().then_some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_clusters_widen_an_interval_as_they_widen_that_of_a_mean() {
        let rule = Rule { level: 0.95, clusters_min: 6.0 };
        let wide = |sides: &[(f64, f64)]| {
            let sides: Vec<Side> = sides
                .iter()
                .map(|(variance, clusters)| Side { variance: *variance, clusters: *clusters })
                .collect();
            let level = rule.widened(&sides)?;
            Some(normal::quantile(0.5 + level / 2.0))
        };
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-3, "{found:?}, {expected}");
        };
        // Quantiles of NIST/SEMATECH's table, for 5, 19 and 10 degrees of freedom.
        close(wide(&[(3.0, 6.0)]), 2.571 * (6.0_f64 / 5.0).sqrt());
        close(wide(&[(3.0, 20.0)]), 2.093 * (20.0_f64 / 19.0).sqrt());
        close(wide(&[(2.0, 6.0), (2.0, 6.0)]), 2.228 * (6.0_f64 / 5.0).sqrt());
        close(wide(&[(2.0, 1e6)]), 1.960);
        // The side that hardly varies does not count.
        close(wide(&[(1e-12, 6.0), (2.0, 20.0)]), 2.093 * (20.0_f64 / 19.0).sqrt());
        assert_eq!(wide(&[(1.0, 5.9)]), None);
        assert_eq!(wide(&[(1.0, 60.0), (1.0, 5.0)]), None);
    }
}
