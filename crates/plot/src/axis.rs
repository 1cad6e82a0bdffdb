//! Axes: from numbers to places, with round marks.

/// Marks that an axis has at most.
const MARKS_MAX: f64 = 7.0;

/// A straight axis from `low` to `high`, both round numbers, drawn from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis that holds all finite `values` and zero.
    pub(crate) fn holding(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) =
            finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let span = if high > low { high - low } else { 1.0 };
        let step = round_step(span / (MARKS_MAX - 1.0));
        let high = if high > low { high } else { 1.0 };
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step, from, to }
    }

    /// The place of a number.
    pub(crate) fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The marks, with the decimals that tell them apart.
    pub(crate) fn marks(&self) -> (Vec<f64>, usize) {
        let mut marks = Vec::new();
        let mut at = 0.0;
        while self.low + at * self.step <= self.high + self.step / 2.0 {
            marks.push(self.low + at * self.step);
            at += 1.0;
        }
        let decimals = (0..6).find(|decimals| {
            let scaled = self.step * 10_f64.powi(*decimals);
            (scaled - scaled.round()).abs() < 1e-9 * scaled
        });
        (marks, usize::try_from(decimals.unwrap_or(6)).unwrap_or(0))
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let found = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|times| times * power >= least * (1.0 - 1e-9));
    found.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_holds_its_numbers_and_has_few_round_marks() {
        for (values, expected, decimals) in [
            (vec![3.0, 97.0], vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0], 0),
            (vec![-0.31, 0.12], vec![-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2], 1),
            (vec![], vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1),
            (vec![f64::NAN, 0.0], vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1),
        ] {
            let axis = Axis::holding(values, 100.0, 200.0);
            let (marks, told) = axis.marks();
            assert_eq!(marks.len(), expected.len(), "{marks:?}");
            assert!(marks.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{marks:?}");
            assert_eq!(told, decimals);
            assert!((axis.place(marks[0]) - 100.0).abs() < 1e-9);
            assert!((axis.place(marks[marks.len() - 1]) - 200.0).abs() < 1e-9);
        }
    }
}
