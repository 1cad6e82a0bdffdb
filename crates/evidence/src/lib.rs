//! What tests say against declared coverage, and against a contract ([`CampaignRule`]); when tests of a mobile cell are enough to ask the
//! operator about it ([`ChallengeRule`]); how reliable a map is over an area, beside what the regulator asks ([`AreaRule`]).
//!
//! The hypothesis is the declaration: inside declared coverage a test succeeds with at least a stated probability. It is given up for
//! a cell only when so many tests failed there that this would be rare if it held ([`Judgement`]), after every cell that was
//! looked at is taken into account ([`holm`]) and with tests that go together counted for what they are worth
//! ([`judge`]). A cell that contradicts the declaration contradicts it there, not for a whole map.
//!
//! A verdict is handed on as a study ([`ContradictionStudy`], [`CampaignStudy`]): with what it follows from, so that who reads it judges again.
//!
//! Nothing here knows a clock, a file, a socket or chance. docs/adr/0038-contradiction.md tells the choices,
//! docs/measurements/contradiction.md how often a verdict is wrong.

mod areas;
mod binomial;
mod campaign;
mod cells;
mod challenge;
mod correction;
mod parameters;
mod study;

pub use areas::{
    AreaLack, AreaPlan, AreaReport, AreaRule, AreaTest, AreaTests, AskedOfArea, OtherTechnology,
    UncountedInArea,
};
pub use binomial::{fewest_failures, tail};
pub use campaign::{
    Attempt, CampaignDay, CampaignReport, CampaignRule, Contract, Excluded, Missing, Pause, PlannedDay,
    Shortfall, ShortfallRule, check as check_campaign, plan as plan_campaign,
};
pub use cells::{Cell, CellVerdict, Cluster, Judgement, Lack, judge};
pub use challenge::{
    CellLack, CellTest, ChallengeReport, ChallengeRule, ChallengedCell, Hours, Step, Uncounted, challenge,
};
pub use correction::holm;
pub use parameters::{ContradictionRule, UnreadableRule};
pub use study::{
    CAMPAIGN_SCHEMA, CAMPAIGN_TESTS_MAX, CONTRADICTION_SCHEMA, CampaignColumns, CampaignStudy, Classes,
    Conclusion, ContradictionColumns, ContradictionStudy, Days, InputFile, LackOf, LeftOut, STUDY_TESTS_MAX,
    StudiedAttempt, StudiedCell, StudiedDay, StudiedJudgement, StudiedMissing, StudyFault,
};
