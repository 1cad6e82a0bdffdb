//! The normal distribution.

/// Probability of a standard normal value up to `x`.
pub(crate) fn probability(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// The value up to which a standard normal one lies with probability `p`; infinite at 0 and 1.
///
/// # Source
/// Found between bounds by halving them on [`probability`]: slower than an approximation, and as exact as it.
pub(crate) fn quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // Near 1 the probability has few digits; near 0 it has all of them.
        return -quantile(1.0 - p);
    }
    // No probability above zero that a double can hold lies below.
    let (mut low, mut high) = (-39.0, 0.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if probability(middle) < p { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_printed_tables() {
        // NIST/SEMATECH e-Handbook, 1.3.6.7.1, and R 4 qnorm for the last two.
        for (p, expected) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.025, -1.959_963_984_540_054),
            (0.995, 2.575_829_303_548_901),
            (1e-10, -6.361_340_902_404_056),
        ] {
            assert!((quantile(p) - expected).abs() < 1e-12, "{p}: {}", quantile(p));
        }
        assert!(quantile(0.0).is_infinite() && quantile(1.0).is_infinite());
        assert!((probability(1.0) - 0.841_344_746_068_543).abs() < 1e-14);
    }
}
