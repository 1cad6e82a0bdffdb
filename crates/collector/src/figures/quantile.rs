//! Quantiles of values that are all at hand.

/// The quantile of `values` at `share`, by linear interpolation between the two nearest values.
///
/// With `n` values sorted from the smallest, it is the value at position `share × (n − 1)`, counted from zero; the
/// median of an even number is the mean of the two middle values.
///
/// # Missing data
/// `None` without values.
///
/// # Source
/// Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996: definition 7.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&share), "a share lies between 0 and 1");
    let last = values.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let position = share * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the last index"
    )]
    let below = (position.floor() as usize).min(last);
    // Only the two values are wanted: finding them takes one pass, sorting a month of minutes many.
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + (high - low) * (position - position.floor()))
}

#[cfg(test)]
mod tests {
    use super::quantile;

    fn check(values: &[f64], share: f64, expected: Option<f64>) {
        let found = quantile(&mut values.to_vec(), share);
        let near = found.zip(expected).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near || found == expected, "{values:?} {share}: {found:?}, expected {expected:?}");
    }

    /// Expected values: `statistics.quantiles(..., method="inclusive")` of Python 3.11, and `median`.
    #[test]
    fn quantiles_are_those_of_another_program() {
        check(&[], 0.5, None);
        check(&[3.0], 0.2, Some(3.0));
        check(&[4.0, 1.0, 3.0, 2.0], 0.5, Some(2.5));
        check(&[9.0, 7.0, 1.0, 3.0, 5.0], 0.2, Some(2.6));
        check(&[9.0, 7.0, 1.0, 3.0, 5.0], 1.0, Some(9.0));
    }
}
