//! Declared coverage held against tests, as a file.

use serde::{Deserialize, Serialize};

use super::{Days, InputFile, STUDY_TESTS_MAX, StudyFault, is_same, is_same_or_none, schema};
use crate::cells::{Cell, CellVerdict, Cluster, Judgement, Lack, count, judge};
use crate::parameters::ContradictionRule;

/// Names the form of [`ContradictionStudy`].
pub const CONTRADICTION_SCHEMA: &str = "desserte-contradiction/1";

/// What tests say against declared coverage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContradictionStudy {
    /// [`CONTRADICTION_SCHEMA`].
    pub schema: String,
    /// Name of the rule.
    pub rule: String,
    /// Its text.
    pub rule_text: String,
    /// Chance of a wrong call over all cells.
    pub level: f64,
    /// Who declares what, and what a test that succeeds is; `None`: not said.
    pub declaration: Option<String>,
    /// Smallest probability of success that is declared.
    pub required: f64,
    /// The table of tests.
    pub table: InputFile,
    /// The declared coverage; `None`: not named.
    pub coverage: Option<InputFile>,
    /// Which columns of the table were read.
    pub columns: ContradictionColumns,
    /// The days of the tests that count; `None`: not read.
    pub days: Option<Days>,
    /// Correlation within clusters that was reckoned with.
    pub correlation_within_clusters: f64,
    /// Tests that do not count.
    pub left_out: LeftOut,
    /// Cells in the order of their names.
    pub cells: Vec<StudiedCell>,
}

/// Names of columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContradictionColumns {
    /// Of outcomes.
    pub success: String,
    /// Of cells.
    pub cell: String,
    /// Of what goes together.
    pub cluster: Vec<String>,
    /// Of declared coverage; `None`: every test was taken to lie within.
    pub declared: Option<String>,
    /// Of communes.
    pub commune: Option<String>,
    /// Of days.
    pub day: Option<String>,
    /// Of classes of evidence.
    pub class: Option<String>,
}

/// Tests that do not count, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Outside declared coverage: nothing was promised there.
    pub outside_declared_coverage: u64,
    /// In no cell.
    pub without_cell: u64,
    /// Whether they succeeded is not known.
    pub without_outcome: u64,
}

/// Tests by class of evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// Dedicated, wired, calibrated.
    pub a: u32,
    /// Dedicated, and one of these is lacking.
    pub b: u32,
    /// Citizens' contributions.
    pub c: u32,
    /// Not said.
    pub unknown: u32,
}

/// A cell, what is said of it, and what that follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudiedCell {
    /// Its name or code.
    pub cell: String,
    /// Communes that its tests lie in; empty: not read.
    pub communes: Vec<String>,
    /// Its tests by class; `None`: not read.
    pub classes: Option<Classes>,
    /// Tests that count.
    pub tests: u32,
    /// Of those, how many failed.
    pub failures: u32,
    /// Clusters that they come from.
    pub clusters: u32,
    /// Independent tests that they are worth.
    pub effective_tests: f64,
    /// What is said.
    pub judgement: StudiedJudgement,
    /// What is lacking to say something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<LackOf>,
    /// Probability of so many failures or more if the declaration holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The same after Holm, over every cell judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted_probability: Option<f64>,
    /// Tests and failures of each cluster; empty where they are told elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<(u32, u32)>,
}

/// What is said of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StudiedJudgement {
    /// Nothing can be said.
    NotEnough,
    /// The tests do not contradict the declaration, which is not to say that it holds.
    NotContradicted,
    /// They contradict it for this cell.
    Contradicted,
}

/// What a cell lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LackOf {
    /// `effective_tests`, `clusters`, or `class_a_or_b`: contributions of citizens never decide alone.
    pub of: String,
    /// What there is.
    pub found: f64,
    /// What is asked for.
    pub wanted: f64,
}

impl LackOf {
    fn new(of: &str, found: f64, wanted: f64) -> Self {
        Self { of: of.to_owned(), found, wanted }
    }

    fn of(lack: &Lack) -> Self {
        match *lack {
            Lack::Tests { found, wanted } => Self::new("effective_tests", found, wanted),
            Lack::Clusters { found, wanted } => Self::new("clusters", found.into(), wanted.into()),
        }
    }
}

