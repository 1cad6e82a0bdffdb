//! Areas of a declared mobile map: which share of the measurements within it succeed, beside the share that the regulator asks of an area.
//!
//! Which measurements count follows from where they were made and over what, never from whether they succeeded. The share is the
//! regulator's way of telling how reliable a map is. It is no test: measurements of one drive resemble each other, and whether a map is
//! contradicted is for [`crate::judge`] to say.

use std::collections::BTreeMap;

use desserte_equity::Parameter;
use serde::Deserialize;

use crate::parameters::UnreadableRule;

/// What is asked of areas from a size on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedOfArea {
    /// Share of measurements that succeed, 0 to 1.
    pub share: f64,
    /// The smallest such area, square kilometres.
    pub km2: f64,
}

/// Fewest measurements of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaTests {
    /// Of a wide one.
    pub wide: u32,
    /// Of a smaller one.
    pub near: u32,
}

/// What a measurement is that succeeded over another technology than the declared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherTechnology {
    /// It does not count.
    LeftOut,
    /// It counts as a failure.
    Failed,
}

/// A rule set of areas; a report names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaRule {
    /// Its name, with its version.
    pub set: String,
    /// What is asked of wide areas.
    pub wide: Parameter<AskedOfArea>,
    /// What is asked of smaller ones.
    pub near: Parameter<AskedOfArea>,
    /// Fewest measurements.
    pub tests: Parameter<AreaTests>,
    /// What becomes of measurements over another technology.
    pub other_technology: Parameter<OtherTechnology>,
}

/// A measurement as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaTest {
    /// Whether coverage is declared where it was made; `None` when nobody knows.
    pub declared: Option<bool>,
    /// Whether it succeeded; `None` when nobody knows.
    pub reached: Option<bool>,
    /// Whether it succeeded over the declared technology; `None` when nobody knows. Says nothing of one that failed.
    pub technology: Option<bool>,
}

/// Why a measurement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UncountedInArea {
    /// No coverage is declared there: nothing was promised.
    Outside,
    /// Nobody knows whether coverage is declared there.
    DeclarationUnknown,
    /// Its outcome is not known.
    NoOutcome,
    /// It succeeded over another technology, or nobody knows over which.
    OtherTechnology,
}

/// What an area lacks before its share says anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AreaLack {
    /// It is smaller than any area of which a share is asked, or nobody said how large it is.
    Size {
        /// Square kilometres asked for.
        wanted: f64,
    },
    /// Measurements.
    Tests {
        /// How many it takes.
        wanted: u32,
    },
}

/// An area, its measurements and what is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaReport {
    /// Measurements that count.
    pub tests: u32,
    /// Of those, how many succeeded.
    pub reached: u32,
    /// How many do not count, by reason.
    pub uncounted: BTreeMap<UncountedInArea, u32>,
    /// The share that is asked of an area of this size; `None`: none is.
    pub asked: Option<f64>,
    /// What is lacking; empty: the share may be told.
    pub lacks: Vec<AreaLack>,
}

/// How many measurements a campaign over an area takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaPlan {
    /// Parts that the area has room for, each of the size from which on a share is asked.
    pub parts: u32,
    /// Measurements of each part, at least.
    pub tests_of_part: u32,
    /// Measurements of the whole area, at least.
    pub tests: u32,
}

impl AreaRule {
    /// Text of the rule set that this version of the program comes with.
    pub const FRANCE: &str = include_str!("../parameters/coverage-areas-1.toml");

    /// The rule set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn france() -> Self {
        Self::parse(Self::FRANCE).expect("a test reads the built-in rule")
    }

    /// Reads a rule set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableRule> {
        UnreadableRule::read(text)
    }

    /// The share and the fewest measurements that are asked of an area of so many square kilometres; `None` of one that is too small.
    fn asked(&self, km2: f64) -> Option<(f64, u32)> {
        let (wide, near, tests) = (self.wide.value, self.near.value, self.tests.value);
        if km2 >= wide.km2 {
            Some((wide.share, tests.wide))
        } else if km2 >= near.km2 {
            Some((near.share, tests.near))
        } else {
            None
        }
    }

    /// How many measurements an area of so many square kilometres takes; `None` of one that is too small to be asked anything.
    #[must_use]
    pub fn plan(&self, km2: f64) -> Option<AreaPlan> {
        let (_, tests) = self.asked(km2)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a surface over that of a part, which is not negative; beyond the type it saturates"
        )]
        let parts = (km2 / self.near.value.km2) as u32;
        let tests_of_part = self.tests.value.near;
        Some(AreaPlan { parts, tests_of_part, tests: tests.max(parts.saturating_mul(tests_of_part)) })
    }

    /// Says which measurements of an area count, and what it lacks before their share says anything.
    ///
    /// # Missing data
    /// Without `km2` the size is unknown, and nothing is asked.
    #[must_use]
    pub fn report<'a>(&self, km2: Option<f64>, tests: impl IntoIterator<Item = &'a AreaTest>) -> AreaReport {
        let mut report =
            AreaReport { tests: 0, reached: 0, uncounted: BTreeMap::new(), asked: None, lacks: Vec::new() };
        for test in tests {
            match self.outcome(*test) {
                Ok(reached) => {
                    report.tests += 1;
                    report.reached += u32::from(reached);
                }
                Err(why) => *report.uncounted.entry(why).or_insert(0) += 1,
            }
        }
        match km2.and_then(|km2| self.asked(km2)) {
            None => report.lacks.push(AreaLack::Size { wanted: self.near.value.km2 }),
            Some((share, wanted)) => {
                report.asked = Some(share);
                if report.tests < wanted {
                    report.lacks.push(AreaLack::Tests { wanted });
                }
            }
        }
        report
    }

    fn outcome(&self, test: AreaTest) -> Result<bool, UncountedInArea> {
        match (test.declared, test.reached, test.technology) {
            (Some(false), ..) => Err(UncountedInArea::Outside),
            (None, ..) => Err(UncountedInArea::DeclarationUnknown),
            (Some(true), None, _) => Err(UncountedInArea::NoOutcome),
            (Some(true), Some(false), _) => Ok(false),
            (Some(true), Some(true), Some(true)) => Ok(true),
            (Some(true), Some(true), Some(false))
                if self.other_technology.value == OtherTechnology::Failed =>
            {
                Ok(false)
            }
            (Some(true), Some(true), _) => Err(UncountedInArea::OtherTechnology),
        }
    }
}

