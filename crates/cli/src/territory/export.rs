//! `desserte territory export`: the communes with all that is known of them, for other programs.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_territory::geometry::{LineString, MultiPolygon, Polygon};
use desserte_territory::{Exportable, Territory};
use serde_json::{Value, json};

use super::attributes::Attributes;
use super::{flatgeobuf, geojson, geoparquet, told};
use crate::arguments::{ExportArguments, ExportFormat};
use crate::out::{Failure, Outcome, note, part_of};

/// Metres in a degree of latitude, at least: a tolerance in metres becomes one in degrees that is never wider.
const METRES_IN_A_DEGREE: f64 = 111_700.0;

/// What is exported.
pub(super) struct Export<'a> {
    pub(super) territory: &'a Territory,
    pub(super) attributes: Attributes<'a>,
    exportable: Exportable<'a>,
    /// How wrong outlines may be, in degrees; zero is exact.
    degrees: f64,
}

impl<'a> Export<'a> {
    /// The outline of a commune, by its row.
    pub(super) fn outline(&self, row: usize) -> anyhow::Result<MultiPolygon<f64>> {
        let code = self.territory.code_at(row).ok_or_else(|| anyhow!("no commune {row}"))?;
        let outline = if self.degrees > 0.0 {
            self.territory.drawn_outline(code, self.degrees)
        } else {
            self.territory.outline(code).map(|outline| outline.as_multi_polygon().clone())
        };
        outline.ok_or_else(|| anyhow!("{code} has no outline"))
    }

    /// What the file must say of the whole: vintage, whether it is made up, and whom to credit.
    pub(super) fn about(&self) -> Vec<(&'static str, Value)> {
        let sources: Vec<String> = self.exportable.sources.iter().map(|source| told(source)).collect();
        vec![
            ("vintage", json!(self.territory.vintage().as_year())),
            ("synthetic", json!(self.territory.is_synthetic())),
            ("fingerprint", json!(self.territory.fingerprint())),
            ("sources", json!(sources)),
        ]
    }
}

/// The rings of a polygon, the outer one first.
pub(super) fn rings(part: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(part.exterior()).chain(part.interiors())
}

pub(crate) fn run(arguments: &ExportArguments) -> Outcome {
    let out = &arguments.out;
    let format = match arguments.format {
        Some(format) => format,
        None => named(out).ok_or_else(|| {
            let advice = "name the file .geojson, .parquet or .fgb, or give --format";
            Failure::usage(anyhow!("{}: {advice}", out.display()))
        })?,
    };
    let territory = Territory::open(&arguments.file)?;
    let degrees = arguments.tolerance / METRES_IN_A_DEGREE;
    let exportable = territory.exportable()?;
    let attributes = Attributes::of(&territory, &exportable);
    let export = Export { territory: &territory, attributes, exportable, degrees };
    let part = part_of(out)?;
    let written = write(&export, format, &part).and_then(|()| Ok(std::fs::rename(&part, out)?));
    if written.is_err() {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", out.display()))?;
    note(&format!("{} communes, COG {}", territory.communes().len(), territory.vintage()));
    withheld(&export.exportable);
    Ok(())
}

/// Says which sources were left out.
pub(super) fn withheld(exportable: &Exportable<'_>) {
    for source in &exportable.withheld {
        let left_out = "non exporté, sa licence l'interdit / left out, its licence forbids it";
        note(&format!("{left_out}: {}", told(source)));
    }
}

/// The format that a file's name tells.
fn named(out: &Path) -> Option<ExportFormat> {
    match out.extension()?.to_str()? {
        "geojson" | "json" => Some(ExportFormat::GeoJson),
        "parquet" | "geoparquet" => Some(ExportFormat::GeoParquet),
        "fgb" => Some(ExportFormat::FlatGeobuf),
        _ => None,
    }
}

fn write(export: &Export<'_>, format: ExportFormat, path: &Path) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    match format {
        ExportFormat::GeoJson => geojson::write(export, &mut file)?,
        ExportFormat::GeoParquet => geoparquet::write(export, &mut file)?,
        ExportFormat::FlatGeobuf => flatgeobuf::write(export, &mut file)?,
    }
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(())
}
