//! `FlatGeobuf` 3, sorted along a Hilbert curve and with its packed index.
//!
//! Coordinates are longitude, then latitude, as in every file of this format; the reference system is named EPSG:4326,
//! which readers of this format know best.

use std::io::Write;

use desserte_territory::geometry::MultiPolygon;
use flatgeobuf::geozero::error::Result as Processed;
use flatgeobuf::geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor as _};
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use serde_json::{Map, Value};

use super::attributes::POPULATION;
use super::export::{Export, rings};

/// WGS 84 in the list of EPSG.
const WGS_84: i32 = 4326;

pub(super) fn write(export: &Export<'_>, file: &mut impl Write) -> anyhow::Result<()> {
    let about: Map<String, Value> =
        export.about().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let about = Value::Object(about).to_string();
    let options = FgbWriterOptions {
        crs: FgbCrs { org: Some("EPSG"), code: WGS_84, ..FgbCrs::default() },
        metadata: Some(&about),
        ..FgbWriterOptions::default()
    };
    let mut writer = FgbWriter::create_with_options("communes", GeometryType::MultiPolygon, options)?;
    for name in export.attributes.texts() {
        writer.add_column(name, ColumnType::String, |_, _| {});
    }
    writer.add_column(POPULATION, ColumnType::UInt, |_, _| {});
    for (row, commune) in export.territory.communes().enumerate() {
        let texts = export.attributes.of_commune(commune);
        let mut filled = Ok(());
        writer.add_feature_geom(Outline(export.outline(row)?), |feature| {
            filled = (|| {
                for (at, text) in texts.iter().enumerate() {
                    // What is not written of a feature is null.
                    if let Some(text) = text {
                        feature.property(at, "", &ColumnValue::String(text))?;
                    }
                }
                if let Some(count) = commune.population {
                    feature.property(texts.len(), "", &ColumnValue::UInt(count))?;
                }
                Ok::<(), flatgeobuf::geozero::error::GeozeroError>(())
            })();
        })?;
        filled?;
    }
    writer.write(file)?;
    Ok(())
}

/// Polygons as the writer wants to be told them.
struct Outline(MultiPolygon<f64>);

impl GeozeroGeometry for Outline {
    fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> Processed<()> {
        let Self(outline) = self;
        processor.multipolygon_begin(outline.0.len(), 0)?;
        for (number, part) in outline.iter().enumerate() {
            processor.polygon_begin(false, 1 + part.interiors().len(), number)?;
            for (number, ring) in rings(part).enumerate() {
                processor.linestring_begin(false, ring.0.len(), number)?;
                for (number, position) in ring.0.iter().enumerate() {
                    processor.xy(position.x, position.y, number)?;
                }
                processor.linestring_end(false, number)?;
            }
            processor.polygon_end(false, number)?;
        }
        processor.multipolygon_end(0)
    }
}
