//! GeoJSON (RFC 7946): longitude before latitude, WGS 84.

use std::io::Write;

use desserte_territory::geometry::{LineString, MultiPolygon};
use serde_json::{Map, Value, json};

use super::attributes::POPULATION;
use super::export::{Export, rings};

/// Writes one feature after the other, so that memory does not grow with the file.
pub(super) fn write(export: &Export<'_>, file: &mut impl Write) -> anyhow::Result<()> {
    write!(file, "{{\"type\":\"FeatureCollection\",")?;
    for (name, value) in export.about() {
        write!(file, "\"{name}\":{value},")?;
    }
    write!(file, "\"features\":[")?;
    for (row, commune) in export.territory.communes().enumerate() {
        let texts = export.attributes.texts().zip(export.attributes.of_commune(commune));
        let mut properties: Map<String, Value> =
            texts.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        properties.insert(POPULATION.to_owned(), json!(commune.population));
        let feature = json!({
            "type": "Feature",
            "properties": properties,
            "geometry": { "type": "MultiPolygon", "coordinates": positions(&export.outline(row)?) },
        });
        file.write_all(if row == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *file, &feature)?;
    }
    file.write_all(b"\n]}\n")?;
    Ok(())
}

type Ring = Vec<[f64; 2]>;

fn positions(outline: &MultiPolygon<f64>) -> Vec<Vec<Ring>> {
    let ring = |ring: &LineString<f64>| ring.0.iter().map(|c| [c.x, c.y]).collect::<Ring>();
    outline.iter().map(|part| rings(part).map(ring).collect()).collect()
}