impl StudiedCell {
    /// A cell that is not judged yet.
    #[must_use]
    pub const fn new(
        cell: String,
        communes: Vec<String>,
        classes: Option<Classes>,
        counts: Vec<(u32, u32)>,
    ) -> Self {
        Self {
            cell,
            communes,
            classes,
            tests: 0,
            failures: 0,
            clusters: 0,
            effective_tests: 0.0,
            judgement: StudiedJudgement::NotEnough,
            lacks: Vec::new(),
            probability: None,
            adjusted_probability: None,
            counts,
        }
    }

    /// Whether its tests are citizens' contributions and nothing else.
    fn is_of_citizens_alone(&self) -> bool {
        self.classes.is_some_and(|classes| classes.c > 0 && classes.a + classes.b + classes.unknown == 0)
    }

    fn plain(&self) -> Cell {
        let cluster = |&(tests, failures): &(u32, u32)| Cluster { tests, failures };
        Cell { name: self.cell.clone(), clusters: self.counts.iter().map(cluster).collect() }
    }

    fn take(&mut self, verdict: &CellVerdict) {
        self.tests = verdict.tests;
        self.failures = verdict.failures;
        self.clusters = verdict.clusters;
        self.effective_tests = verdict.effective_tests;
        (self.lacks, self.probability, self.adjusted_probability) = (Vec::new(), None, None);
        self.judgement = match &verdict.judgement {
            Judgement::NotEnough(lacks) => {
                self.lacks = lacks.iter().map(LackOf::of).collect();
                StudiedJudgement::NotEnough
            }
            Judgement::NotContradicted { probability, adjusted } => {
                (self.probability, self.adjusted_probability) = (Some(*probability), Some(*adjusted));
                StudiedJudgement::NotContradicted
            }
            Judgement::Contradicted { probability, adjusted } => {
                (self.probability, self.adjusted_probability) = (Some(*probability), Some(*adjusted));
                StudiedJudgement::Contradicted
            }
        };
    }

    fn follows(&self, other: &Self) -> bool {
        let lacks = self.lacks.len() == other.lacks.len()
            && self.lacks.iter().zip(&other.lacks).all(|(one, other)| {
                one.of == other.of && is_same(one.found, other.found) && is_same(one.wanted, other.wanted)
            });
        lacks
            && (self.tests, self.failures, self.clusters) == (other.tests, other.failures, other.clusters)
            && self.judgement == other.judgement
            && is_same(self.effective_tests, other.effective_tests)
            && is_same_or_none(self.probability, other.probability)
            && is_same_or_none(self.adjusted_probability, other.adjusted_probability)
    }
}

impl ContradictionStudy {
    /// Judges the cells by a rule. Cells whose tests are citizens' contributions alone are not judged and do not count among the others.
    #[must_use]
    pub fn judged(mut self, rule: &ContradictionRule) -> Self {
        let judged: Vec<usize> =
            (0..self.cells.len()).filter(|&at| !self.cells[at].is_of_citizens_alone()).collect();
        let cells: Vec<Cell> = judged.iter().map(|&at| self.cells[at].plain()).collect();
        let (verdicts, correlation) = judge(&cells, self.required, rule);
        for (&at, verdict) in judged.iter().zip(&verdicts) {
            self.cells[at].take(verdict);
        }
        for cell in self.cells.iter_mut().filter(|cell| cell.is_of_citizens_alone()) {
            cell.take(&count(&cell.plain(), correlation));
            cell.lacks = vec![LackOf::new("class_a_or_b", 0.0, 1.0)];
        }
        self.rule.clone_from(&rule.set);
        self.level = rule.level.value;
        self.correlation_within_clusters = correlation;
        self
    }

