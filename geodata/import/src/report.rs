//! The report of an import.

use std::collections::BTreeMap;

use desserte_territory::{PopulationSum, Source, Territory};
use serde::Serialize;

use crate::{Finding, FindingKind};

/// The version of the report's JSON form.
const SCHEMA: &str = "desserte-import-report/1";

/// What went in, what came out, and everything noticed on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this form.
    pub schema: &'static str,
    /// The year of the list of communes.
    pub vintage: u16,
    /// How the year became known.
    pub vintage_from: String,
    /// SHA-256 of the contents of the territory file.
    pub fingerprint: String,
    /// The inputs.
    pub inputs: Vec<InputReport>,
    /// Sizes of the result.
    pub counts: Counts,
    /// How many findings there are of each kind; a kind without any is absent.
    pub findings_by_kind: BTreeMap<FindingKind, usize>,
    /// The findings, by kind and code.
    pub findings: Vec<Finding>,
}

/// An input and how it is credited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputReport {
    /// What it was used for.
    pub role: String,
    /// Title, or file name.
    pub title: String,
    /// Publisher, if known.
    pub publisher: Option<String>,
    /// Licence, if known.
    pub licence: Option<String>,
    /// Date of the data, if known.
    pub vintage: Option<String>,
    /// SHA-256 of the file.
    pub sha256: Option<String>,
}

/// Sizes of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows of the outline layers.
    pub rows_read: usize,
    /// Communes in the territory.
    pub communes: usize,
    /// Polygons of all communes.
    pub polygons: usize,
    /// Holes of all polygons.
    pub holes: usize,
    /// Positions of all rings, closing ones included.
    pub positions: usize,
    /// Départements.
    pub departements: usize,
    /// Regions.
    pub regions: usize,
    /// EPCI.
    pub epcis: usize,
    /// Inhabitants of the communes with a figure; absent if none has one.
    pub inhabitants: Option<u64>,
    /// Communes without a known population.
    pub communes_without_population: usize,
    /// Communes whose population is known to be zero.
    pub communes_without_inhabitant: usize,
    /// Communes without a known EPCI.
    pub communes_without_epci: usize,
}

impl Report {
    pub(crate) fn new(
        territory: &Territory,
        rows_read: usize,
        vintage_from: String,
        mut findings: Vec<Finding>,
    ) -> Self {
        findings.sort_by(|a, b| (a.kind, &a.code, &a.detail).cmp(&(b.kind, &b.code, &b.detail)));
        let mut findings_by_kind = BTreeMap::new();
        for finding in &findings {
            *findings_by_kind.entry(finding.kind).or_insert(0) += 1;
        }
        Self {
            schema: SCHEMA,
            vintage: territory.vintage().as_year(),
            vintage_from,
            fingerprint: territory.fingerprint().to_owned(),
            inputs: territory.sources().iter().map(InputReport::of).collect(),
            counts: Counts::of(territory, rows_read),
            findings_by_kind,
            findings,
        }
    }

    /// The codes of all findings of a kind, in order.
    pub fn codes(&self, kind: FindingKind) -> impl Iterator<Item = &str> {
        self.findings.iter().filter(move |finding| finding.kind == kind).map(|finding| finding.code.as_str())
    }
}

impl InputReport {
    fn of(source: &Source) -> Self {
        Self {
            role: source.role.clone(),
            title: source.title.clone(),
            publisher: source.publisher.clone(),
            licence: source.licence.clone(),
            vintage: source.vintage.clone(),
            sha256: source.sha256.clone(),
        }
    }
}

impl Counts {
    /// Counts a territory; `rows_read` is zero where no import was made.
    #[must_use]
    pub fn of(territory: &Territory, rows_read: usize) -> Self {
        let (mut polygons, mut holes, mut positions) = (0, 0, 0);
        for row in &territory.contents().communes {
            let parts = row.outline.as_multi_polygon();
            polygons += parts.0.len();
            holes += parts.iter().map(|part| part.interiors().len()).sum::<usize>();
            positions += row.outline.positions();
        }
        let PopulationSum { inhabitants, communes, communes_without_figure } = territory.population();
        Self {
            rows_read,
            communes,
            polygons,
            holes,
            positions,
            departements: territory.departements().len(),
            regions: territory.regions().len(),
            epcis: territory.epcis().len(),
            inhabitants,
            communes_without_population: communes_without_figure,
            communes_without_inhabitant: territory.communes().filter(|c| c.population == Some(0)).count(),
            communes_without_epci: territory.communes().filter(|c| c.epci.is_none()).count(),
        }
    }
}