impl AreaReport {
    /// The share of its measurements that succeeded; `None` while something is lacking.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        self.lacks.is_empty().then(|| f64::from(self.reached) / f64::from(self.tests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: AreaTest = AreaTest { declared: Some(true), reached: Some(true), technology: Some(true) };
    const BAD: AreaTest = AreaTest { declared: Some(true), reached: Some(false), technology: None };

    fn tests(good: usize, bad: usize) -> Vec<AreaTest> {
        [vec![GOOD; good], vec![BAD; bad]].concat()
    }

    #[test]
    fn the_fewest_measurements_are_those_that_the_set_says_they_are() {
        let rule = AreaRule::france();
        let fewest = |share: f64| {
            // 5 %: the risk that the set names beside the numbers.
            (1_u32..).find(|tests| share.powf(f64::from(*tests)) <= 0.05).unwrap()
        };
        assert_eq!(fewest(rule.wide.value.share), rule.tests.value.wide);
        assert_eq!(fewest(rule.near.value.share), rule.tests.value.near);
    }

    #[test]
    fn what_is_asked_follows_from_the_size_of_the_area() {
        let rule = AreaRule::france();
        let report = |km2, good, bad| rule.report(km2, &tests(good, bad));
        assert_eq!(report(Some(60.0), 57, 3).asked, Some(0.95));
        assert_eq!(report(Some(60.0), 57, 3).share(), Some(0.95));
        let wide = report(Some(5_565.0), 57, 3);
        assert_eq!((wide.asked, wide.share()), (Some(0.98), None));
        assert_eq!(wide.lacks, [AreaLack::Tests { wanted: 149 }]);
        for small in [Some(49.9), None] {
            let small = report(small, 200, 0);
            assert_eq!((small.asked, small.share()), (None, None));
            assert_eq!(small.lacks, [AreaLack::Size { wanted: 50.0 }]);
        }
    }

    #[test]
    fn what_does_not_count_says_why_and_is_neither_success_nor_failure() {
        let rule = AreaRule::france();
        let mut all = tests(57, 3);
        all.push(AreaTest { declared: Some(false), ..BAD });
        all.push(AreaTest { declared: None, ..BAD });
        all.push(AreaTest { reached: None, ..GOOD });
        all.push(AreaTest { technology: Some(false), ..GOOD });
        all.push(AreaTest { technology: None, ..GOOD });
        let report = rule.report(Some(60.0), &all);
        assert_eq!((report.tests, report.reached), (60, 57));
        let counts: Vec<_> = report.uncounted.into_iter().collect();
        assert_eq!(
            counts,
            [
                (UncountedInArea::Outside, 1),
                (UncountedInArea::DeclarationUnknown, 1),
                (UncountedInArea::NoOutcome, 1),
                (UncountedInArea::OtherTechnology, 2),
            ]
        );
        let strict = AreaRule::FRANCE.replace("\"left_out\"", "\"failed\"");
        let strict = AreaRule::parse(&strict).unwrap().report(Some(60.0), &all);
        assert_eq!((strict.tests, strict.reached), (61, 57));
    }

    #[test]
    fn a_plan_has_enough_for_each_part_and_for_the_whole() {
        let rule = AreaRule::france();
        assert_eq!(rule.plan(49.0), None);
        assert_eq!(rule.plan(99.0), Some(AreaPlan { parts: 1, tests_of_part: 59, tests: 59 }));
        assert_eq!(rule.plan(5_565.0), Some(AreaPlan { parts: 111, tests_of_part: 59, tests: 6_549 }));
    }
}
