//! `GeoParquet` 1.1.0: outlines as WKB, with a box for each row that readers can pass rows over by.
//!
//! No `crs` is written, which in this format means OGC:CRS84: WGS 84, longitude before latitude.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use desserte_territory::Commune;
use desserte_territory::geometry::MultiPolygon;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::json;

use super::attributes::POPULATION;
use super::export::{Export, rings};

/// Communes of a row group: neighbours mostly, in the order of codes, so that whole groups can be passed over.
const GROUP: usize = 2_048;

/// WKB: octets are little-endian; a polygon; a multipolygon (OGC 06-103r4, 8.2.3).
const LITTLE_ENDIAN: u8 = 1;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;

pub(super) fn write(export: &Export<'_>, file: &mut (impl Write + Send)) -> anyhow::Result<()> {
    let schema = schema(export);
    let mut said = vec![KeyValue::new("geo".to_owned(), geo(export)?)];
    for (name, value) in export.about() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        said.push(KeyValue::new(format!("desserte:{name}"), text));
    }
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("desserte ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_max_row_group_row_count(Some(GROUP))
        .set_key_value_metadata(Some(said))
        .build();
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
    let communes: Vec<&Commune> = export.territory.communes().collect();
    for (number, group) in communes.chunks(GROUP).enumerate() {
        writer.write(&batch(export, &schema, group, number * GROUP)?)?;
    }
    writer.finish()?;
    Ok(())
}

fn sides() -> Fields {
    ["xmin", "ymin", "xmax", "ymax"].map(|name| Field::new(name, DataType::Float64, false)).to_vec().into()
}

fn schema(export: &Export<'_>) -> SchemaRef {
    let mut fields: Vec<Field> =
        export.attributes.texts().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    fields.push(Field::new(POPULATION, DataType::UInt32, true));
    fields.push(Field::new("bbox", DataType::Struct(sides()), false));
    fields.push(Field::new("geometry", DataType::Binary, false));
    Arc::new(Schema::new(fields))
}

/// The metadata that makes a Parquet file a `GeoParquet` file.
fn geo(export: &Export<'_>) -> anyhow::Result<String> {
    let mut whole = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for row in 0..export.territory.communes().len() {
        grow(&mut whole, &export.outline(row)?);
    }
    Ok(json!({
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": { "geometry": {
            "encoding": "WKB",
            "geometry_types": ["MultiPolygon"],
            "bbox": whole,
            "covering": { "bbox": {
                "xmin": ["bbox", "xmin"], "ymin": ["bbox", "ymin"],
                "xmax": ["bbox", "xmax"], "ymax": ["bbox", "ymax"],
            } },
        } },
    })
    .to_string())
}

fn batch(
    export: &Export<'_>,
    schema: &SchemaRef,
    communes: &[&Commune],
    first_row: usize,
) -> anyhow::Result<RecordBatch> {
    let texts: Vec<Vec<Option<&str>>> =
        communes.iter().map(|commune| export.attributes.of_commune(commune)).collect();
    let mut columns: Vec<ArrayRef> = (0..export.attributes.texts().count())
        .map(|at| Arc::new(texts.iter().map(|row| row[at]).collect::<StringArray>()) as ArrayRef)
        .collect();
    columns.push(Arc::new(communes.iter().map(|commune| commune.population).collect::<UInt32Array>()));
    let mut boxes: [Vec<f64>; 4] = Default::default();
    let mut outlines = Vec::with_capacity(communes.len());
    for row in first_row..first_row + communes.len() {
        let outline = export.outline(row)?;
        let mut own = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        grow(&mut own, &outline);
        boxes.iter_mut().zip(own).for_each(|(side, value)| side.push(value));
        outlines.push(wkb(&outline));
    }
    let boxes = boxes.map(|side| Arc::new(Float64Array::from(side)) as ArrayRef).to_vec();
    columns.push(Arc::new(StructArray::new(sides(), boxes, None)));
    columns.push(Arc::new(BinaryArray::from_iter_values(outlines)));
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

/// Widens a box of west, south, east, north to hold an outline.
fn grow(around: &mut [f64; 4], outline: &MultiPolygon<f64>) {
    for c in outline.iter().flat_map(|part| &part.exterior().0) {
        *around = [around[0].min(c.x), around[1].min(c.y), around[2].max(c.x), around[3].max(c.y)];
    }
}

fn wkb(outline: &MultiPolygon<f64>) -> Vec<u8> {
    let mut octets = Vec::new();
    let head = |octets: &mut Vec<u8>, kind: u32, count: usize| {
        octets.push(LITTLE_ENDIAN);
        octets.extend(kind.to_le_bytes());
        octets.extend(length(count));
    };
    head(&mut octets, MULTI_POLYGON, outline.0.len());
    for part in outline {
        head(&mut octets, POLYGON, 1 + part.interiors().len());
        for ring in rings(part) {
            octets.extend(length(ring.0.len()));
            octets.extend(ring.0.iter().flat_map(|c| [c.x.to_le_bytes(), c.y.to_le_bytes()]).flatten());
        }
    }
    octets
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("a territory file counts with 32 bits").to_le_bytes()
}
