//! One import from beginning to end.

use std::path::{Path, PathBuf};

use desserte_model::{CogVintage, CommuneCode};
use desserte_territory::{History, InvalidContents, InvalidOutline, Lineage, Source, Territory};
use indicatif::ProgressBar;

use crate::carry::Carrier;
use crate::input::{Input, Unreadable};
use crate::join::{Lists, join};
use crate::outlines::{
    LayerRead, OutlinesError, RawOutline, check_places, one_for_each_code, read_outlines,
    settle_arrondissements,
};
use crate::overlaps::find_overlaps;
use crate::tables::{
    Populations, TableError, read_arrondissements, read_cog, read_departements, read_epci, read_movements,
    read_populations, read_regions,
};
use crate::{Finding, FindingKind, ImportPlan, Manifest, Report};

mod layers;
mod movements;
mod vintage;

/// Above this share of communes that the official list does not know, outlines and list are of different years.
const UNKNOWN_TO_COG: f64 = 0.01;

/// A territory and the report on how it came about.
#[derive(Debug)]
pub struct Imported {
    /// The territory.
    pub territory: Territory,
    /// The report.
    pub report: Report,
}

/// Why an import was refused. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No outlines were given.
    #[error("no file of commune outlines was given; add --communes FILE")]
    NothingToImport,
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] Unreadable),
    /// Outlines are of no use.
    #[error(transparent)]
    Outlines(#[from] OutlinesError),
    /// A table is of no use.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Nothing says which year the codes belong to.
    #[error(
        "the year of the list of communes is not known: no file name says it; add --vintage YEAR (COG of 1 January)"
    )]
    NoVintage,
    /// Inputs are of different years.
    #[error(
        "{first} is of {first_year}, {second} of {second_year}; give files of one year, or say which holds with --vintage YEAR"
    )]
    VintageConflict {
        /// An input.
        first: String,
        /// Its year.
        first_year: u16,
        /// Another input.
        second: String,
        /// Its year.
        second_year: u16,
    },
    /// Outlines and official list do not fit together.
    #[error(
        "{unknown} of {communes} outlines are not in the official list ({examples}, …): the two are of different years; \
         give the list and the outlines of one year"
    )]
    MixedVintages {
        /// Communes that the list does not know.
        unknown: usize,
        /// Communes with an outline.
        communes: usize,
        /// Some of their codes.
        examples: String,
    },
    /// Movements say that the codes are of another year.
    #[error(
        "{strangers} of {communes} outlines ({examples}, …) are no communes on 1 January {vintage} according to the \
         movements: the year is wrong, or the movements end before it; give --vintage YEAR or newer movements"
    )]
    NotOfThatYear {
        /// Communes with an outline that are not in force in the stated year.
        strangers: usize,
        /// Communes with an outline.
        communes: usize,
        /// Some of their codes.
        examples: String,
        /// The stated year.
        vintage: u16,
    },
    /// An outline is none, after all repairs.
    #[error("the outline of commune {code} cannot be used: {reason}")]
    Outline {
        /// The commune.
        code: CommuneCode,
        /// Why.
        reason: InvalidOutline,
    },
    /// Two layers would have one name.
    #[error("two inputs give {name}; give them other names, as in --zoning NAME=FILE")]
    TwoLayers {
        /// The name.
        name: String,
    },
    /// No commune was left.
    #[error("putting the territory together: {0}")]
    Contents(#[from] InvalidContents),
}

/// Imports: reads, checks, repairs, joins.
///
/// # Errors
/// When an input cannot be used at all or would make every answer wrong. Anything about single rows is in the report.
pub fn import(plan: &ImportPlan, progress: &ProgressBar) -> Result<Imported, ImportError> {
    let mut run = Run { plan, findings: Vec::new(), sources: Vec::new(), known: Vec::new() };
    let (outlines, rows_read) = run.outlines(progress)?;
    progress.set_message("tables");
    let (lists, vintage, vintage_from) = run.lists()?;
    let layers = run.layers()?;
    progress.set_message("join");
    let Run { mut findings, sources, .. } = run;
    let mut contents = join(outlines, &lists, CogVintage::from_year(vintage), sources, &mut findings)
        .map_err(|(code, reason)| ImportError::Outline { code, reason })?;
    if lists.cog.is_some() {
        check_unknown(contents.communes.len(), &findings)?;
    }
    movements::compare(&contents, lists.cog.as_ref(), &mut findings)?;
    drop(lists);
    layers.put_into(&mut contents, &mut findings)?;
    progress.set_message("index");
    let mut territory = Territory::new(&contents)?;
    if layers.count_sites(&territory, &mut contents, &mut findings) {
        territory = Territory::new(&contents)?;
    }
    find_overlaps(&territory, &contents.communes, &mut findings);
    drop(contents);
    let report = Report::new(&territory, rows_read, vintage_from, findings);
    Ok(Imported { territory, report })
}

