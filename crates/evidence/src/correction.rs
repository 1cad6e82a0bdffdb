//! Many cells looked at: one of twenty would be called by chance.

/// Holm's adjusted probabilities, in the order given: each may be compared with the level as if its cell had been the only one, and
/// the chance of even one wrong call among all cells stays below it.
///
/// # Source
/// Holm, Scandinavian Journal of Statistics 6, 1979.
#[must_use]
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    let mut adjusted = vec![0.0; probabilities.len()];
    let mut highest = 0.0_f64;
    let mut left = probabilities.iter().map(|_| 1.0).sum::<f64>();
    for index in order {
        highest = highest.max((probabilities[index] * left).min(1.0));
        adjusted[index] = highest;
        left -= 1.0;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_multiplies_by_how_many_are_left_and_never_falls() {
        let close = |found: &[f64], wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len());
            assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        close(&holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        close(&holm(&[0.7, 0.9]), &[1.0, 1.0]);
        close(&holm(&[0.02]), &[0.02]);
        close(&holm(&[]), &[]);
    }
}
