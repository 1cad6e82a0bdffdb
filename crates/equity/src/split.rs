//! Theil's indices, parted between classes of units and within them.

use crate::distribution::Distribution;

/// A class of units and its part in the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassPart {
    /// Units.
    pub units: usize,
    /// Share of the weight, 0 to 1.
    pub weight_share: f64,
    /// Share of the total, 0 to 1; `None` if the total is zero.
    pub value_share: Option<f64>,
    /// Weighted mean; `None` if the class has no unit.
    pub mean: Option<f64>,
    /// Theil T inside the class; `None` if all its values are zero.
    pub theil_t: Option<f64>,
    /// Theil L inside the class; `None` if one of its values is zero.
    pub theil_l: Option<f64>,
}

/// The two parts of an index. They add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// What would be left if everyone had the mean of his class.
    pub between: f64,
    /// What would be left if all classes had the same mean.
    pub within: f64,
}

/// A distribution parted by classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Parts of Theil T; `None` where it is not defined.
    pub theil_t: Option<Parts>,
    /// Parts of Theil L; `None` where it is not defined.
    pub theil_l: Option<Parts>,
    /// The classes in order of their numbers.
    pub classes: Vec<ClassPart>,
}

/// What a draw of a bootstrap holds of one class.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Drawn {
    /// Weight.
    pub weight: f64,
    /// Sum of values times weights.
    pub total: f64,
    /// Weight of the values below the line.
    pub poor: f64,
}

impl Drawn {
    /// Weighted mean; not a number if the draw holds nothing of the class.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.total / self.weight
    }

    /// Share of the weight below the line, 0 to 1; not a number if the draw holds nothing of the class.
    #[must_use]
    pub fn poor_share(&self) -> f64 {
        self.poor / self.weight
    }
}

/// Adds up the classes of a draw, so that means and what lies between them need not be looked for in a table of their own.
///
/// # Shape
/// `counts` and `classes` are in the order of the distribution's values; `sums` has a place for each class and is overwritten.
pub fn drawn(of: &Distribution, classes: &[u32], counts: &[u32], line: f64, sums: &mut [Drawn]) {
    sums.fill(Drawn::default());
    let units = of.values().iter().zip(of.weights()).zip(classes).zip(counts);
    for (((value, weight), class), count) in units {
        let (sum, weight) = (&mut sums[*class as usize], weight * f64::from(*count));
        sum.weight += weight;
        sum.total += weight * value;
        sum.poor += if *value < line { weight } else { 0.0 };
    }
}

/// What of Theil T and of Theil L lies between classes of a draw; not a number where that is not defined.
#[must_use]
pub fn between(sums: &[Drawn]) -> (f64, f64) {
    let weight: f64 = sums.iter().map(|sum| sum.weight).sum();
    let total: f64 = sums.iter().map(|sum| sum.total).sum();
    let held = sums.iter().filter(|sum| sum.weight > 0.0);
    held.fold((0.0, 0.0), |(t, l), sum| {
        let log = libm::log(sum.mean() * weight / total);
        let own = if sum.total > 0.0 { sum.total / total * log } else { 0.0 };
        (t + own, l - sum.weight / weight * log)
    })
}

/// Sums over one class.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    units: usize,
    weight: f64,
    total: f64,
    zeros: bool,
    logs: f64,
    value_logs: f64,
}

impl Split {
    /// Parts a distribution.
    ///
    /// # Shape
    /// `classes` gives each unit, in the order of the distribution's values, the number of its class, below `count`.
    ///
    /// # Missing data
    /// A unit whose class is not known belongs to a class of its own: were it left out, the parts would not add up to the whole.
    ///
    /// # Panics
    /// If a class is missing or not below `count`.
    #[must_use]
    pub fn new(of: &Distribution, classes: &[u32], count: usize) -> Self {
        assert_eq!(classes.len(), of.len(), "a class for each unit");
        let mut sums = vec![Sums::default(); count];
        for ((value, weight), class) in of.values().iter().zip(of.weights()).zip(classes) {
            let sums = &mut sums[*class as usize];
            sums.units += 1;
            sums.weight += weight;
            sums.total += weight * value;
            sums.zeros |= *value <= 0.0;
        }
        // The second pass takes logarithms against the mean of the class: nothing large is subtracted from something large.
        for ((value, weight), class) in of.values().iter().zip(of.weights()).zip(classes) {
            let sums = &mut sums[*class as usize];
            if *value > 0.0 {
                let log = libm::log(value * sums.weight / sums.total);
                sums.logs += weight * log;
                sums.value_logs += weight * value * log;
            }
        }
        Self::of_sums(of, &sums)
    }

    fn of_sums(of: &Distribution, sums: &[Sums]) -> Self {
        let total = of.mean() * of.weight();
        let some = total > 0.0;
        let classes: Vec<ClassPart> = sums
            .iter()
            .map(|sums| ClassPart {
                units: sums.units,
                weight_share: sums.weight / of.weight(),
                value_share: some.then(|| sums.total / total),
                mean: (sums.units > 0).then(|| sums.total / sums.weight),
                theil_t: (sums.total > 0.0).then(|| sums.value_logs / sums.total),
                theil_l: (sums.units > 0 && !sums.zeros).then(|| -sums.logs / sums.weight),
            })
            .collect();
        let zeros = sums.iter().any(|sums| sums.zeros);
        let add = |part: &dyn Fn(&ClassPart) -> Option<f64>| classes.iter().filter_map(part).sum::<f64>();
        let log_ratio = |class: &ClassPart| Some(libm::log(class.mean? / of.mean()));
        let theil_t = some.then(|| Parts {
            // A class with nothing adds nothing: 0 ln 0 is 0.
            between: add(&|class| {
                Some(class.value_share? * log_ratio(class)?).filter(|part| part.is_finite())
            }),
            within: add(&|class| Some(class.value_share? * class.theil_t?)),
        });
        let theil_l = (some && !zeros).then(|| Parts {
            between: add(&|class| Some(-class.weight_share * log_ratio(class)?)),
            within: add(&|class| Some(class.weight_share * class.theil_l?)),
        });
        Self { theil_t, theil_l, classes }
    }
}
