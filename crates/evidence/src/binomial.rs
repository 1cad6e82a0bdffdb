//! The exact binomial test, one-sided, on failures.

/// Terms are added until they no longer change a sum of this size.
const NEGLIGIBLE: f64 = 1e-18;

/// Probability of `failures` or more failures in `tests` independent tests of which each fails with probability `failing`.
///
/// The logarithm and exponential are `libm`'s, so that every platform gives the same digits.
///
/// # Missing data
/// `None` if there are more failures than tests, or `failing` is no probability.
#[must_use]
pub fn tail(tests: u32, failures: u32, failing: f64) -> Option<f64> {
    if failures > tests || !(0.0..=1.0).contains(&failing) {
        return None;
    }
    if failures == 0 {
        return Some(1.0);
    }
    if failing <= 0.0 {
        return Some(0.0);
    }
    if failing >= 1.0 {
        return Some(1.0);
    }
    let (n, odds) = (f64::from(tests), failing / (1.0 - failing));
    let mean = n * failing;
    // The smaller of the two sides is added up, from its largest term on.
    let above = f64::from(failures) > mean;
    let start = if above { failures } else { failures - 1 };
    let mut term = libm::exp(log_term(n, f64::from(start), failing));
    let mut sum = 0.0;
    let mut k = start;
    while term > 0.0 {
        sum += term;
        if term < sum * NEGLIGIBLE {
            break;
        }
        if above {
            if k == tests {
                break;
            }
            term *= (n - f64::from(k)) / (f64::from(k) + 1.0) * odds;
            k += 1;
        } else {
            if k == 0 {
                break;
            }
            term *= f64::from(k) / (n - f64::from(k) + 1.0) / odds;
            k -= 1;
        }
    }
    Some(if above { sum.min(1.0) } else { (1.0 - sum).clamp(0.0, 1.0) })
}

/// Logarithm of the probability of exactly `k` failures in `n`.
fn log_term(n: f64, k: f64, failing: f64) -> f64 {
    libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
        + k * libm::log(failing)
        + (n - k) * libm::log1p(-failing)
}

/// Fewest failures in `tests` that give up, at level `alpha`, that each succeeds with probability `required` or more; `None`
/// when not even failing every test would.
#[must_use]
pub fn fewest_failures(tests: u32, required: f64, alpha: f64) -> Option<u32> {
    let rejects = |failures: u32| tail(tests, failures, 1.0 - required).is_some_and(|p| p <= alpha);
    if !rejects(tests) {
        return None;
    }
    // The tail falls with the number of failures.
    let (mut low, mut high) = (0, tests);
    while low < high {
        let middle = low + (high - low) / 2;
        if rejects(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The table of the domain rules, section 10.
    #[test]
    fn the_fewest_failures_that_reject_are_those_of_the_domain_rules() {
        let tests = [10, 20, 30, 50, 100, 200, 500, 1_000];
        for (required, fewest) in [
            (0.98, [2, 3, 3, 4, 6, 8, 16, 29]),
            (0.95, [3, 4, 5, 6, 10, 16, 34, 63]),
            (0.90, [4, 5, 7, 10, 16, 28, 62, 117]),
        ] {
            for (tests, fewest) in tests.into_iter().zip(fewest) {
                assert_eq!(fewest_failures(tests, required, 0.05), Some(fewest), "{tests} at {required}");
            }
        }
        assert_eq!(fewest_failures(0, 0.95, 0.05), None);
        assert_eq!(fewest_failures(2, 0.5, 0.05), None, "both failing is chance one time in four");
    }

    #[test]
    fn the_ends_are_certain() {
        assert_eq!(tail(10, 0, 0.3), Some(1.0));
        assert_eq!(tail(10, 10, 1.0), Some(1.0));
        assert_eq!(tail(10, 1, 0.0), Some(0.0));
        assert_eq!(tail(10, 11, 0.5), None);
        assert_eq!(tail(10, 1, f64::NAN), None);
        assert!((tail(3, 3, 0.1).unwrap() - 0.001).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn the_tail_is_the_sum_of_its_terms_and_falls(tests in 1_u32..120, failing in 0.001_f64..0.999) {
            let mut last = 1.0;
            for failures in 0..=tests {
                let direct: f64 = (failures..=tests)
                    .map(|k| log_term(f64::from(tests), f64::from(k), failing).exp())
                    .sum();
                let found = tail(tests, failures, failing).unwrap();
                prop_assert!((found - direct).abs() < 1e-11, "{tests} {failures} {failing}: {found} {direct}");
                prop_assert!(found <= last + 1e-12);
                last = found;
            }
        }
    }
}
