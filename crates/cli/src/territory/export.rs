//! `desserte territory export`: communes with all that is known of them, or the areas of an overlay, for other programs.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_territory::{Exportable, Territory};

use super::areas::Areas;
use super::communes::Communes;
use super::features::Features;
use super::{flatgeobuf, geojson, geoparquet, told};
use crate::arguments::{ExportArguments, ExportFormat};
use crate::out::{Failure, Outcome, note, part_of};

/// Metres in a degree of latitude, at least: a tolerance in metres becomes one in degrees that is never wider.
const METRES_IN_A_DEGREE: f64 = 111_700.0;

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
    let exportable = territory.exportable()?;
    let features: Box<dyn Features> = match &arguments.overlay {
        Some(name) => Box::new(Areas::of(&territory, &exportable, name)?),
        None => {
            let degrees = arguments.tolerance / METRES_IN_A_DEGREE;
            Box::new(Communes::of(&territory, &exportable, degrees)?)
        }
    };
    let part = part_of(out)?;
    let written = write(features.as_ref(), format, &part).and_then(|()| Ok(std::fs::rename(&part, out)?));
    if written.is_err() {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", out.display()))?;
    note(&format!("{} {}, COG {}", features.len(), features.name(), territory.vintage()));
    if arguments.overlay.is_none() {
        for name in &exportable.overlays {
            note(&format!("couche à exporter à part / overlay to be exported by itself: --overlay {name}"));
        }
        withheld(&exportable);
    }
    Ok(())
}

/// Says which sources were left out.
fn withheld(exportable: &Exportable<'_>) {
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

fn write(features: &dyn Features, format: ExportFormat, path: &Path) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    match format {
        ExportFormat::GeoJson => geojson::write(features, &mut file)?,
        ExportFormat::GeoParquet => geoparquet::write(features, &mut file)?,
        ExportFormat::FlatGeobuf => flatgeobuf::write(features, &mut file)?,
    }
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(())
}
