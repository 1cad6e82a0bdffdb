//! Cells of a declared mobile map: whether the tests of a cell are enough, and bad enough, to challenge the declaration there.
//!
//! Which tests count follows from their times and places alone, never from their outcomes. What a cell lacks is listed; a cell that
//! lacks nothing is a challenge, which is a question to the operator and no verdict.

use std::collections::BTreeMap;

use desserte_equity::Parameter;
use jiff::civil::{Date, DateTime};
use serde::Deserialize;

use crate::parameters::UnreadableRule;

/// Hours of the day within which tests count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// First full hour.
    pub from: i8,
    /// The hour at which they no longer do.
    pub to: i8,
}

/// How many negatives a cell with so many tests takes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Fewest tests that this step is for.
    pub tests: u32,
    /// Negatives, at the least.
    pub negatives: u32,
    /// Negatives as a share of the tests, at the least.
    pub share: f64,
}

/// A rule set of mobile challenges; a report names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRule {
    /// Its name, with its version.
    pub set: String,
    /// Parts of a cell with enough tests.
    pub parts: Parameter<u32>,
    /// Tests of such a part.
    pub tests_of_part: Parameter<u32>,
    /// Negatives of such a part.
    pub negatives_of_part: Parameter<u32>,
    /// Seconds by the clock between two of the negatives.
    pub apart_s: Parameter<u32>,
    /// When tests count.
    pub hours: Parameter<Hours>,
    /// Days for which a test counts.
    pub valid_days: Parameter<u32>,
    /// How many negatives it takes, by number of tests, from few to many.
    pub negatives: Parameter<Vec<Step>>,
}

/// A test as it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTest {
    /// The cell, such as an H3 index of resolution 8.
    pub cell: String,
    /// The part of the cell, such as one of its seven children.
    pub part: String,
    /// When it was made, local time.
    pub at: DateTime,
    /// Whether it reached what is declared; `None` when nobody knows.
    pub reached: Option<bool>,
}

/// Why a test does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Uncounted {
    /// Its outcome is not known.
    NoOutcome,
    /// Made at an hour that does not count.
    Hour,
    /// Too old, or made after the day that the challenge is of.
    Age,
}

/// What a cell lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellLack {
    /// Parts with enough tests and negatives.
    Parts {
        /// How many there are.
        found: u32,
        /// How many are asked for.
        wanted: u32,
    },
    /// Two negatives far enough apart by the clock.
    Apart,
    /// Negatives.
    Negatives {
        /// How many there are.
        found: u32,
        /// How many are asked for.
        wanted: u32,
    },
}

/// A cell and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengedCell {
    /// Its name.
    pub cell: String,
    /// Tests that count.
    pub tests: u32,
    /// Of those, how many did not reach what is declared.
    pub negatives: u32,
    /// What is lacking; empty: the cell is a challenge.
    pub lacks: Vec<CellLack>,
}

/// What follows from tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeReport {
    /// For each test, in the order given: why it does not count; `None` when it does.
    pub uncounted: Vec<Option<Uncounted>>,
    /// Cells with a test that counts, in the order of their names.
    pub cells: Vec<ChallengedCell>,
}

impl ChallengeRule {
    /// Text of the rule set that this version of the program comes with.
    pub const MODEL: &str = include_str!("../parameters/challenge-cells-1.toml");

    /// The rule set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn model() -> Self {
        Self::parse(Self::MODEL).expect("a test reads the built-in rule")
    }

    /// Reads a rule set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableRule> {
        UnreadableRule::read(text)
    }

    /// How many negatives so many tests take; `None` if there are fewer tests than any step is for.
    #[must_use]
    pub fn negatives_of(&self, tests: u32) -> Option<u32> {
        let step = self.negatives.value.iter().rev().find(|step| step.tests <= tests)?;
        let share = (f64::from(tests) * step.share).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number of this type"
        )]
        let share = share as u32;
        Some(step.negatives.max(share))
    }
}

/// Says which tests count, and what each cell lacks to be challenged on a day.
#[must_use]
pub fn challenge(tests: &[CellTest], on: Date, rule: &ChallengeRule) -> ChallengeReport {
    let uncounted: Vec<Option<Uncounted>> = tests.iter().map(|test| why_not(test, on, rule)).collect();
    let mut cells: BTreeMap<&str, BTreeMap<&str, Part>> = BTreeMap::new();
    for (test, _) in tests.iter().zip(&uncounted).filter(|(_, why)| why.is_none()) {
        let part = cells.entry(&test.cell).or_default().entry(&test.part).or_default();
        part.tests += 1;
        if test.reached == Some(false) {
            part.negatives.push(
                i64::from(test.at.hour()) * 3_600
                    + i64::from(test.at.minute()) * 60
                    + i64::from(test.at.second()),
            );
        }
    }
    let cells = cells.into_iter().map(|(cell, parts)| of_cell(cell, &parts, rule)).collect();
    ChallengeReport { uncounted, cells }
}

