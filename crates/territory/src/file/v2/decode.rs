//! From sections back to contents.

use desserte_model::{CogVintage, CommuneCode};

use super::*;
use crate::contents::OutlinedCommune;
use crate::{
    Arrondissement, Commune, Contents, Departement, Epci, History, Outline, Overlay, Redistribution, Region,
    Source, Zoning,
};

/// More cells than this for a degree would not fit into 32 bits for the whole globe.
const MOST_CELLS_PER_DEGREE: u32 = 2_000;

/// The small lists, ready for use.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) vintage: CogVintage,
    pub(crate) synthetic: bool,
    pub(crate) made_by: String,
    pub(crate) sources: Vec<Source>,
    pub(crate) regions: Vec<Region>,
    pub(crate) departements: Vec<Departement>,
    pub(crate) epcis: Vec<Epci>,
    pub(crate) arrondissements: Vec<Arrondissement>,
    pub(crate) history: History,
    pub(crate) overlays: Vec<Overlay>,
    zonings: Vec<ZoningMeta>,
    /// For each zoning its source's place in the list of sources, where the file says so.
    pub(super) zoning_sources: Vec<Option<u32>>,
}

/// Decodes and checks what the checks of arrays rely on.
pub(super) fn meta(octets: &[u8]) -> Result<Meta, String> {
    let meta: Meta = rights::whole(octets)?;
    Ok(meta)
}

/// A lattice of a sensible size.
pub(super) fn lattice(cells_per_degree: u32) -> Result<Lattice, String> {
    if (1..=MOST_CELLS_PER_DEGREE).contains(&cells_per_degree) {
        Ok(Lattice::new(cells_per_degree))
    } else {
        Err(format!("{cells_per_degree} cells for a degree"))
    }
}

impl From<SourceMeta> for Source {
    fn from(source: SourceMeta) -> Self {
        Self {
            role: source.role,
            title: source.title,
            publisher: source.publisher,
            licence: source.licence,
            vintage: source.vintage,
            sha256: source.sha256,
            redistribution: Redistribution::Allowed,
        }
    }
}

impl Lists {
    pub(super) fn of(meta: Meta, history: Option<&[u8]>) -> Result<Self, String> {
        let lineage = history::decode(&meta.successions, history)?;
        Ok(Self {
            overlays: Vec::new(),
            zoning_sources: vec![None; meta.zonings.len()],
            vintage: CogVintage::from_year(meta.vintage),
            synthetic: meta.synthetic,
            made_by: meta.made_by,
            sources: meta.sources.into_iter().map(Source::from).collect(),
            regions: meta.regions.into_iter().map(|(code, name)| Region { code, name }).collect(),
            departements: meta
                .departements
                .into_iter()
                .map(|(code, name, region)| Departement { code, name, region })
                .collect(),
            epcis: meta.epcis.into_iter().map(|(siren, name)| Epci { siren, name }).collect(),
            arrondissements: meta
                .arrondissements
                .into_iter()
                .map(|(code, name)| Arrondissement { code, name })
                .collect(),
            history: History::new(lineage).map_err(|error| error.to_string())?,
            zonings: meta
                .zonings
                .into_iter()
                .map(|zoning| {
                    zoning.elsewhere.iter().try_for_each(|(letters, _)| history::code(*letters).map(drop))?;
                    Ok(zoning)
                })
                .collect::<Result<_, String>>()?,
        })
    }

