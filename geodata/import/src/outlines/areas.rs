//! Areas of an overlay: any polygon layer with a code, a name or a level.

use std::path::Path;

use desserte_territory::geometry::MultiPolygon;
use desserte_territory::{Area, Outline, OutlinedArea, OverlayContents, Source};
use gdal::vector::{Feature, LayerAccess, ToGdal};
use geo::{Coord, MapCoords};

use super::crs::ToWgs84;
use super::fields::text;
use super::place::in_france;
use super::read::surface;
use super::surface::surface_of;
use super::{OutlinesError, messages, open};
use crate::layers::day_in;
use crate::{Finding, FindingKind};

/// Names of the field that tells areas apart: priority neighbourhoods of both generations, levels of declared coverage,
/// days of the closure of copper, and what others use.
const CODE: &[&str] = &[
    "code_qp",
    "code_quartier",
    "code_zone",
    "niveau",
    "level",
    "data_arret_cuivre_date",
    "code_insee",
    "insee_com",
    "code",
    "id",
];
const NAME: &[&str] =
    &["nom_qp", "lib_qp", "nom_quartier", "libelle", "lib", "nom", "name", "data_arret_cuivre_date"];

/// Levels of declared coverage from the best to the least: very good, good, limited.
const LEVELS: [&str; 3] = ["TBC", "BC", "CL"];

/// Where the areas of an overlay are, and how to read them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AreasAsked<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a Path,
    pub(crate) layer: Option<&'a str>,
    pub(crate) crs: Option<&'a str>,
    /// How octets that are no UTF-8 are to be read.
    pub(crate) encoding: Option<&'a str>,
}

/// An area as the file has it.
struct RawArea {
    code: String,
    name: Option<String>,
    surface: MultiPolygon<f64>,
}

/// Reads the areas of an overlay: repaired where that is certain, each repair a finding.
pub(crate) fn read_areas(
    asked: AreasAsked<'_>,
    source: Source,
    findings: &mut Vec<Finding>,
) -> Result<OverlayContents, OutlinesError> {
    let before = findings.len();
    let areas = read_all(asked, findings)?;
    let garbled = |area: &RawArea| area.name.iter().chain([&area.code]).any(|text| text.contains('\u{fffd}'));
    // A shapefile may say UTF-8 and hold Latin-1; what came out of it then names no character.
    let areas = match areas.iter().filter(|area| garbled(area)).count() {
        garbled if garbled > 0 && asked.encoding.is_none() => {
            findings.truncate(before);
            let areas = read_all(AreasAsked { encoding: Some("CP1252"), ..asked }, findings)?;
            let detail =
                format!("{}: {garbled} names are Windows-1252 although the file says otherwise", asked.name);
            findings.push(Finding::new(FindingKind::ReencodedNames, asked.name, detail));
            areas
        }
        _ => areas,
    };
    let areas = in_their_place(asked, areas, findings)?;
    let mut areas = one_for_each_code(asked.name, areas, findings);
    let rank = |area: &RawArea| LEVELS.iter().position(|level| *level == area.code);
    areas.sort_by(|a, b| (rank(a), &a.code).cmp(&(rank(b), &b.code)));
    let outlined = |area: RawArea| {
        let refused = |reason: desserte_territory::InvalidOutline| OutlinesError::Area {
            path: asked.path.to_owned(),
            code: area.code.clone(),
            reason: reason.to_string(),
        };
        let outline = Outline::new(area.surface).map_err(refused)?;
        Ok(OutlinedArea { area: Area { code: area.code, name: area.name }, outline })
    };
    let areas = areas.into_iter().map(outlined).collect::<Result<Vec<_>, _>>()?;
    Ok(OverlayContents { name: asked.name.to_owned(), source: Some(source), areas })
}

