//! `GeoParquet` 1.1.0: outlines as WKB, with a box for each row that readers can pass rows over by.
//!
//! No `crs` is written, which in this format means OGC:CRS84: WGS 84, longitude before latitude.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use desserte_territory::geometry::MultiPolygon;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::json;

use super::features::{Cell, Column, Features, Kind, rings};

/// Rows of a row group: neighbours mostly, in the order of codes, so that whole groups can be passed over.
const GROUP: usize = 2_048;

/// WKB: octets are little-endian; a polygon; a multipolygon (OGC 06-103r4, 8.2.3).
const LITTLE_ENDIAN: u8 = 1;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;

pub(crate) fn write(features: &dyn Features, file: &mut (impl Write + Send)) -> anyhow::Result<()> {
    let said = vec![KeyValue::new("geo".to_owned(), geo(features)?)];
    rows(features, file, said, true)
}

/// Writes rows without outlines: plain Parquet.
pub(crate) fn plain(features: &dyn Features, file: &mut (impl Write + Send)) -> anyhow::Result<()> {
    rows(features, file, Vec::new(), false)
}

fn rows(
    features: &dyn Features,
    file: &mut (impl Write + Send),
    mut said: Vec<KeyValue>,
    outlined: bool,
) -> anyhow::Result<()> {
    let schema = schema(features, outlined);
    for (name, value) in features.about() {
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
    for first in (0..features.len()).step_by(GROUP) {
        let rows = first..features.len().min(first + GROUP);
        writer.write(&batch(features, &schema, rows, outlined)?)?;
    }
    writer.finish()?;
    Ok(())
}

fn sides() -> Fields {
    ["xmin", "ymin", "xmax", "ymax"].map(|name| Field::new(name, DataType::Float64, false)).to_vec().into()
}

fn schema(features: &dyn Features, outlined: bool) -> SchemaRef {
    let field = |column: &Column| {
        let kind = match column.kind {
            Kind::Text => DataType::Utf8,
            Kind::Count => DataType::UInt32,
            Kind::Number => DataType::Float64,
        };
        Field::new(&column.name, kind, true)
    };
    let mut fields: Vec<Field> = features.columns().iter().map(field).collect();
    if outlined {
        fields.push(Field::new("bbox", DataType::Struct(sides()), false));
        fields.push(Field::new("geometry", DataType::Binary, false));
    }
    Arc::new(Schema::new(fields))
}

/// The metadata that makes a Parquet file a `GeoParquet` file.
fn geo(features: &dyn Features) -> anyhow::Result<String> {
    let mut whole = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for row in 0..features.len() {
        grow(&mut whole, &features.outline(row)?);
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
    features: &dyn Features,
    schema: &SchemaRef,
    rows: Range<usize>,
    outlined: bool,
) -> anyhow::Result<RecordBatch> {
    let cells: Vec<Vec<Option<Cell<'_>>>> = rows.clone().map(|row| features.cells(row)).collect();
    let known = features.columns().iter().enumerate();
    let mut columns: Vec<ArrayRef> =
        known.map(|(at, column)| array(column.kind, cells.iter().map(|row| row[at]))).collect();
    if !outlined {
        return Ok(RecordBatch::try_new(schema.clone(), columns)?);
    }
    let mut boxes: [Vec<f64>; 4] = Default::default();
    let mut outlines = Vec::with_capacity(rows.len());
    for row in rows {
        let outline = features.outline(row)?;
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

/// The cells of a column; one of another kind would be none.
fn array<'a>(kind: Kind, cells: impl Iterator<Item = Option<Cell<'a>>>) -> ArrayRef {
    match kind {
        Kind::Text => Arc::new(
            cells
                .map(|cell| if let Some(Cell::Text(text)) = cell { Some(text) } else { None })
                .collect::<StringArray>(),
        ),
        Kind::Count => Arc::new(
            cells
                .map(|cell| if let Some(Cell::Count(count)) = cell { Some(count) } else { None })
                .collect::<UInt32Array>(),
        ),
        Kind::Number => Arc::new(
            cells
                .map(|cell| if let Some(Cell::Number(number)) = cell { Some(number) } else { None })
                .collect::<Float64Array>(),
        ),
    }
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