/// An import under way.
struct Run<'a> {
    plan: &'a ImportPlan,
    findings: Vec<Finding>,
    sources: Vec<Source>,
    /// Manifests of inputs that are known by their checksum, with the paths of these inputs.
    known: Vec<(PathBuf, Manifest)>,
}

impl Run<'_> {
    fn outlines(&mut self, progress: &ProgressBar) -> Result<(Vec<RawOutline>, usize), ImportError> {
        if self.plan.communes.is_empty() {
            return Err(ImportError::NothingToImport);
        }
        let mut read = LayerRead::default();
        for path in &self.plan.communes {
            // Only the checksum is wanted here: GDAL reads the file by itself.
            drop(self.read("communes", path)?);
            progress.set_message("outlines");
            progress.set_position(0);
            let (layer, crs) = (self.plan.layer.as_deref(), self.plan.crs.as_deref());
            let LayerRead { rows, outlines, arrondissements } =
                read_outlines(path, layer, crs, progress, &mut self.findings)?;
            read.rows += rows;
            read.outlines.extend(outlines);
            read.arrondissements.extend(arrondissements);
        }
        let outlines = one_for_each_code(read.outlines, &mut self.findings);
        let outlines = settle_arrondissements(outlines, read.arrondissements, &mut self.findings);
        Ok((check_places(outlines, &mut self.findings)?, read.rows))
    }

    /// The lists, and the year of the outlines with how it became known.
    fn lists(&mut self) -> Result<(Lists, u16, String), ImportError> {
        let plan = self.plan;
        let mut lists = Lists::default();
        if let Some(path) = &plan.cog {
            let octets = self.read("cog", path)?;
            let (cog, parts) = read_cog(path, octets, &mut self.findings)?;
            (lists.cog, lists.lineage.parts) = (Some(cog), parts);
        }
        if let Some(path) = &plan.movements {
            let octets = self.read("movements", path)?;
            let parts = std::mem::take(&mut lists.lineage.parts);
            lists.lineage = Lineage { parts, ..read_movements(path, octets, &mut self.findings)? };
        }
        // Tables are carried over to the year that outlines and official list are of.
        let (vintage, vintage_from) = vintage::of(plan, &self.known)?;
        let carrier = Carrier::new(History::new(lists.lineage.clone())?, vintage);
        for path in &plan.populations {
            let octets = self.read("populations", path)?;
            let known = lists.populations.get_or_insert_with(Populations::new);
            read_populations(path, octets, carrier.as_ref(), known, &mut self.findings)?;
        }
        for path in &plan.epci {
            let octets = self.read("epci", path)?;
            read_epci(path, octets, carrier.as_ref(), &mut lists.epci, &mut self.findings)?;
        }
        if let Some(path) = &plan.departements {
            lists.departements = read_departements(path, self.read("departements", path)?)?;
        }
        if let Some(path) = &plan.regions {
            lists.regions = read_regions(path, self.read("regions", path)?)?;
        }
        if let Some(path) = &plan.arrondissements {
            lists.arrondissements = read_arrondissements(path, self.read("arrondissements", path)?)?;
        }
        Ok((lists, vintage, vintage_from))
    }

    fn read(&mut self, role: &'static str, path: &Path) -> Result<Vec<u8>, Unreadable> {
        let (input, octets) = Input::read(role, path)?;
        self.sources.push(input.source(&self.plan.manifests));
        let known = input.manifest(&self.plan.manifests);
        self.known.extend(known.map(|manifest| (path.to_owned(), manifest.clone())));
        Ok(octets)
    }
}

/// Refuses outlines of one year with the official list of another, which single findings would bury.
fn check_unknown(communes: usize, findings: &[Finding]) -> Result<(), ImportError> {
    let unknown: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::NotInCog)
        .map(|finding| finding.code.as_str())
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of communes")]
    let share = unknown.len() as f64 / communes.max(1) as f64;
    if share > UNKNOWN_TO_COG {
        let examples = unknown.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        return Err(ImportError::MixedVintages { unknown: unknown.len(), communes, examples });
    }
    Ok(())
}
