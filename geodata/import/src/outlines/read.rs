//! Reads all rows of a layer of communes.

use std::path::Path;

use desserte_model::CommuneCode;
use gdal::vector::{Feature, LayerAccess};
use geo::MultiPolygon;
use indicatif::ProgressBar;

use super::crs::ToWgs84;
use super::fields::{CODE, Fields, text};
use super::surface::surface_of;
use super::{OutlinesError, RawOutline, messages, open};
use crate::tables::{CodeReading, parent_of_arrondissement, read_code, read_count, read_departement, siren};
use crate::{Finding, FindingKind};

/// What a layer held.
#[derive(Debug, Default)]
pub(crate) struct LayerRead {
    pub(crate) rows: usize,
    pub(crate) outlines: Vec<RawOutline>,
    /// Rows that lie inside another commune, with the code of that commune.
    pub(crate) arrondissements: Vec<(RawOutline, CommuneCode)>,
}

/// Reads a file of outlines.
pub(crate) fn read_outlines(
    path: &Path,
    layer: Option<&str>,
    crs: Option<&str>,
    progress: &ProgressBar,
    findings: &mut Vec<Finding>,
) -> Result<LayerRead, OutlinesError> {
    messages::collect();
    let dataset = open::open(path)?;
    let position = open::layer(&dataset, path, layer)?;
    let failed = |error: gdal::errors::GdalError| OutlinesError::Open {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut layer = dataset.layer(position).map_err(failed)?;
    let fields = Fields::of(layer.defn()).map_err(|fields| OutlinesError::NoField {
        path: path.to_owned(),
        known: CODE,
        fields,
    })?;
    let to_wgs84 = ToWgs84::of(&layer, path, crs)?;
    let announced = layer.feature_count();
    progress.set_length(announced);
    let broken = |rows, reason| OutlinesError::Broken { path: path.to_owned(), rows, announced, reason };
    let mut read = LayerRead::default();
    for feature in layer.features() {
        // Reading a row is where a damaged file shows; what GEOS says later of its rings is no failure of the file.
        if let Some(reason) = messages::failure() {
            return Err(broken(read.rows, reason));
        }
        progress.inc(1);
        read.rows += 1;
        read.row(&feature, &fields, &to_wgs84, path, findings)?;
        drop(messages::take());
    }
    // GDAL ends a layer that breaks off like one that is complete.
    match messages::failure() {
        Some(reason) => Err(broken(read.rows, reason)),
        None if (read.rows as u64) < announced => {
            Err(broken(read.rows, "the file ends too early".to_owned()))
        }
        None => Ok(read),
    }
}

impl LayerRead {
    fn row(
        &mut self,
        feature: &Feature<'_>,
        fields: &Fields,
        to_wgs84: &ToWgs84,
        path: &Path,
        findings: &mut Vec<Finding>,
    ) -> Result<(), OutlinesError> {
        let written = text(feature, Some(fields.code)).unwrap_or_default();
        let reading = read_code(&written);
        let Some(code) = reading.code() else {
            let row = feature.fid().map_or_else(|| self.rows.to_string(), |fid| fid.to_string());
            findings.push(Finding::new(FindingKind::UnreadableCode, written, format!("outlines, row {row}")));
            return Ok(());
        };
        if matches!(reading, CodeReading::Restored(_)) {
            findings.push(Finding::new(
                FindingKind::RestoredCode,
                code,
                format!("outlines, from {written:?}"),
            ));
        }
        // Etalab's own field says so; without it the code alone does.
        let stated = text(feature, fields.parent).and_then(|parent| read_code(&parent).code());
        let Some(surface) = surface(feature, &code, to_wgs84, path, findings)? else { return Ok(()) };
        let region = |region: &String| region.len() == 2 && region.bytes().all(|b| b.is_ascii_digit());
        let outline = RawOutline {
            code,
            name: text(feature, fields.name),
            departement: text(feature, fields.departement).and_then(|text| read_departement(&text)),
            region: text(feature, fields.region).map(|text| format!("{text:0>2}")).filter(region),
            epci: text(feature, fields.epci).and_then(|text| siren(&text)),
            population: text(feature, fields.population).and_then(|text| read_count(&text).ok().flatten()),
            surface,
        };
        match stated.or_else(|| parent_of_arrondissement(code)).filter(|parent| *parent != code) {
            Some(parent) => self.arrondissements.push((outline, parent)),
            None => self.outlines.push(outline),
        }
        Ok(())
    }
}

/// The surface of a row in WGS 84; `None`, with a finding, if it has none.
pub(super) fn surface(
    feature: &Feature<'_>,
    code: &dyn std::fmt::Display,
    to_wgs84: &ToWgs84,
    path: &Path,
    findings: &mut Vec<Finding>,
) -> Result<Option<MultiPolygon<f64>>, OutlinesError> {
    let Some(geometry) = feature.geometry() else {
        findings.push(Finding::new(FindingKind::EmptyOutline, code, "no geometry"));
        return Ok(None);
    };
    let surface = surface_of(geometry);
    if surface.closed_rings > 0 {
        findings.push(Finding::new(
            FindingKind::ClosedRing,
            code,
            format!("{} ring(s)", surface.closed_rings),
        ));
    }
    if surface.dropped_rings > 0 {
        findings.push(Finding::new(
            FindingKind::DroppedPart,
            code,
            format!("{} ring(s)", surface.dropped_rings),
        ));
    }
    if let Some(reason) = surface.repaired {
        findings.push(Finding::new(FindingKind::RepairedOutline, code, reason));
    }
    if surface.polygons.is_empty() {
        findings.push(Finding::new(FindingKind::EmptyOutline, code, geometry.geometry_name()));
        return Ok(None);
    }
    let degrees = to_wgs84.polygons(MultiPolygon(surface.polygons))?;
    let off_globe =
        |c: &&geo::Coord<f64>| !((-180.0..=180.0).contains(&c.x) && (-90.0..=90.0).contains(&c.y));
    let stray = degrees.iter().flat_map(|part| part.exterior().0.iter()).find(off_globe).copied();
    match stray {
        None => Ok(Some(degrees)),
        Some(c) if c.x.is_finite() && c.y.is_finite() => {
            Err(OutlinesError::NotDegrees { path: path.to_owned(), code: code.to_string(), x: c.x, y: c.y })
        }
        Some(_) => {
            findings.push(Finding::new(FindingKind::EmptyOutline, code, "a coordinate is not a number"));
            Ok(None)
        }
    }
}
