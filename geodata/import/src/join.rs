//! Puts outlines and lists together, by commune code.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::{CogVintage, CommuneCode};
use desserte_territory::{
    Arrondissement, Commune, Contents, Departement, Epci, InvalidOutline, Lineage, Outline, OutlinedCommune,
    Region, Source,
};

use crate::outlines::{RawOutline, departement_of};
use crate::tables::{Cog, EpciTable, Populations, UnitRow, built_in_departement, built_in_region};
use crate::{Finding, FindingKind};

/// All lists that were given; an absent one says nothing, an empty one that nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) populations: Option<Populations>,
    pub(crate) cog: Option<Cog>,
    pub(crate) epci: EpciTable,
    pub(crate) departements: BTreeMap<String, UnitRow>,
    pub(crate) regions: BTreeMap<String, UnitRow>,
    /// Names of arrondissements.
    pub(crate) arrondissements: BTreeMap<String, String>,
    /// What became of codes; empty without movements.
    pub(crate) lineage: Lineage,
}

/// Joins everything into the contents of a territory.
///
/// Where several inputs speak of one thing, the official list wins over a table, and a table over the outline's own
/// properties; a contradiction on where a commune belongs is reported.
pub(crate) fn join(
    outlines: Vec<RawOutline>,
    lists: &Lists,
    vintage: CogVintage,
    sources: Vec<Source>,
    findings: &mut Vec<Finding>,
) -> Result<Contents, (CommuneCode, InvalidOutline)> {
    let mut communes = Vec::with_capacity(outlines.len());
    for raw in outlines {
        let commune = lists.commune(&raw, findings);
        let outline = Outline::new(raw.surface).map_err(|error| (raw.code, error))?;
        communes.push(OutlinedCommune { commune, outline });
    }
    report_gaps(&communes, lists, findings);
    let distinct = |unit: fn(&Commune) -> Option<&String>| -> BTreeSet<String> {
        communes.iter().filter_map(|row| unit(&row.commune)).cloned().collect()
    };
    Ok(Contents {
        vintage,
        synthetic: false,
        made_by: concat!("desserte-geodata ", env!("CARGO_PKG_VERSION")).to_owned(),
        sources,
        regions: distinct(|c| c.region.as_ref()).into_iter().map(|code| lists.region(code)).collect(),
        departements: distinct(|c| Some(&c.departement))
            .into_iter()
            .map(|code| lists.departement(code))
            .collect(),
        epcis: distinct(|c| c.epci.as_ref())
            .into_iter()
            .map(|siren| Epci { name: lists.epci.names.get(&siren).cloned(), siren })
            .collect(),
        arrondissements: distinct(|c| c.arrondissement.as_ref())
            .into_iter()
            .map(|code| Arrondissement { name: lists.arrondissements.get(&code).cloned(), code })
            .collect(),
        zonings: Vec::new(),
        lineage: lists.lineage.clone(),
        figures: Vec::new(),
        overlays: Vec::new(),
        communes,
    })
}

impl Lists {
    fn commune(&self, raw: &RawOutline, findings: &mut Vec<Finding>) -> Commune {
        let code = raw.code;
        let official = self.cog.as_ref().and_then(|cog| cog.get(&code));
        if self.cog.is_some() && official.is_none() {
            findings.push(Finding::new(FindingKind::NotInCog, code, raw.name.clone().unwrap_or_default()));
        }
        let mut first = |what: &str, candidates: [Option<&String>; 3]| {
            let mut known = candidates.into_iter().flatten();
            let kept = known.next().cloned();
            if let Some((kept, other)) = kept.as_ref().zip(known.find(|other| Some(*other) != kept.as_ref()))
            {
                findings.push(Finding::new(
                    FindingKind::UnitConflict,
                    code,
                    format!("{what} {kept} kept, {other} found too"),
                ));
            }
            kept
        };
        let departement = first(
            "département",
            [official.and_then(|row| row.departement.as_ref()), raw.departement.as_ref(), None],
        )
        .unwrap_or_else(|| departement_of(raw));
        let region =
            first("region", [official.and_then(|row| row.region.as_ref()), raw.region.as_ref(), None])
                .or_else(|| self.departements.get(&departement)?.region.clone())
                .or_else(|| built_in_departement(&departement).map(|(_, region)| region.to_owned()));
        let epci = first(
            "EPCI",
            [self.epci.members.get(&code), official.and_then(|row| row.epci.as_ref()), raw.epci.as_ref()],
        );
        let name = official.and_then(|row| row.name.clone()).or_else(|| raw.name.clone());
        let population = match &self.populations {
            Some(populations) => populations.get(&code).copied().flatten(),
            None => raw.population,
        };
        Commune {
            code,
            name: name.unwrap_or_else(|| code.to_string()),
            departement,
            region,
            epci,
            arrondissement: official.and_then(|row| row.arrondissement.clone()),
            population,
        }
    }

