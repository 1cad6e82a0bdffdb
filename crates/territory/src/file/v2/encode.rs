//! Writes contents as a file of version 2.

use std::collections::BTreeMap;

use desserte_model::CommuneCode;

use super::*;
use crate::contents::OutlinedCommune;
use crate::grid;
use crate::topology::{self, Builder};
use crate::{Contents, Source, Zoning};

/// Writes contents that were checked.
///
/// # Panics
/// When the contents were not checked, or texts take more than 4 GiB.
pub(in crate::file) fn encode(contents: &Contents, cells_per_degree: u32) -> Vec<u8> {
    let built = Builder::new(contents.communes.iter().map(|row| &row.outline));
    let topology = built.topology();
    let index = grid::build(topology, Lattice::new(cells_per_degree));
    let mut file = Writer::default();
    let meta = postcard::to_stdvec(&meta(contents, cells_per_degree)).expect("lists in memory always encode");
    file.add(META, &meta);
    let codes: Vec<u8> = contents.communes.iter().flat_map(|row| row.commune.code.as_str().bytes()).collect();
    file.add(CODES, &codes);
    let (names, text) = names(&contents.communes);
    file.add(NAMES, &names);
    file.add(TEXT, text.as_bytes());
    file.add(UNITS, &units(contents));
    file.add(ZONES, &zones(contents));
    surfaces::add_borders(&mut file, topology);
    file.add(NEIGHBOURS, &neighbours(topology, contents.communes.len()));
    file.add(RANKS, &topology::ranks(topology));
    surfaces::add_index(&mut file, &index);
    figures::add(&mut file, contents);
    rights::add(&mut file, contents);
    if let Some(history) = history::encode(&contents.lineage) {
        file.add(HISTORY, &history);
    }
    overlay::add(&mut file, contents);
    file.finish()
}

fn meta(contents: &Contents, cells_per_degree: u32) -> Meta {
    Meta {
        vintage: contents.vintage.as_year(),
        synthetic: contents.synthetic,
        made_by: contents.made_by.clone(),
        communes: count(contents.communes.len()),
        cells_per_degree,
        sources: contents.sources.iter().map(SourceMeta::from).collect(),
        regions: contents.regions.iter().map(|unit| (unit.code.clone(), unit.name.clone())).collect(),
        departements: contents
            .departements
            .iter()
            .map(|unit| (unit.code.clone(), unit.name.clone(), unit.region.clone()))
            .collect(),
        epcis: contents.epcis.iter().map(|unit| (unit.siren.clone(), unit.name.clone())).collect(),
        arrondissements: contents
            .arrondissements
            .iter()
            .map(|unit| (unit.code.clone(), unit.name.clone()))
            .collect(),
        zonings: contents.zonings.iter().map(|zoning| zoning_meta(zoning, &contents.communes)).collect(),
        successions: history::triples(&contents.lineage.successions),
    }
}

impl From<&Source> for SourceMeta {
    fn from(source: &Source) -> Self {
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

fn zoning_meta(zoning: &Zoning, communes: &[OutlinedCommune]) -> ZoningMeta {
    let values = distinct(zoning);
    let elsewhere = zoning
        .values
        .iter()
        .filter(|(code, _)| communes.binary_search_by(|row| row.commune.code.cmp(code)).is_err())
        .map(|(code, value)| (history::letters(*code), values[value.as_str()]))
        .collect();
    ZoningMeta {
        name: zoning.name.clone(),
        title: zoning.title.clone(),
        vintage: zoning.vintage.clone(),
        values: values.into_keys().map(str::to_owned).collect(),
        elsewhere,
    }
}

/// The distinct values of a zoning in order, with their places.
fn distinct(zoning: &Zoning) -> BTreeMap<&str, u32> {
    let mut values: BTreeMap<&str, u32> =
        zoning.values.iter().map(|(_, value)| (value.as_str(), 0)).collect();
    for (number, place) in (0..).zip(values.values_mut()) {
        *place = number;
    }
    values
}

/// One column for each zoning.
fn zones(contents: &Contents) -> Vec<u32> {
    let mut zones = Vec::with_capacity(contents.zonings.len() * contents.communes.len());
    for zoning in &contents.zonings {
        let values = distinct(zoning);
        let known: BTreeMap<CommuneCode, &str> =
            zoning.values.iter().map(|(code, value)| (*code, value.as_str())).collect();
        zones.extend(
            contents
                .communes
                .iter()
                .map(|row| known.get(&row.commune.code).map_or(UNKNOWN, |value| values[value])),
        );
    }
    zones
}

/// Where each name begins, one more at the end, and the names.
fn names(communes: &[OutlinedCommune]) -> (Vec<u32>, String) {
    let mut text = String::new();
    let mut begin = vec![0];
    for row in communes {
        text.push_str(&row.commune.name);
        begin.push(count(text.len()));
    }
    (begin, text)
}

fn units(contents: &Contents) -> Vec<u32> {
    let mut columns = Vec::with_capacity(contents.communes.len() * UNIT_COLUMNS);
    let communes = || contents.communes.iter().map(|row| &row.commune);
    let place = |found: Result<usize, usize>| count(found.expect("contents were checked"));
    columns.extend(communes().map(|commune| {
        place(contents.departements.binary_search_by(|unit| unit.code.cmp(&commune.departement)))
    }));
    columns.extend(communes().map(|commune| {
        commune
            .region
            .as_ref()
            .map_or(UNKNOWN, |code| place(contents.regions.binary_search_by(|unit| unit.code.cmp(code))))
    }));
    columns.extend(communes().map(|commune| {
        commune
            .epci
            .as_ref()
            .map_or(UNKNOWN, |code| place(contents.epcis.binary_search_by(|unit| unit.siren.cmp(code))))
    }));
    columns.extend(communes().map(|commune| {
        commune.arrondissement.as_ref().map_or(UNKNOWN, |code| {
            place(contents.arrondissements.binary_search_by(|unit| unit.code.cmp(code)))
        })
    }));
    columns.extend(communes().map(|commune| commune.population.unwrap_or(UNKNOWN)));
    columns
}

/// Where each commune's neighbours begin, one more at the end, then their rows.
fn neighbours(topology: Topology<'_>, communes: usize) -> Vec<u32> {
    let pairs = topology.neighbours();
    let mut section: Vec<u32> =
        (0..=count(communes)).map(|row| count(pairs.partition_point(|(label, _)| *label <= row))).collect();
    section.extend(pairs.iter().map(|(_, neighbour)| neighbour - 1));
    section
}

fn count(value: usize) -> u32 {
    u32::try_from(value).expect("fewer than 2^32 items")
}
