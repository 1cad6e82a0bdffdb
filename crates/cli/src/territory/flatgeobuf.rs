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

use super::features::{Cell, Features, Kind, rings};

/// WGS 84 in the list of EPSG.
const WGS_84: i32 = 4326;

pub(super) fn write(features: &dyn Features, file: &mut impl Write) -> anyhow::Result<()> {
    let about: Map<String, Value> =
        features.about().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let about = Value::Object(about).to_string();
    let options = FgbWriterOptions {
        crs: FgbCrs { org: Some("EPSG"), code: WGS_84, ..FgbCrs::default() },
        metadata: Some(&about),
        ..FgbWriterOptions::default()
    };
    let mut writer = FgbWriter::create_with_options(features.name(), GeometryType::MultiPolygon, options)?;
    for column in features.columns() {
        let kind = match column.kind {
            Kind::Text => ColumnType::String,
            Kind::Count => ColumnType::UInt,
            Kind::Number => ColumnType::Double,
        };
        writer.add_column(&column.name, kind, |_, _| {});
    }
    for row in 0..features.len() {
        let cells = features.cells(row);
        let mut filled = Ok(());
        writer.add_feature_geom(Outline(features.outline(row)?), |feature| {
            // What is not written of a feature is null.
            let mut known = cells.iter().enumerate().filter_map(|(at, cell)| Some((at, (*cell)?)));
            filled = known.try_for_each(|(at, cell)| {
                let value = match cell {
                    Cell::Text(text) => ColumnValue::String(text),
                    Cell::Count(count) => ColumnValue::UInt(count),
                    Cell::Number(number) => ColumnValue::Double(number),
                };
                feature.property(at, "", &value).map(|_| ())
            });
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