    /// Judges again, and compares.
    ///
    /// # Errors
    /// When the study is of another form, its rule is none, or it says what does not follow from its counts.
    pub fn check(&self) -> Result<(), StudyFault> {
        schema(&self.schema, CONTRADICTION_SCHEMA)?;
        let rule = ContradictionRule::parse(&self.rule_text)?;
        let own = ContradictionRule::built_in();
        if rule.set == own.set && rule != own {
            return Err(StudyFault::OtherRule(rule.set));
        }
        let tests = self.cells.iter().flat_map(|cell| &cell.counts).map(|&(tests, _)| u64::from(tests));
        if tests.sum::<u64>() > STUDY_TESTS_MAX {
            return Err(StudyFault::TooMany(STUDY_TESTS_MAX));
        }
        let again = self.clone().judged(&rule);
        let said = self.rule == again.rule && is_same(self.level, again.level);
        if !said || !(0.0..1.0).contains(&self.required) {
            return Err(StudyFault::DoesNotFollow("the rule"));
        }
        if !is_same(self.correlation_within_clusters, again.correlation_within_clusters) {
            return Err(StudyFault::DoesNotFollow("the correlation within clusters"));
        }
        let follows = self.cells.iter().zip(&again.cells).all(|(cell, again)| cell.follows(again));
        if follows { Ok(()) } else { Err(StudyFault::DoesNotFollow("the verdict on a cell")) }
    }

    /// The same without the counts of single clusters: enough to tell it, not to judge again.
    #[must_use]
    pub fn without_counts(mut self) -> Self {
        self.cells.iter_mut().for_each(|cell| cell.counts = Vec::new());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(cells: Vec<StudiedCell>) -> ContradictionStudy {
        let input = InputFile { name: "t.csv".to_owned(), sha256: "00".repeat(32) };
        let columns = ContradictionColumns {
            success: "ok".to_owned(),
            cell: "cell".to_owned(),
            cluster: vec!["probe".to_owned()],
            declared: None,
            commune: None,
            day: None,
            class: None,
        };
        let bare = ContradictionStudy {
            schema: CONTRADICTION_SCHEMA.to_owned(),
            rule: String::new(),
            rule_text: ContradictionRule::BUILT_IN.to_owned(),
            level: 0.0,
            declaration: None,
            required: 0.95,
            table: input,
            coverage: None,
            columns,
            days: None,
            correlation_within_clusters: 0.0,
            left_out: LeftOut::default(),
            cells,
        };
        bare.judged(&ContradictionRule::built_in())
    }

    fn cell(name: &str, tests: usize, failures: usize, classes: Option<Classes>) -> StudiedCell {
        let counts = (0..tests).map(|test| (1, u32::from(test < failures))).collect();
        StudiedCell::new(name.to_owned(), Vec::new(), classes, counts)
    }

    #[test]
    fn a_study_holds_and_one_that_was_altered_does_not() {
        let good = study(vec![cell("a", 30, 5, None), cell("b", 30, 0, None)]);
        assert_eq!(good.cells[0].judgement, StudiedJudgement::Contradicted);
        good.check().unwrap();
        let fault = |change: fn(&mut ContradictionStudy)| {
            let mut other = good.clone();
            change(&mut other);
            other.check().unwrap_err().to_string()
        };
        assert!(fault(|study| study.cells[0].failures = 3).contains("verdict on a cell"));
        assert!(fault(|study| study.cells[1].judgement = StudiedJudgement::Contradicted).contains("verdict"));
        assert!(fault(|study| study.cells[0].counts[20].1 = 1).contains("does not follow"));
        assert!(fault(|study| study.level = 0.1).contains("the rule"));
        assert!(fault(|study| study.schema = "x".to_owned()).contains("schema"));
        assert!(fault(|study| study.cells[0].counts[0].0 = u32::MAX).contains("more than"));
        assert!(
            fault(|study| study.rule_text = study.rule_text.replacen("0.05", "0.2", 1))
                .contains("not those of that rule")
        );
    }

    #[test]
    fn citizens_alone_decide_nothing() {
        let classes = |a, c| Some(Classes { a, c, ..Classes::default() });
        let found = study(vec![cell("a", 30, 20, classes(0, 30)), cell("b", 30, 20, classes(1, 29))]);
        assert_eq!(found.cells[0].judgement, StudiedJudgement::NotEnough);
        assert_eq!(found.cells[0].lacks[0].of, "class_a_or_b");
        assert_eq!(found.cells[0].probability, None);
        assert_eq!((found.cells[0].tests, found.cells[0].failures), (30, 20));
        assert_eq!(found.cells[1].judgement, StudiedJudgement::Contradicted);
        found.check().unwrap();
    }
}
