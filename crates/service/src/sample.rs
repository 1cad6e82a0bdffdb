//! How much dependent observations are worth.

use desserte_equity::{Distribution, Unit, effective_count, intraclass_correlation, kish};

/// Effective number of independent observations among those of clusters, such as days.
///
/// # Missing data
/// Zero without an observation. Where the observations do not tell how alike those of a cluster are, a cluster counts as one
/// observation, which is the least it can be worth.
pub(crate) fn effective<'a>(clusters: impl IntoIterator<Item = &'a Vec<f64>>) -> f64 {
    let clusters: Vec<&[f64]> =
        clusters.into_iter().map(Vec::as_slice).filter(|own| !own.is_empty()).collect();
    let sizes: Vec<f64> = clusters.iter().map(|own| own.iter().map(|_| 1.0).sum()).collect();
    // Kish's number of clusters: those that hold many observations count for more in what is told.
    let Some(worth) = kish(&sizes) else { return 0.0 };
    let typical = sizes.iter().sum::<f64>() / worth;
    let rho = intraclass_correlation(&clusters).unwrap_or(1.0);
    effective_count(typical, rho).map_or(worth, |each| worth * each)
}

/// The smallest value that, with all below it, is the share `p` of all; as in `desserte_equity`.
///
/// # Missing data
/// `None` without a value.
pub(crate) fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let units: Vec<Unit> = values.iter().map(|value| Unit { value: Some(*value), weight: 1.0 }).collect();
    Distribution::new(&units).ok().map(|of| of.quantile(p))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers")]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_alike_within_are_worth_one_observation_each() {
        assert_eq!(effective(&[vec![1.0; 40], vec![0.0; 40]]), 2.0);
        assert_eq!(
            effective(&[vec![1.0; 40], vec![1.0; 40]]),
            2.0,
            "a line that never fails: its days are known, no more"
        );
        assert_eq!(effective(&[]), 0.0);
        let mixed: Vec<f64> = (0..40).map(|slot| f64::from(slot % 2)).collect();
        assert_eq!(effective(&[mixed.clone(), mixed]), 80.0);
    }
}
