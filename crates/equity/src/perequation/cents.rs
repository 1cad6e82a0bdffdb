//! Whole cents.

/// The most cents that are told apart exactly: 2^53.
pub(super) const CENTS_MAX: f64 = 9_007_199_254_740_992.0;

/// Parts a whole number of cents by the largest remainders; of equal ones the first get theirs.
///
/// # Shape
/// `exact` are shares in cents that add up to `total` but for rounding; all are below [`CENTS_MAX`].
#[expect(clippy::cast_possible_truncation, reason = "below 2^53, and whole")]
pub(super) fn largest_remainder(exact: &[f64], total: i64) -> Vec<i64> {
    let mut cents: Vec<i64> = exact.iter().map(|share| share.floor() as i64).collect();
    let mut left = total - cents.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    // A remainder is told to a thousandth of a cent: beyond that it is rounding, and the order of codes decides.
    let remainder = |at: &usize| ((exact[*at] - exact[*at].floor()) * 1_000.0).round() as i64;
    order.sort_by_key(|at| -remainder(at));
    // There are fewer cents left than shares, but for rounding of the shares.
    let step = left.signum();
    if step < 0 {
        order.reverse();
    }
    for at in order.iter().cycle().take(exact.len() * 2) {
        if left == 0 {
            break;
        }
        cents[*at] += step;
        left -= step;
    }
    cents
}