/// A part of a cell.
#[derive(Default)]
struct Part {
    tests: u32,
    /// Seconds of the day of each negative.
    negatives: Vec<i64>,
}

fn why_not(test: &CellTest, on: Date, rule: &ChallengeRule) -> Option<Uncounted> {
    let hours = rule.hours.value;
    let age = on.duration_since(test.at.date()).as_hours() / 24;
    if test.reached.is_none() {
        Some(Uncounted::NoOutcome)
    } else if !(hours.from..hours.to).contains(&test.at.hour()) {
        Some(Uncounted::Hour)
    } else if !(0..=i64::from(rule.valid_days.value)).contains(&age) {
        Some(Uncounted::Age)
    } else {
        None
    }
}

fn of_cell(cell: &str, parts: &BTreeMap<&str, Part>, rule: &ChallengeRule) -> ChallengedCell {
    let count = |of: &dyn Fn(&Part) -> u32| parts.values().map(of).sum::<u32>();
    let bad = |part: &Part| part.negatives.iter().map(|_| 1_u32).sum::<u32>();
    let (tests, negatives) = (count(&|part| part.tests), count(&|part| bad(part)));
    let found = count(&|part| {
        u32::from(part.tests >= rule.tests_of_part.value && bad(part) >= rule.negatives_of_part.value)
    });
    let mut lacks = Vec::new();
    if found < rule.parts.value {
        lacks.push(CellLack::Parts { found, wanted: rule.parts.value });
    }
    let times = || parts.values().flat_map(|part| &part.negatives);
    let apart = times().max().zip(times().min()).map_or(0, |(last, first)| last - first);
    if apart < i64::from(rule.apart_s.value) {
        lacks.push(CellLack::Apart);
    }
    let first = rule.negatives.value.first().map_or(0, |step| step.negatives);
    let wanted = rule.negatives_of(tests).unwrap_or(first);
    if negatives < wanted {
        lacks.push(CellLack::Negatives { found: negatives, wanted });
    }
    ChallengedCell { cell: cell.to_owned(), tests, negatives, lacks }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(part: &str, hour: i8, reached: bool) -> CellTest {
        CellTest {
            cell: "881fb4662dfffff".to_owned(),
            part: part.to_owned(),
            at: jiff::civil::date(2026, 10, 5).at(hour, 0, 0, 0),
            reached: Some(reached),
        }
    }

    fn on() -> Date {
        jiff::civil::date(2026, 11, 1)
    }

    /// Two tests in each of four parts, one of which failed, and a fifth negative.
    fn enough() -> Vec<CellTest> {
        let mut tests: Vec<CellTest> = ["a", "b", "c", "d"]
            .iter()
            .flat_map(|part| [test(part, 9, false), test(part, 10, true)])
            .collect();
        tests.push(test("a", 13, false));
        tests
    }

    #[test]
    fn a_cell_with_everything_is_challenged_and_each_lack_is_named() {
        let rule = ChallengeRule::model();
        let lacks = |tests: &[CellTest]| challenge(tests, on(), &rule).cells[0].lacks.clone();
        assert_eq!(lacks(&enough()), []);
        let mut fewer = enough();
        fewer[6].part = "a".to_owned();
        assert_eq!(lacks(&fewer), [CellLack::Parts { found: 3, wanted: 4 }]);
        let mut near = enough();
        near[8].at = near[0].at;
        assert_eq!(lacks(&near), [CellLack::Apart]);
        let mut good = enough();
        good[8].reached = Some(true);
        assert_eq!(lacks(&good), [CellLack::Apart, CellLack::Negatives { found: 4, wanted: 5 }]);
    }

    #[test]
    fn tests_of_the_night_old_ones_and_those_without_outcome_do_not_count() {
        let mut tests = enough();
        tests[0].at = tests[0].at.with().hour(22).build().unwrap();
        tests[2].at = tests[2].at.with().year(2025).build().unwrap();
        tests[4].reached = None;
        tests[6].at = tests[6].at.with().month(12).build().unwrap();
        let report = challenge(&tests, on(), &ChallengeRule::model());
        let why = [0, 2, 4, 6].map(|at| report.uncounted[at]);
        assert_eq!(
            why,
            [Some(Uncounted::Hour), Some(Uncounted::Age), Some(Uncounted::NoOutcome), Some(Uncounted::Age)]
        );
        assert_eq!(report.cells[0].tests, 5);
    }

    #[test]
    fn negatives_are_those_of_the_domain_rules() {
        let rule = ChallengeRule::model();
        let wanted = [
            (2, 5),
            (20, 5),
            (21, 6),
            (29, 7),
            (30, 7),
            (45, 10),
            (46, 10),
            (60, 12),
            (61, 11),
            (70, 13),
            (71, 13),
            (99, 17),
            (100, 16),
        ];
        for (tests, negatives) in wanted {
            assert_eq!(rule.negatives_of(tests), Some(negatives), "{tests}");
        }
    }
}
