//! Reads version 1: a header of 56 octets, then everything as postcard writes it. Field order is the format: nothing
//! here may change any more.

use std::borrow::Cow;

use desserte_model::{CogVintage, CommuneCode};
use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{FormatError, MAGIC};
use crate::contents::OutlinedCommune;
use crate::{Commune, Contents, Departement, Epci, Outline, Redistribution, Region, Source};

/// The number of this version.
pub(super) const VERSION: u32 = 1;

/// Octets before the payload: magic (8), version (4), reserved (4), payload length (8), SHA-256 (32).
const HEADER_LEN: usize = 56;

/// Decodes a file that begins as one of version 1 does.
pub(super) fn decode(bytes: &[u8]) -> Result<Contents, FormatError> {
    Payload::decode(checked_payload(bytes)?).map_err(FormatError::Malformed)
}

/// The payload, once everything around it is as it must be.
///
/// The checks go from the most telling to the least: a damaged length reads as a file cut short, whatever follows.
fn checked_payload(bytes: &[u8]) -> Result<&[u8], FormatError> {
    let found = bytes.len() as u64;
    let Some((header, payload)) = bytes.split_at_checked(HEADER_LEN) else {
        return Err(FormatError::Truncated { expected: HEADER_LEN as u64, found });
    };
    let (reserved, rest) = header[MAGIC.len() + 4..].split_at(4);
    let (announced, checksum) = rest.split_at(8);
    if reserved != [0; 4] {
        return Err(FormatError::Damaged);
    }
    let announced = announced.iter().rev().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    let expected = announced.saturating_add(HEADER_LEN as u64);
    if found < expected {
        return Err(FormatError::Truncated { expected, found });
    }
    if found > expected {
        return Err(FormatError::TrailingOctets { expected, found });
    }
    if Sha256::digest(payload).as_slice() != checksum {
        return Err(FormatError::Damaged);
    }
    Ok(payload)
}

#[derive(Deserialize)]
struct Payload<'a> {
    vintage: u16,
    synthetic: bool,
    made_by: Cow<'a, str>,
    sources: Vec<SourceV1<'a>>,
    regions: Vec<RegionV1<'a>>,
    departements: Vec<DepartementV1<'a>>,
    epcis: Vec<EpciV1<'a>>,
    communes: Vec<CommuneV1<'a>>,
}

#[derive(Deserialize)]
struct SourceV1<'a> {
    role: Cow<'a, str>,
    title: Cow<'a, str>,
    publisher: Option<Cow<'a, str>>,
    licence: Option<Cow<'a, str>>,
    vintage: Option<Cow<'a, str>>,
    sha256: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RegionV1<'a> {
    code: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct DepartementV1<'a> {
    code: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct EpciV1<'a> {
    siren: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
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
    fn decode(octets: &'a [u8]) -> Result<Contents, String> {
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
                    redistribution: Redistribution::Allowed,
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
            arrondissements: Vec::new(),
            zonings: Vec::new(),
            lineage: crate::Lineage::default(),
            figures: Vec::new(),
            overlays: Vec::new(),
            communes: payload.communes.into_iter().map(CommuneV1::decoded).collect::<Result<_, _>>()?,
        })
    }
}

impl CommuneV1<'_> {
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
            arrondissement: None,
            population: self.population,
        };
        Ok(OutlinedCommune { commune, outline })
    }
}

fn owned(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(Cow::into_owned)
}
