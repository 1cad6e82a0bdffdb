//! The facts of a dossier. Every number of its texts, tables and drawings is one of these.

use serde::{Deserialize, Serialize};

use crate::exchange::{Notice, Retest};
use crate::reply::Reply;
use crate::request::Lang;
use crate::verdicts::Verdicts;

/// Names the form of [`Case`].
pub const CASE_SCHEMA: &str = "desserte-case/2";

/// All facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// [`CASE_SCHEMA`].
    pub schema: String,
    /// Language of the texts.
    pub lang: Lang,
    /// Whether nothing but probes in public buildings is told, for the dossier may be given to anyone.
    pub public: bool,
    /// Whether records were made up for a demonstration.
    pub demonstration: bool,
    /// The program and its version.
    pub program: String,
    /// Version of the methods that derive figures from records.
    pub method: String,
    /// Where.
    pub place: Place,
    /// When.
    pub period: Span,
    /// Uses that are told, in the order of the set.
    pub uses: Vec<UseFact>,
    /// Figures of the place as a whole.
    pub area: Vec<Figure>,
    /// Whether public buildings may make the place look better served than it is.
    pub may_over_represent_centres: bool,
    /// Sites, by commune, then probe.
    pub sites: Vec<Site>,
    /// What was left out, with its reason.
    pub exclusions: Vec<Exclusion>,
    /// What proves the records.
    pub custody: Custody,
    /// Sets of parameters: name and SHA-256 of the text that is in the bundle.
    pub parameters: Vec<(String, String)>,
    /// What borders were used.
    pub boundary: Boundary,
    /// Seed of the draws behind intervals.
    pub seed: u64,
    /// Drawings in the bundle.
    pub drawings: Vec<Drawing>,
    /// Verdicts on what is declared.
    pub verdicts: Verdicts,
    /// Notices to the other side, in the order in which they were sent.
    pub notices: Vec<Notice>,
    /// Replies of the other side, in the order in which they came.
    pub replies: Vec<Reply>,
    /// Measurements made together, in their order.
    pub retests: Vec<Retest>,
}

/// Kinds of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceKind {
    /// A commune.
    Commune,
    /// An intercommunality.
    Epci,
    /// A département.
    Departement,
    /// One probe, wherever it stood.
    Site,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which kind.
    pub kind: PlaceKind,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its inhabitants; `None` when not known.
    pub population: Option<u64>,
}

/// A period of whole days by the place's own calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// First day.
    pub from: String,
    /// Last day, within the period.
    pub last: String,
    /// How many days.
    pub days: u32,
}

/// A use of the set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseFact {
    /// Its identifier.
    pub id: String,
    /// Its name in the dossier's language.
    pub name: String,
    /// When it is looked at, in the dossier's language.
    pub window: String,
    /// Hours of that window in a week without public holiday.
    pub window_hours: f64,
}

/// How solid a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// As much behind it as the rule asks for.
    Enough,
    /// Enough independent observations; something else is lacking.
    Indicative,
    /// Not enough: there is no number.
    NotEnough,
    /// Nothing was measured.
    NotMeasured,
    /// A count, which needs no verdict.
    Observed,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What is told.
    pub indicator: String,
    /// Which use, direction or threshold.
    pub of: Option<String>,
    /// Unit of value and ends.
    pub unit: String,
    /// How solid it is.
    pub state: Told,
    /// What is lacking: `observations`, `class_a_probes`, `days`, `slots`.
    pub lacks: Vec<String>,
    /// The value; `None` where there is not enough.
    pub value: Option<f64>,
    /// Lower end of its interval or bounds.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Classes of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Dedicated, wired, calibrated.
    A,
    /// Dedicated, and one of these is lacking or not declared.
    B,
    /// A citizen's contribution.
    C,
}

/// One probe in one commune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// How the dossier calls it: `P1`.
    pub label: String,
    /// The probe's identifier.
    pub probe: String,
    /// Code of the commune.
    pub commune: String,
    /// Name of the commune.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// What was declared of its class; `None`: nothing.
    pub class_a_declared: Option<bool>,
    /// Where it stands, `public` or `person`; `None`: not declared.
    pub host: Option<String>,
    /// How many days have a run or a known minute.
    pub days: u32,
    /// Time zone of its days.
    pub zone: String,
    /// What its runs say of the line.
    pub line: Line,
    /// Notes kept about the probe, up to the period's end.
    pub notes: Vec<KeptNote>,
    /// Places in the chain of its records that no record of the bundle takes.
    pub missing_records: u64,
    /// Records that do not fit the chain.
    pub chain_faults: u64,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Outages, in the order of time; empty where availability is not told.
    pub outages: Vec<OutageFact>,
}

/// What the runs of a site say of its line: each value with how many runs say so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// How the probe was attached.
    pub media: Vec<(String, u64)>,
    /// Retail operators as declared.
    pub operators: Vec<(String, u64)>,
    /// Technologies.
    pub technologies: Vec<(String, u64)>,
    /// Measurement servers.
    pub servers: Vec<(String, u64)>,
    /// Programs, name and version.
    pub software: Vec<String>,
}

/// A note about a probe, whose proof is in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptNote {
    /// `install`, `move`, `calibration` and so on.
    pub kind: String,
    /// When it happened, RFC 3339.
    pub happened: String,
    /// What was written.
    pub text: String,
}

/// An outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageFact {
    /// First minute, local time: `2026-10-03 14:05`.
    pub from: String,
    /// How long, seconds.
    pub seconds: u64,
}

/// What was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Why, a code of docs/spec/dossier.md.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// What proves the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custody {
    /// Signed batches with a proof.
    pub proven: u64,
    /// Signed batches whose day was not sealed.
    pub unsealed: u64,
    /// Records in all of them.
    pub records: u64,
    /// Seals that the proofs lead to.
    pub seals: Vec<Sealed>,
}

/// A sealed day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The day, UTC.
    pub day: String,
    /// Leaves of its tree.
    pub size: u64,
    /// Its root.
    pub root: String,
    /// Times that time-stamps state, RFC 3339. The authority's signature is for OpenSSL to check.
    pub stamps: Vec<String>,
}

/// What borders were used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// SHA-256 of the territory file.
    pub sha256: String,
    /// Year of the official list of communes.
    pub vintage: String,
    /// Its sources, one line each.
    pub sources: Vec<String>,
}

/// A drawing of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawing {
    /// Its part.
    pub part: String,
    /// Its title.
    pub title: String,
    /// What it shows, for who cannot see it.
    pub description: String,
}

impl Figure {
    /// The figure of an indicator and what it is of.
    #[must_use]
    pub fn find<'a>(figures: &'a [Self], indicator: &str, of: Option<&str>) -> Option<&'a Self> {
        figures.iter().find(|figure| figure.indicator == indicator && figure.of.as_deref() == of)
    }
}
