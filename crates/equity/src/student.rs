//! Student's t distribution.

/// Terms after which the fraction below has long settled; it takes some ten for the arguments that occur.
const TERMS_MAX: u32 = 10_000;

/// Probability that a value of Student's t lies above `t`, zero or more; degrees of freedom need not be whole.
///
/// # Source
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1 and 26.5.8 (continued fraction), the latter evaluated as in Lentz,
/// Applied Optics 15, 1976.
fn above(t: f64, degrees: f64) -> f64 {
    let (a, b) = (degrees / 2.0, 0.5);
    let x = degrees / (degrees + t * t);
    0.5 * incomplete_beta(x, 1.0 - x, a, b)
}

/// The regularised incomplete beta function; `y` is `1 - x`.
fn incomplete_beta(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    // The fraction settles fast on one side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(y, x, b, a);
    }
    let front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log(y);
    let tiny = |value: f64| if value.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value };
    let (mut c, mut d) = (1.0, 1.0 / tiny(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for term in 1..TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for step in [even, odd] {
            d = 1.0 / tiny(1.0 + step * d);
            c = tiny(1.0 + step / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    libm::exp(front) * fraction / a
}

/// The value up to which one of Student's t lies with probability `p`, from one half to below 1.
///
/// # Source
/// Found between bounds by halving them on the probability: slower than an approximation, and as exact as it.
pub(crate) fn quantile(p: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Far beyond what any level asks for, even with one degree of freedom.
    while above(high, degrees) > 1.0 - p && high < 1e300 {
        high *= 2.0;
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if above(middle, degrees) > 1.0 - p { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_printed_tables() {
        // NIST/SEMATECH e-Handbook, 1.3.6.7.2, to its three decimals.
        for (p, degrees, expected) in [
            (0.975, 1.0, 12.706),
            (0.975, 2.0, 4.303),
            (0.975, 5.0, 2.571),
            (0.975, 19.0, 2.093),
            (0.975, 100.0, 1.984),
            (0.95, 8.0, 1.860),
            (0.995, 30.0, 2.750),
        ] {
            let found = quantile(p, degrees);
            assert!((found - expected).abs() < 5.1e-4, "{p} {degrees}: {found}");
        }
    }

    #[test]
    fn with_many_degrees_it_is_the_normal_distribution() {
        assert!((quantile(0.975, 1e6) - crate::normal::quantile(0.975)).abs() < 1e-5);
        assert!(quantile(0.5, 3.0).abs() < 1e-15);
    }
}
