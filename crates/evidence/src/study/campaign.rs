//! A campaign of tests on one line, as a file.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{CAMPAIGN_TESTS_MAX, Days, InputFile, StudyFault, is_same, schema};
use crate::campaign::{Attempt, CampaignRule, Contract, Excluded, Missing, Shortfall, check};

/// Names the form of [`CampaignStudy`].
pub const CAMPAIGN_SCHEMA: &str = "desserte-campaign/1";

/// Tests of a campaign, and what they show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignStudy {
    /// [`CAMPAIGN_SCHEMA`].
    pub schema: String,
    /// Name of the rule set.
    pub rule: String,
    /// Its text.
    pub rule_text: String,
    /// The table of tests.
    pub table: InputFile,
    /// Which columns of the table were read.
    pub columns: CampaignColumns,
    /// Code of the commune that the line is in; `None`: not said.
    pub commune: Option<String>,
    /// What the line is called; `None`: not said.
    pub line: Option<String>,
    /// Unit of rates; `None`: the contract's, whatever it is.
    pub unit: Option<String>,
    /// What the contract promises.
    pub contract: Contract,
    /// The days of all tests; `None` without a test.
    pub days: Option<Days>,
    /// Every test, in the order of the table.
    pub attempts: Vec<StudiedAttempt>,
    /// The days that count.
    pub counted: Vec<StudiedDay>,
    /// What is missing.
    pub missing: Vec<StudiedMissing>,
    /// What follows.
    pub conclusion: Conclusion,
    /// In what the line falls short.
    pub shortfalls: Vec<Shortfall>,
}

/// Names of columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignColumns {
    /// Of times.
    pub time: String,
    /// Of rates.
    pub rate: String,
    /// That says whether a test was made by cable.
    pub wired: String,
    /// That says whether nobody else used the line.
    pub alone: String,
}

/// A test, and whether it counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudiedAttempt {
    /// When it began, by the line's local time.
    pub begun: DateTime,
    /// What was measured; `None` when the test gave no figure.
    pub rate: Option<f64>,
    /// Whether it was made by cable; `None`: not known.
    pub wired: Option<bool>,
    /// Whether nobody else used the line; `None`: not known.
    pub alone: Option<bool>,
    /// Why it does not count; `None` when it does.
    pub excluded: Option<Excluded>,
}

/// A day that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudiedDay {
    /// The day.
    pub date: Date,
    /// How many tests count.
    pub tests: u64,
    /// The lowest rate.
    pub lowest: f64,
    /// The highest rate.
    pub highest: f64,
}

/// What a campaign lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum StudiedMissing {
    /// Whole days.
    Days {
        /// How many.
        missing: u32,
    },
    /// Tests of a day.
    Tests {
        /// The day.
        date: Date,
        /// How many it has.
        found: u32,
        /// How many are asked for.
        wanted: u32,
    },
}

/// What follows from a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Nothing: it is not complete.
    Incomplete,
    /// The line keeps what was asked about.
    Keeps,
    /// The line falls short.
    FallsShort,
}

impl StudiedAttempt {
    /// An attempt that is not judged yet.
    #[must_use]
    pub const fn of(attempt: &Attempt) -> Self {
        let Attempt { begun, rate, wired, alone } = *attempt;
        Self { begun, rate, wired, alone, excluded: None }
    }

    const fn plain(&self) -> Attempt {
        Attempt { begun: self.begun, rate: self.rate, wired: self.wired, alone: self.alone }
    }
}

impl CampaignStudy {
    /// Says which attempts count, what is missing and what follows.
    #[must_use]
    pub fn judged(mut self, rule: &CampaignRule) -> Self {
        let attempts: Vec<Attempt> = self.attempts.iter().map(StudiedAttempt::plain).collect();
        let report = check(&attempts, &self.contract, rule);
        for (attempt, excluded) in self.attempts.iter_mut().zip(&report.excluded) {
            attempt.excluded = *excluded;
        }
        self.days = Days::of(attempts.iter().map(|attempt| attempt.begun.date()));
        self.counted = report
            .days
            .iter()
            .map(|day| StudiedDay {
                date: day.date,
                tests: day.rates.len() as u64,
                lowest: day.rates.iter().copied().fold(f64::INFINITY, f64::min),
                highest: day.rates.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            })
            .collect();
        let wanted = rule.tests_per_day.value;
        let missing = |missing: &Missing| match *missing {
            Missing::Days(missing) => StudiedMissing::Days { missing },
            Missing::Tests { date, found } => StudiedMissing::Tests { date, found, wanted },
        };
        self.missing = report.missing.iter().map(missing).collect();
        self.conclusion = match &report.shortfalls {
            None => Conclusion::Incomplete,
            Some(none) if none.is_empty() => Conclusion::Keeps,
            Some(_) => Conclusion::FallsShort,
        };
        self.shortfalls = report.shortfalls.unwrap_or_default();
        self.rule.clone_from(&rule.set);
        self
    }

