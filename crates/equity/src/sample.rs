//! How many independent observations dependent ones are worth.

/// Effective number of independent observations among `count` that go together with correlation `rho`.
///
/// # Missing data
/// `None` if there is no observation, or the correlation is beyond 0 to 1. One below zero, as an estimate can be, is taken as zero
/// by the caller, or not at all: it would make observations worth more than they are.
///
/// # Source
/// Kish, Survey Sampling, 1965 (design effect).
#[must_use]
pub fn effective_count(count: f64, rho: f64) -> Option<f64> {
    (count >= 1.0 && count.is_finite() && (0.0..=1.0).contains(&rho))
        .then(|| count / (1.0 + (count - 1.0) * rho))
}

/// Kish's effective number of observations with weights.
///
/// # Missing data
/// `None` if the weights add up to nothing.
#[must_use]
pub fn kish(weights: &[f64]) -> Option<f64> {
    let sum: f64 = weights.iter().sum();
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    (sum > 0.0 && squares > 0.0).then(|| sum * sum / squares)
}

/// Correlation of observations of one cluster, from a one-way analysis of variance; between 0 and 1.
///
/// # Missing data
/// `None` with fewer than two clusters, no cluster of two observations, or values that do not differ. An estimate below zero, which
/// chance gives where clusters do not differ, is told as zero.
///
/// # Source
/// Donner, International Statistical Review 54, 1986.
#[must_use]
pub fn intraclass_correlation(clusters: &[&[f64]]) -> Option<f64> {
    let clusters: Vec<&[f64]> = clusters.iter().copied().filter(|cluster| !cluster.is_empty()).collect();
    let size = |cluster: &[f64]| cluster.iter().map(|_| 1.0).sum::<f64>();
    let groups: f64 = clusters.iter().map(|_| 1.0).sum();
    let count: f64 = clusters.iter().map(|cluster| size(cluster)).sum();
    if groups < 2.0 || count <= groups {
        return None;
    }
    let mean = clusters.iter().flat_map(|cluster| cluster.iter()).sum::<f64>() / count;
    let (mut between, mut within, mut squares) = (0.0, 0.0, 0.0);
    for cluster in &clusters {
        let own = size(cluster);
        let middle = cluster.iter().sum::<f64>() / own;
        between += own * (middle - mean) * (middle - mean);
        within += cluster.iter().map(|value| (value - middle) * (value - middle)).sum::<f64>();
        squares += own * own;
    }
    let (between, within) = (between / (groups - 1.0), within / (count - groups));
    // The size that unequal clusters count as.
    let typical = (count - squares / count) / (groups - 1.0);
    let rho = (between - within) / (between + (typical - 1.0) * within);
    rho.is_finite().then(|| rho.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_agree_within_are_worth_one_observation_each() {
        let alike: [&[f64]; 3] = [&[1.0, 1.0, 1.0], &[5.0, 5.0, 5.0], &[9.0, 9.0, 9.0]];
        assert_eq!(intraclass_correlation(&alike), Some(1.0));
        assert_eq!(effective_count(3.0, 1.0), Some(1.0));
        let mixed: [&[f64]; 2] = [&[1.0, 9.0], &[1.0, 9.0]];
        assert_eq!(intraclass_correlation(&mixed), Some(0.0));
        for too_few in [&alike[..1], &[&[1.0][..], &[2.0][..]], &[&[4.0, 4.0][..], &[4.0, 4.0][..]]] {
            assert_eq!(intraclass_correlation(too_few), None);
        }
    }
}
