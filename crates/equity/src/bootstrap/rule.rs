//! What intervals are asked to be, and how few clusters widen them.

use crate::parameters::Parameters;
use crate::{normal, student};

/// What an interval is of: intervals of different figures fall short of their level by different amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A mean, a median, or a difference of two.
    Mean,
    /// A share of the weight, or a difference of two.
    Share,
    /// How deep or severe want is, or a difference of two.
    Depth,
    /// An index of inequality or concentration, or what of one lies between classes.
    Index,
    /// Theil T, or what of it lies within classes.
    TheilT,
}

/// What intervals are asked to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Share of repetitions in which they hold the truth, 0 to 1.
    pub level: f64,
    /// Level at which draws are read for that, 0 to 1.
    pub read_at: f64,
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
    /// What a set of parameters asks for. Indices of inequality hang on the few that have most, of which few clusters hold none or too
    /// many: they ask for more clusters.
    #[must_use]
    pub fn of(of: Of, parameters: &Parameters) -> Self {
        let read_at = &parameters.read_at.value;
        let (read_at, clusters_min) = match of {
            Of::Mean => (read_at.mean, &parameters.clusters_min),
            Of::Share => (read_at.share, &parameters.clusters_min),
            Of::Depth => (read_at.depth, &parameters.clusters_min),
            Of::Index => (read_at.index, &parameters.clusters_min_indices),
            Of::TheilT => (read_at.theil_t, &parameters.clusters_min_theil_t),
        };
        let clusters_min = clusters_min.value;
        Self { level: parameters.confidence_level.value, read_at, clusters_min: f64::from(clusters_min) }
    }

    /// The same for an interval that begins where the figure cannot be below: all that may be missed lies above it.
    #[must_use]
    pub fn one_sided(self) -> Self {
        Self { read_at: 2.0 * self.read_at - 1.0, ..self }
    }

    /// Whether an interval may rest on so many clusters; rounding of an effective count is forgiven.
    #[must_use]
    pub fn allows(&self, clusters: f64) -> bool {
        clusters * (1.0 + 1e-9) >= self.clusters_min && clusters > 1.0
    }

    /// The level at which many clusters give an interval as wide as these few need.
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
        let t = student::quantile(0.5 + self.read_at / 2.0, 1.0 / welch);
        let level = 1.0 - 2.0 * normal::probability(-t * libm::sqrt(narrow));
        level.is_finite().then_some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_clusters_widen_an_interval_as_they_widen_that_of_a_mean() {
        let rule = Rule { level: 0.95, read_at: 0.95, clusters_min: 6.0 };
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