    /// Judges again, and compares.
    ///
    /// # Errors
    /// When the study is of another form, its rule is none, or it says what does not follow from its attempts.
    pub fn check(&self) -> Result<(), StudyFault> {
        schema(&self.schema, CAMPAIGN_SCHEMA)?;
        let rule = CampaignRule::parse(&self.rule_text)?;
        let own = CampaignRule::contract();
        if rule.set == own.set && rule != own {
            return Err(StudyFault::OtherRule(rule.set));
        }
        if self.attempts.len() as u64 > CAMPAIGN_TESTS_MAX {
            return Err(StudyFault::TooMany(CAMPAIGN_TESTS_MAX));
        }
        if self.contract == Contract::default() {
            return Err(StudyFault::DoesNotFollow("what the contract promises"));
        }
        let again = self.clone().judged(&rule);
        if self.rule != again.rule {
            return Err(StudyFault::DoesNotFollow("the rule"));
        }
        if self.attempts != again.attempts {
            return Err(StudyFault::DoesNotFollow("which attempts count"));
        }
        let shortfalls = self.shortfalls.len() == again.shortfalls.len()
            && self.shortfalls.iter().zip(&again.shortfalls).all(|pair| match pair {
                (Shortfall::Normal { share }, Shortfall::Normal { share: again }) => is_same(*share, *again),
                (one, other) => one == other,
            });
        let follows = shortfalls
            && self.days == again.days
            && self.counted == again.counted
            && self.missing == again.missing
            && self.conclusion == again.conclusion;
        if follows { Ok(()) } else { Err(StudyFault::DoesNotFollow("what is concluded")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::plan;

    fn study(rate: f64, tests: usize) -> CampaignStudy {
        let rule = CampaignRule::contract();
        let days = plan("2026-11-23".parse().unwrap(), &rule).unwrap();
        let attempt = |begun| {
            StudiedAttempt::of(&Attempt { begun, rate: Some(rate), wired: Some(true), alone: Some(true) })
        };
        let text = |text: &str| text.to_owned();
        let bare = CampaignStudy {
            schema: text(CAMPAIGN_SCHEMA),
            rule: String::new(),
            rule_text: text(CampaignRule::CONTRACT),
            table: InputFile { name: text("t.csv"), sha256: "00".repeat(32) },
            columns: CampaignColumns { time: text("t"), rate: text("r"), wired: text("w"), alone: text("a") },
            commune: None,
            line: None,
            unit: None,
            contract: Contract { maximum: Some(100.0), ..Contract::default() },
            days: None,
            attempts: days.into_iter().flat_map(|day| day.tests).take(tests).map(attempt).collect(),
            counted: Vec::new(),
            missing: Vec::new(),
            conclusion: Conclusion::Incomplete,
            shortfalls: Vec::new(),
        };
        bare.judged(&rule)
    }

    #[test]
    fn a_study_holds_and_one_that_was_altered_does_not() {
        let good = study(42.5, 30);
        assert_eq!(good.conclusion, Conclusion::FallsShort);
        assert_eq!(study(42.5, 29).conclusion, Conclusion::Incomplete);
        assert_eq!(study(97.0, 30).conclusion, Conclusion::Keeps);
        good.check().unwrap();
        let fault = |change: fn(&mut CampaignStudy)| {
            let mut other = good.clone();
            change(&mut other);
            other.check().unwrap_err().to_string()
        };
        assert!(fault(|study| study.attempts[3].rate = Some(95.0)).contains("what is concluded"));
        assert!(
            fault(|study| study.attempts[3].excluded = Some(Excluded::NotWired)).contains("attempts count")
        );
        assert!(fault(|study| study.conclusion = Conclusion::Keeps).contains("what is concluded"));
        assert!(
            fault(|study| study.rule_text = study.rule_text.replacen("value = 10", "value = 5", 1))
                .contains("not those of that rule")
        );
    }
}
