//! Whether there is enough behind a figure to print it.

use crate::parameters::Parameters;

/// What a figure is told of, which sets how many independent observations it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A median.
    Median,
    /// The quantile at 20 or 80 %.
    P20,
    /// The quantile at 10 or 90 %.
    P10,
    /// The quantile at 5 or 95 %.
    P5,
    /// A proportion, give or take ten points.
    ProportionTenPoints,
    /// A proportion, give or take five points.
    ProportionFivePoints,
}

/// What stands behind a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Effective number of independent observations.
    pub effective_count: f64,
    /// Dedicated, wired, calibrated probes.
    pub class_a_probes: u32,
    /// Days with measurements.
    pub days: u32,
    /// Share of 15-minute slots filled, 0 to 1.
    pub slots_share: f64,
}

/// What evidence lacks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lack {
    /// Too few independent observations.
    Observations {
        /// Fewest wanted.
        wanted: f64,
    },
    /// No or too few probes of class A.
    ClassAProbes {
        /// Fewest wanted.
        wanted: u32,
    },
    /// Too few days.
    Days {
        /// Fewest wanted.
        wanted: u32,
    },
    /// Too few slots filled.
    Slots {
        /// Smallest share wanted.
        wanted: f64,
    },
}

/// A figure as it may be told. There is no way to the number of one that is not enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict<T> {
    told: Told<T>,
    /// Name of the set of parameters that the verdict follows.
    pub parameters: String,
}

/// The three states of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Told<T> {
    /// *Suffisant*: as many observations, days, slots and probes as the rule asks for.
    Enough(T),
    /// *Indicatif*: enough independent observations, and something else is lacking.
    Indicative(T, Vec<Lack>),
    /// *Données insuffisantes*: no number.
    NotEnough(Vec<Lack>),
}

impl<T> Verdict<T> {
    /// Judges a figure by what stands behind it. Observations that are too few give no number, whatever else there is; a number that
    /// is not one (a share of slots, a count) lacks.
    #[must_use]
    pub fn new(figure: T, kind: Kind, evidence: &Evidence, parameters: &Parameters) -> Self {
        let (counts, enough) = (&parameters.counts_min.value, &parameters.enough.value);
        let wanted = match kind {
            Kind::Median => counts.median,
            Kind::P20 => counts.p20,
            Kind::P10 => counts.p10,
            Kind::P5 => counts.p5,
            Kind::ProportionTenPoints => counts.proportion_10_points,
            Kind::ProportionFivePoints => counts.proportion_5_points,
        };
        let observed = evidence.effective_count >= wanted;
        let filled = evidence.slots_share >= enough.slots_share;
        let lacks: Vec<Lack> = [
            (!observed).then_some(Lack::Observations { wanted }),
            (evidence.class_a_probes < enough.class_a_probes)
                .then_some(Lack::ClassAProbes { wanted: enough.class_a_probes }),
            (evidence.days < enough.days).then_some(Lack::Days { wanted: enough.days }),
            (!filled).then_some(Lack::Slots { wanted: enough.slots_share }),
        ]
        .into_iter()
        .flatten()
        .collect();
        let told = match (observed, lacks.is_empty()) {
            (true, true) => Told::Enough(figure),
            (true, false) => Told::Indicative(figure, lacks),
            (false, _) => Told::NotEnough(lacks),
        };
        Self { told, parameters: parameters.set.clone() }
    }

    /// What may be told.
    #[must_use]
    pub fn told(&self) -> &Told<T> {
        &self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Evidence = Evidence { effective_count: 14.0, class_a_probes: 1, days: 14, slots_share: 0.8 };

    fn check(evidence: Evidence, expected: &Told<f64>) {
        let verdict = Verdict::new(8.0, Kind::P20, &evidence, &Parameters::built_in());
        assert_eq!(verdict.told(), expected);
        assert_eq!(verdict.parameters, "statistics-4");
    }

    #[test]
    fn a_figure_is_enough_exactly_on_the_limits() {
        check(GOOD, &Told::Enough(8.0));
        let lacks = vec![Lack::Days { wanted: 14 }, Lack::Slots { wanted: 0.8 }];
        check(Evidence { days: 13, slots_share: f64::NAN, ..GOOD }, &Told::Indicative(8.0, lacks));
        let lacks = vec![Lack::ClassAProbes { wanted: 1 }];
        check(Evidence { class_a_probes: 0, ..GOOD }, &Told::Indicative(8.0, lacks));
    }

    #[test]
    fn too_few_observations_leave_no_number() {
        for effective_count in [13.9, 0.0, f64::NAN] {
            let lacks = vec![Lack::Observations { wanted: 14.0 }];
            check(Evidence { effective_count, ..GOOD }, &Told::NotEnough(lacks));
        }
    }
}