fn read_all(asked: AreasAsked<'_>, findings: &mut Vec<Finding>) -> Result<Vec<RawArea>, OutlinesError> {
    messages::collect();
    let path = asked.path;
    let dataset = open::open_as(path, asked.encoding)?;
    let position = open::layer(&dataset, path, asked.layer)?;
    let failed = |error: gdal::errors::GdalError| OutlinesError::Open {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut layer = dataset.layer(position).map_err(failed)?;
    let names: Vec<String> = layer.defn().fields().map(|field| field.name()).collect();
    let find = |known: &[&str]| {
        known.iter().find_map(|wanted| {
            let cut = wanted.get(..10).unwrap_or(wanted);
            let same = |name: &String| name.eq_ignore_ascii_case(wanted) || name.eq_ignore_ascii_case(cut);
            names.iter().position(same)
        })
    };
    let Some(code) = find(CODE) else {
        return Err(OutlinesError::NoField { path: path.to_owned(), known: CODE, fields: names });
    };
    let name = find(NAME);
    let to_wgs84 = ToWgs84::of(&layer, path, asked.crs)?;
    let announced = layer.feature_count();
    let broken = |rows, reason| OutlinesError::Broken { path: path.to_owned(), rows, announced, reason };
    let mut areas = Vec::new();
    let mut rows = 0;
    for feature in layer.features() {
        if let Some(reason) = messages::failure() {
            return Err(broken(rows, reason));
        }
        rows += 1;
        areas.extend(area(asked, &feature, rows, (code, name), &to_wgs84, findings)?);
        drop(messages::take());
    }
    match messages::failure() {
        Some(reason) => Err(broken(rows, reason)),
        None if (rows as u64) < announced => Err(broken(rows, "the file ends too early".to_owned())),
        None => Ok(areas),
    }
}

fn area(
    asked: AreasAsked<'_>,
    feature: &Feature<'_>,
    row: usize,
    (code, name): (usize, Option<usize>),
    to_wgs84: &ToWgs84,
    findings: &mut Vec<Finding>,
) -> Result<Option<RawArea>, OutlinesError> {
    let Some(written) = text(feature, Some(code)) else {
        let detail = format!("overlay {}, row {row} has no code", asked.name);
        findings.push(Finding::new(FindingKind::UnreadableCode, "", detail));
        return Ok(None);
    };
    // A day in French words is told as other days are.
    let code = day_in(&written).unwrap_or(written);
    let Some(surface) = surface(feature, &code, to_wgs84, asked.path, findings)? else { return Ok(None) };
    Ok(Some(RawArea { code, name: text(feature, name), surface }))
}

/// Puts areas right that lie in France only with longitude and latitude exchanged, and leaves out single strays.
fn in_their_place(
    asked: AreasAsked<'_>,
    mut areas: Vec<RawArea>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<RawArea>, OutlinesError> {
    let swapped = |c: Coord<f64>| Coord { x: c.y, y: c.x };
    // By its polygons, since one area may have parts on several oceans.
    let most = |area: &RawArea, way: fn(Coord<f64>) -> Coord<f64>| {
        let parts = area.surface.iter().filter_map(|part| part.exterior().0.first());
        parts.filter(|first| in_france(way(**first))).count() * 2 > area.surface.0.len()
    };
    let at_home = |area: &RawArea| most(area, |c| c);
    let inside = areas.iter().filter(|area| at_home(area)).count();
    let exchanged = areas.iter().filter(|area| most(area, swapped)).count();
    let corner = |area: &RawArea| {
        let first = area.surface.0.first().and_then(|part| part.exterior().0.first());
        first.map_or_else(String::new, |c| format!("longitude {:.4}, latitude {:.4}", c.x, c.y))
    };
    if areas.is_empty() || inside * 2 > areas.len() {
        areas.retain(|area| {
            let here = at_home(area);
            if !here {
                findings.push(Finding::new(FindingKind::Misplaced, &area.code, corner(area)));
            }
            here
        });
        return Ok(areas);
    }
    // No place of France is one of France with its axes exchanged, so all of them together leave no doubt.
    if exchanged == areas.len() {
        for area in &mut areas {
            area.surface = area.surface.map_coords(swapped);
            let detail = format!("overlay {}: longitude and latitude exchanged", asked.name);
            findings.push(Finding::new(FindingKind::SwappedAxes, &area.code, detail));
        }
        return Ok(areas);
    }
    let first = areas.iter().find(|area| !at_home(area));
    let example = first.map_or_else(String::new, |area| format!("{} at {}", area.code, corner(area)));
    Err(OutlinesError::NotInFrance {
        path: asked.path.to_owned(),
        misplaced: areas.len() - inside,
        areas: areas.len(),
        example,
    })
}

/// Puts the rows of one code together, in the order of the file; a row that says the same twice is left out.
fn one_for_each_code(name: &str, areas: Vec<RawArea>, findings: &mut Vec<Finding>) -> Vec<RawArea> {
    let mut kept: Vec<RawArea> = Vec::with_capacity(areas.len());
    let mut rows: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for area in areas {
        let Some(at) = rows.get(&area.code).copied() else {
            rows.insert(area.code.clone(), kept.len());
            kept.push(area);
            continue;
        };
        let first = &mut kept[at];
        if first.surface == area.surface {
            let detail = format!("overlay {name}: identical outlines");
            findings.push(Finding::new(FindingKind::DuplicateOutline, &area.code, detail));
            continue;
        }
        let union =
            first.surface.to_gdal().ok().zip(area.surface.to_gdal().ok()).and_then(|(a, b)| a.union(&b));
        match union.map(|union| MultiPolygon(surface_of(&union).polygons)) {
            Some(union) => {
                let detail = format!("overlay {name}: {} polygon(s) after", union.0.len());
                findings.push(Finding::new(FindingKind::JoinedParts, &area.code, detail));
                first.surface = union;
            }
            None => {
                let detail = format!("overlay {name}: GEOS cannot put the rows together, first kept");
                findings.push(Finding::new(FindingKind::DuplicateOutline, &area.code, detail));
            }
        }
    }
    kept
}