    /// The names of the zonings, in order.
    pub(crate) fn zoning_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.zonings.iter().map(|zoning| zoning.name.as_str())
    }

    /// The place of a zoning's source in the list of sources.
    pub(crate) fn zoning_source(&self, zoning: &str) -> Option<u32> {
        let number = self.zonings.iter().position(|known| known.name == zoning)?;
        self.zoning_sources[number]
    }

    /// The places of the zonings' sources in the list of sources.
    pub(crate) fn zoning_sources(&self) -> impl Iterator<Item = u32> {
        self.zoning_sources.iter().copied().flatten()
    }

    /// The value of a commune in a zoning.
    pub(crate) fn zone<'a>(&'a self, body: &Body, zoning: &str, row: usize) -> Option<&'a str> {
        let number = self.zonings.iter().position(|known| known.name == zoning)?;
        let zones: &[u32] = body.image.array(&body.zones);
        let value = *zones.get(number * body.communes + row)?;
        self.zonings[number].values.get(value as usize).map(String::as_str)
    }

    fn zonings(&self, body: &Body) -> Vec<Zoning> {
        let zoning = |(zoning, source): (&ZoningMeta, &Option<u32>)| {
            let mut values: Vec<(CommuneCode, String)> = (0..body.communes)
                .filter_map(|row| Some((body.code(row), self.zone(body, &zoning.name, row)?.to_owned())))
                .collect();
            values.extend(zoning.elsewhere.iter().filter_map(|(letters, value)| {
                let code = std::str::from_utf8(letters).ok()?.parse().ok()?;
                Some((code, zoning.values.get(*value as usize)?.clone()))
            }));
            values.sort_unstable();
            Zoning {
                name: zoning.name.clone(),
                title: zoning.title.clone(),
                vintage: zoning.vintage.clone(),
                source: *source,
                values,
            }
        };
        self.zonings.iter().zip(&self.zoning_sources).map(zoning).collect()
    }
}

impl Body {
    /// The code of a commune.
    pub(crate) fn code(&self, row: usize) -> CommuneCode {
        history::code(self.image.array::<history::Letters>(&self.codes)[row])
            .expect("codes were checked when the file was opened")
    }

    /// The row of a commune.
    pub(crate) fn row(&self, code: CommuneCode) -> Option<usize> {
        let codes: &[history::Letters] = self.image.array(&self.codes);
        codes.binary_search_by(|letters| letters.as_slice().cmp(code.as_str().as_bytes())).ok()
    }

    pub(super) fn name_at(&self, row: usize) -> Option<&str> {
        let begin: &[u32] = self.image.array(&self.names);
        let text = &self.image.octets()[self.text.clone()];
        let name = text.get(*begin.get(row)? as usize..*begin.get(row + 1)? as usize)?;
        std::str::from_utf8(name).ok()
    }

    /// The five items of a commune in the columns of units.
    pub(super) fn units_at(&self, row: usize) -> Option<[u32; UNIT_COLUMNS]> {
        let columns: &[u32] = self.image.array(&self.units);
        let mut items = [UNKNOWN; UNIT_COLUMNS];
        for (column, item) in items.iter_mut().enumerate() {
            *item = *columns.get(column * self.communes + row)?;
        }
        Some(items)
    }

    /// All communes without their outlines.
    pub(crate) fn commune_list(&self, lists: &Lists) -> Vec<Commune> {
        (0..self.communes).map(|row| self.commune(row, lists)).collect()
    }

    fn commune(&self, row: usize, lists: &Lists) -> Commune {
        let [departement, region, epci, arrondissement, population] =
            self.units_at(row).expect("units were checked when the file was opened");
        Commune {
            code: self.code(row),
            name: self.name_at(row).expect("names were checked when the file was opened").to_owned(),
            departement: lists
                .departements
                .get(departement as usize)
                .map(|unit| unit.code.clone())
                .expect("départements were checked when the file was opened"),
            region: lists.regions.get(region as usize).map(|unit| unit.code.clone()),
            epci: lists.epcis.get(epci as usize).map(|unit| unit.siren.clone()),
            arrondissement: lists.arrondissements.get(arrondissement as usize).map(|unit| unit.code.clone()),
            population: (population != UNKNOWN).then_some(population),
        }
    }

    /// The outline of a commune.
    pub(crate) fn outline(&self, row: usize) -> Outline {
        self.surfaces.outline(row)
    }

    /// Everything that was written.
    pub(crate) fn contents(&self, lists: &Lists, communes: &[Commune]) -> Contents {
        Contents {
            vintage: lists.vintage,
            synthetic: lists.synthetic,
            made_by: lists.made_by.clone(),
            sources: lists.sources.clone(),
            regions: lists.regions.clone(),
            departements: lists.departements.clone(),
            epcis: lists.epcis.clone(),
            arrondissements: lists.arrondissements.clone(),
            zonings: lists.zonings(self),
            lineage: lists.history.lineage().clone(),
            figures: self.all_figures(),
            overlays: lists.overlays.iter().map(Overlay::contents).collect(),
            communes: communes
                .iter()
                .enumerate()
                .map(|(row, commune)| OutlinedCommune {
                    commune: commune.clone(),
                    outline: self.outline(row),
                })
                .collect(),
        }
    }
}
