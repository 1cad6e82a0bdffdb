//! The payload of version 1, as postcard writes it. Field order is the format: nothing here may change any more.

use std::borrow::Cow;

use desserte_model::{CogVintage, CommuneCode};
use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::{Deserialize, Serialize};

use crate::contents::OutlinedCommune;
use crate::{Commune, Contents, Departement, Epci, Outline, Region, Source};

#[derive(Serialize, Deserialize)]
pub(super) struct Payload<'a> {
    vintage: u16,
    synthetic: bool,
    made_by: Cow<'a, str>,
    sources: Vec<SourceV1<'a>>,
    regions: Vec<RegionV1<'a>>,
    departements: Vec<DepartementV1<'a>>,
    epcis: Vec<EpciV1<'a>>,
    communes: Vec<CommuneV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SourceV1<'a> {
    role: Cow<'a, str>,
    title: Cow<'a, str>,
    publisher: Option<Cow<'a, str>>,
    licence: Option<Cow<'a, str>>,
    vintage: Option<Cow<'a, str>>,
    sha256: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct RegionV1<'a> {
    code: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct DepartementV1<'a> {
    code: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct EpciV1<'a> {
    siren: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct CommuneV1<'a> {
    code: CommuneCode,
    name: Cow<'a, str>,
    departement: Cow<'a, str>,
    region: Option<Cow<'a, str>>,
    epci: Option<Cow<'a, str>>,
    population: Option<u32>,
    /// Polygons; of each the outer ring, then the holes; of each ring longitude and latitude in turn.
    outline: Vec<Vec<Vec<(f64, f64)>>>,
}

impl<'a> Payload<'a> {
    pub(super) fn of(contents: &'a Contents) -> Self {
        Self {
            vintage: contents.vintage.as_year(),
            synthetic: contents.synthetic,
            made_by: text(&contents.made_by),
            sources: contents
                .sources
                .iter()
                .map(|source| SourceV1 {
                    role: text(&source.role),
                    title: text(&source.title),
                    publisher: maybe(source.publisher.as_ref()),
                    licence: maybe(source.licence.as_ref()),
                    vintage: maybe(source.vintage.as_ref()),
                    sha256: maybe(source.sha256.as_ref()),
                })
                .collect(),
            regions: contents
                .regions
                .iter()
                .map(|region| RegionV1 { code: text(&region.code), name: maybe(region.name.as_ref()) })
                .collect(),
            departements: contents
                .departements
                .iter()
                .map(|unit| DepartementV1 {
                    code: text(&unit.code),
                    name: maybe(unit.name.as_ref()),
                    region: maybe(unit.region.as_ref()),
                })
                .collect(),
            epcis: contents
                .epcis
                .iter()
                .map(|epci| EpciV1 { siren: text(&epci.siren), name: maybe(epci.name.as_ref()) })
                .collect(),
            communes: contents.communes.iter().map(CommuneV1::of).collect(),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("lists and texts in memory always encode")
    }

    pub(super) fn decode(octets: &'a [u8]) -> Result<Contents, String> {
        let (payload, rest) =
            postcard::take_from_bytes::<Payload<'a>>(octets).map_err(|error| error.to_string())?;
        if !rest.is_empty() {
            return Err(format!("{} octets after the last commune", rest.len()));
        }
        Ok(Contents {
            vintage: CogVintage::from_year(payload.vintage),
            synthetic: payload.synthetic,
            made_by: payload.made_by.into_owned(),
            sources: payload
                .sources
                .into_iter()
                .map(|source| Source {
                    role: source.role.into_owned(),
                    title: source.title.into_owned(),
                    publisher: owned(source.publisher),
                    licence: owned(source.licence),
                    vintage: owned(source.vintage),
                    sha256: owned(source.sha256),
                })
                .collect(),
            regions: payload
                .regions
                .into_iter()
                .map(|region| Region { code: region.code.into_owned(), name: owned(region.name) })
                .collect(),
            departements: payload
                .departements
                .into_iter()
                .map(|unit| Departement {
                    code: unit.code.into_owned(),
                    name: owned(unit.name),
                    region: owned(unit.region),
                })
                .collect(),
            epcis: payload
                .epcis
                .into_iter()
                .map(|epci| Epci { siren: epci.siren.into_owned(), name: owned(epci.name) })
                .collect(),
            communes: payload.communes.into_iter().map(CommuneV1::decoded).collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> CommuneV1<'a> {
    fn of(row: &'a OutlinedCommune) -> Self {
        let positions = |ring: &LineString<f64>| ring.0.iter().map(|c| (c.x, c.y)).collect::<Vec<_>>();
        let commune = &row.commune;
        Self {
            code: commune.code,
            name: text(&commune.name),
            departement: text(&commune.departement),
            region: maybe(commune.region.as_ref()),
            epci: maybe(commune.epci.as_ref()),
            population: commune.population,
            outline: row
                .outline
                .as_multi_polygon()
                .iter()
                .map(|part| {
                    std::iter::once(part.exterior())
                        .chain(part.interiors())
                        .map(positions)
                        .collect::<Vec<_>>()
                })
                .collect(),
        }
    }

    fn decoded(self) -> Result<OutlinedCommune, String> {
        let code = self.code;
        let ring = |positions: Vec<(f64, f64)>| {
            LineString(positions.into_iter().map(|(x, y)| Coord { x, y }).collect())
        };
        let mut parts = Vec::with_capacity(self.outline.len());
        for rings in self.outline {
            let mut rings = rings.into_iter().map(ring);
            let exterior =
                rings.next().ok_or_else(|| format!("commune {code} has a polygon without a ring"))?;
            parts.push(Polygon::new(exterior, rings.collect()));
        }
        let outline =
            Outline::new(MultiPolygon(parts)).map_err(|error| format!("commune {code}: {error}"))?;
        let commune = Commune {
            code,
            name: self.name.into_owned(),
            departement: self.departement.into_owned(),
            region: owned(self.region),
            epci: owned(self.epci),
            population: self.population,
        };
        Ok(OutlinedCommune { commune, outline })
    }
}

fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn maybe(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| Cow::Borrowed(text.as_str()))
}

fn owned(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(Cow::into_owned)
}