    fn departement(&self, code: String) -> Departement {
        let listed = self.departements.get(&code);
        let known = built_in_departement(&code);
        Departement {
            name: listed.and_then(|row| row.name.clone()).or_else(|| known.map(|(name, _)| name.to_owned())),
            region: listed
                .and_then(|row| row.region.clone())
                .or_else(|| known.map(|(_, region)| region.to_owned())),
            code,
        }
    }

    fn region(&self, code: String) -> Region {
        let listed = self.regions.get(&code).and_then(|row| row.name.clone());
        Region { name: listed.or_else(|| built_in_region(&code).map(str::to_owned)), code }
    }
}

/// Findings about rows of tables, of no interest where they are about départements that are not imported.
const OF_TABLES: [FindingKind; 10] = [
    FindingKind::ArrondissementsSummed,
    FindingKind::PopulationConflict,
    FindingKind::UnreadablePopulation,
    FindingKind::UnitConflict,
    FindingKind::CarriedOver,
    FindingKind::NotCarriedOver,
    FindingKind::LayerConflict,
    FindingKind::UnreadableValue,
    FindingKind::RestoredValue,
    FindingKind::FigureContradiction,
];

/// Reports what one input has and another lacks, within the départements that have outlines: a national list beside
/// the outlines of one département is no fault.
fn report_gaps(communes: &[OutlinedCommune], lists: &Lists, findings: &mut Vec<Finding>) {
    let here: BTreeSet<CommuneCode> = communes.iter().map(|row| row.commune.code).collect();
    let departements: BTreeSet<&str> = communes.iter().map(|row| row.commune.code.departement()).collect();
    findings.retain(|finding| {
        let elsewhere =
            finding.code.parse().is_ok_and(|code: CommuneCode| !departements.contains(code.departement()));
        !(elsewhere && OF_TABLES.contains(&finding.kind))
    });
    let lacking = |code: &CommuneCode| departements.contains(code.departement()) && !here.contains(code);
    for (code, row) in lists.cog.iter().flatten().filter(|(code, _)| lacking(code)) {
        let name = row.name.clone().unwrap_or_default();
        findings.push(Finding::new(FindingKind::WithoutOutline, code, name));
    }
    for (code, count) in lists.populations.iter().flatten().filter(|(code, _)| lacking(code)) {
        let count = count.map_or_else(|| "no figure".to_owned(), |count| count.to_string());
        findings.push(Finding::new(FindingKind::PopulationOrphan, code, count));
    }
    for (code, siren) in lists.epci.members.iter().filter(|(code, _)| lacking(code)) {
        findings.push(Finding::new(FindingKind::EpciOrphan, code, siren.clone()));
    }
    // Where no input speaks of it at all, the count in the report says so once.
    if communes.iter().any(|row| row.commune.population.is_some()) {
        let without = communes.iter().filter(|row| row.commune.population.is_none());
        findings.extend(without.map(|row| gap(FindingKind::WithoutPopulation, row)));
    }
    if communes.iter().any(|row| row.commune.epci.is_some()) {
        let without = communes.iter().filter(|row| row.commune.epci.is_none());
        findings.extend(without.map(|row| gap(FindingKind::WithoutEpci, row)));
    }
}

fn gap(kind: FindingKind, row: &OutlinedCommune) -> Finding {
    Finding::new(kind, row.commune.code, row.commune.name.clone())
}
