//! Verdicts on what is declared: made elsewhere, brought as files, judged again here.

use std::collections::BTreeSet;

use desserte_evidence::{CampaignStudy, ContradictionStudy, Days, StudyFault};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::case::Span;

/// What a dossier tells of verdicts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdicts {
    /// On declared coverage; `None`: none was brought.
    pub contradiction: Option<ContradictionTold>,
    /// On one line and its contract; `None`: none was brought.
    pub campaign: Option<CampaignStudy>,
}

/// What a dossier tells of declared coverage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContradictionTold {
    /// Communes of the study that are of the dossier's place.
    pub communes: Vec<String>,
    /// How many cells were judged or looked at, here or elsewhere.
    pub cells_in_all: u64,
    /// Of those, how many were judged: the correction is over all of them.
    pub judged_in_all: u64,
    /// The study with the cells that have tests here, without single clusters.
    pub study: ContradictionStudy,
}

/// Why a verdict cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
    /// It is none.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It does not hold.
    #[error(transparent)]
    Study(#[from] StudyFault),
    /// It does not say of which communes or days it is.
    #[error("it does not say of which communes and days its tests are")]
    Nowhere,
    /// Its tests were made on other days.
    #[error("its tests are of {} to {}, which is not within the dossier's period", .0.first, .0.last)]
    OtherDays(Days),
    /// Its tests were made elsewhere.
    #[error("its tests are of {}, which is not of the dossier's place", .0.join(", "))]
    OtherPlace(Vec<String>),
}

/// A verdict as a file.
pub trait Study: Serialize + DeserializeOwned {
    /// Judges again.
    ///
    /// # Errors
    /// When what it says does not follow from what it holds.
    fn judge_again(&self) -> Result<(), StudyFault>;

    /// The days of its tests.
    fn days(&self) -> Option<Days>;

    /// Communes that its tests were made in.
    fn communes(&self) -> Vec<String>;
}

impl Study for ContradictionStudy {
    fn judge_again(&self) -> Result<(), StudyFault> {
        self.check()
    }

    fn days(&self) -> Option<Days> {
        self.days
    }

    fn communes(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.cells.iter().flat_map(|cell| &cell.communes).collect();
        all.into_iter().cloned().collect()
    }
}

impl Study for CampaignStudy {
    fn judge_again(&self) -> Result<(), StudyFault> {
        self.check()
    }

    fn days(&self) -> Option<Days> {
        self.days
    }

    fn communes(&self) -> Vec<String> {
        self.commune.iter().cloned().collect()
    }
}

/// Reads a verdict and judges it again.
///
/// # Errors
/// When it is none, or does not hold.
pub fn read_study<S: Study>(octets: &[u8]) -> Result<S, VerdictError> {
    let study: S = serde_json::from_slice(octets)?;
    study.judge_again()?;
    Ok(study)
}

/// The communes of a verdict that are of a place, if all of its days are of the period.
///
/// # Errors
/// When the verdict is of another period or another place, or says neither.
pub fn fits<S: Study>(
    study: &S,
    period: &Span,
    is_here: impl Fn(&str) -> bool,
) -> Result<Vec<String>, VerdictError> {
    let (days, communes) = (study.days(), study.communes());
    let Some(days) = days.filter(|_| !communes.is_empty()) else { return Err(VerdictError::Nowhere) };
    let day = |text: &str| text.parse::<Date>().ok();
    let within = day(&period.from).is_some_and(|from| from <= days.first)
        && day(&period.last).is_some_and(|last| days.last <= last);
    if !within {
        return Err(VerdictError::OtherDays(days));
    }
    let here: Vec<String> = communes.iter().filter(|commune| is_here(commune)).cloned().collect();
    if here.is_empty() { Err(VerdictError::OtherPlace(communes)) } else { Ok(here) }
}

impl ContradictionTold {
    /// What is told of a study in a dossier of some of its communes.
    #[must_use]
    pub fn of(study: &ContradictionStudy, communes: Vec<String>) -> Self {
        let judged = study.cells.iter().filter(|cell| cell.lacks.is_empty()).count() as u64;
        let (all, mut study) = (study.cells.len() as u64, study.clone().without_counts());
        study.cells.retain(|cell| cell.communes.iter().any(|commune| communes.contains(commune)));
        Self { communes, cells_in_all: all, judged_in_all: judged, study }
    }
}

/// A value as it is when it was written as JSON and read again: not every number comes back to its last digit.
pub(crate) fn reread<T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    serde_json::from_slice(&serde_json::to_vec(value).ok()?).ok()
}

#[cfg(test)]
pub(crate) mod samples {
    //! Verdicts for the tests of this crate.

    use desserte_evidence::{
        Attempt, CAMPAIGN_SCHEMA, CONTRADICTION_SCHEMA, CampaignColumns, CampaignRule, Conclusion, Contract,
        ContradictionColumns, ContradictionRule, InputFile, LeftOut, StudiedAttempt, StudiedCell,
        plan_campaign,
    };

    use super::*;

    fn table() -> InputFile {
        InputFile { name: "essais.csv".to_owned(), sha256: "0a".repeat(32) }
    }

    /// Two cells of thirty independent tests, one of a commune, of which so many failed.
    pub(crate) fn contradiction(commune: &str, failures: usize) -> ContradictionStudy {
        let cell = |name: &str, failures| {
            let counts = (0..30).map(|test| (1, u32::from(test < failures))).collect();
            StudiedCell::new(name.to_owned(), vec![name.to_owned()], None, counts)
        };
        let text = |text: &str| text.to_owned();
        let bare = ContradictionStudy {
            schema: text(CONTRADICTION_SCHEMA),
            rule: String::new(),
            rule_text: text(ContradictionRule::BUILT_IN),
            level: 0.0,
            declaration: Some(text("Opérateur, 4G : une page en moins de 10 s")),
            required: 0.95,
            table: table(),
            coverage: None,
            columns: ContradictionColumns {
                success: text("ok"),
                cell: text("cell"),
                cluster: vec![text("probe")],
                declared: Some(text("zone")),
                commune: Some(text("cell")),
                day: Some(text("day")),
                class: None,
            },
            days: Days::of(["2026-11-22".parse().unwrap()].into_iter()),
            correlation_within_clusters: 0.0,
            left_out: LeftOut::default(),
            cells: vec![cell(commune, failures), cell("99999", 0)],
        };
        bare.judged(&ContradictionRule::built_in())
    }

    /// A campaign of so many tests from a day on, in a commune.
    pub(crate) fn campaign(commune: &str, first: &str, tests: usize) -> CampaignStudy {
        let rule = CampaignRule::contract();
        let text = |text: &str| text.to_owned();
        let days = plan_campaign(first.parse().unwrap(), &rule).unwrap();
        let attempt = |begun| {
            StudiedAttempt::of(&Attempt { begun, rate: Some(42.5), wired: Some(true), alone: Some(true) })
        };
        let bare = CampaignStudy {
            schema: text(CAMPAIGN_SCHEMA),
            rule: String::new(),
            rule_text: text(CampaignRule::CONTRACT),
            table: table(),
            columns: CampaignColumns { time: text("t"), rate: text("r"), wired: text("w"), alone: text("a") },
            commune: Some(text(commune)),
            line: Some(text("Mairie")),
            unit: Some(text("Mbit/s")),
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
}
