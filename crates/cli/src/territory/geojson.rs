//! GeoJSON (RFC 7946): longitude before latitude, WGS 84.

use std::io::Write;

use desserte_territory::geometry::{LineString, MultiPolygon};
use serde_json::{Map, Value, json};

use super::features::{Cell, Features, rings};

/// Writes one feature after the other, so that memory does not grow with the file.
pub(crate) fn write(features: &dyn Features, file: &mut impl Write) -> anyhow::Result<()> {
    write!(file, "{{\"type\":\"FeatureCollection\",")?;
    for (name, value) in features.about() {
        write!(file, "\"{name}\":{value},")?;
    }
    write!(file, "\"features\":[")?;
    for row in 0..features.len() {
        let cells = features.columns().iter().zip(features.cells(row));
        let properties: Map<String, Value> =
            cells.map(|(column, cell)| (column.name.clone(), cell.map_or(Value::Null, value))).collect();
        let feature = json!({
            "type": "Feature",
            "properties": properties,
            "geometry": { "type": "MultiPolygon", "coordinates": positions(&features.outline(row)?) },
        });
        file.write_all(if row == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *file, &feature)?;
    }
    file.write_all(b"\n]}\n")?;
    Ok(())
}

fn value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Text(text) => json!(text),
        Cell::Count(count) => json!(count),
        Cell::Number(number) => json!(number),
    }
}

type Ring = Vec<[f64; 2]>;

fn positions(outline: &MultiPolygon<f64>) -> Vec<Vec<Ring>> {
    let ring = |ring: &LineString<f64>| ring.0.iter().map(|c| [c.x, c.y]).collect::<Ring>();
    outline.iter().map(|part| rings(part).map(ring).collect()).collect()
}
