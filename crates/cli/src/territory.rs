//! `desserte territory`: what a territory file holds, whether it is sound, and its communes for other programs.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_territory::{Commune, Exportable, Location, Source, Territory};
use serde_json::{Map, Value, json};

use crate::arguments::{ExportArguments, TerritoryArguments};
use crate::out::{Failure, Outcome, line, note};

/// Metres in a degree of latitude, at least: a tolerance in metres becomes one in degrees that is never wider.
const METRES_IN_A_DEGREE: f64 = 111_700.0;

pub(crate) fn info(arguments: &TerritoryArguments) -> Outcome {
    let territory = Territory::open(&arguments.file)?;
    let population = territory.population();
    if territory.is_synthetic() {
        line("TERRITOIRE FICTIF : données inventées / MADE-UP TERRITORY: invented data")?;
    }
    line(&format!(
        "communes {} (COG {}) ; départements {} ; régions {} ; EPCI {} ; arrondissements {}",
        population.communes,
        territory.vintage(),
        territory.departements().len(),
        territory.regions().len(),
        territory.epcis().len(),
        territory.arrondissements().len(),
    ))?;
    let inhabitants = population.inhabitants.map_or("?".to_owned(), |count| count.to_string());
    line(&format!(
        "population {inhabitants} ; communes sans chiffre {}",
        population.communes_without_figure
    ))?;
    let zonings: Vec<&str> = territory.zonings().collect();
    line(&format!("zonages {} ; successions {}", zonings.join(", "), territory.successions().len()))?;
    line(&format!("empreinte / fingerprint {}", territory.fingerprint()))?;
    for source in territory.sources() {
        line(&format!("source {}", told(source)))?;
    }
    for (name, octets) in territory.section_sizes() {
        line(&format!("section {name:<9} {octets:>11}"))?;
    }
    Ok(())
}

fn told(source: &Source) -> String {
    let parts = [
        Some(source.role.as_str()),
        Some(source.title.as_str()),
        source.publisher.as_deref(),
        source.vintage.as_deref(),
        Some(source.licence.as_deref().unwrap_or("licence inconnue")),
        source.sha256.as_deref(),
        (!source.may_be_exported()).then_some("ne pas rediffuser / not to be passed on"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ; ")
}

pub(crate) fn check(arguments: &TerritoryArguments) -> Outcome {
    // Opening compares every octet with its checksum and looks at the structure of all sections.
    let territory = Territory::open(&arguments.file)?;
    let file = arguments.file.display();
    territory.check_fingerprint().with_context(|| format!("territory file {file}"))?;
    let mut elsewhere = 0;
    for commune in territory.communes() {
        let outline =
            territory.outline(commune.code).ok_or_else(|| anyhow!("{} has no outline", commune.code))?;
        let Some(point) = outline.point_inside() else { continue };
        match territory.locate(point) {
            Location::Inside(found) if found.code == commune.code => {}
            Location::Inside(_) => elsewhere += 1,
            Location::Outside => {
                let error = anyhow!("{file}: a point inside {} is found in no commune", commune.code);
                return Err(Failure::no(error));
            }
        }
    }
    line(&format!(
        "{file}: {} communes, every checksum right, fingerprint {}",
        territory.communes().len(),
        territory.fingerprint()
    ))?;
    if elsewhere > 0 {
        note(&format!(
            "{elsewhere} communes lie under another one with a lower code, which answers for them"
        ));
    }
    Ok(())
}

pub(crate) fn export(arguments: &ExportArguments) -> Outcome {
    let out = &arguments.out;
    if !out.extension().is_some_and(|ending| ending == "geojson" || ending == "json") {
        let error = anyhow!("{}: this release exports GeoJSON; name the file .geojson", out.display());
        return Err(Failure::usage(error));
    }
    let territory = Territory::open(&arguments.file)?;
    let exportable = territory.exportable()?;
    let mut name =
        out.file_name().ok_or_else(|| Failure::usage(anyhow!("--out has no file name")))?.to_owned();
    name.push(".part");
    let part = out.with_file_name(name);
    let degrees = arguments.tolerance / METRES_IN_A_DEGREE;
    let written =
        write_geojson(&territory, &exportable, &part, degrees).and_then(|()| std::fs::rename(&part, out));
    if written.is_err() {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", out.display()))?;
    note(&format!("{} communes, COG {}", territory.communes().len(), territory.vintage()));
    for source in &exportable.withheld {
        note(&format!(
            "non exporté, sa licence l'interdit / left out, its licence forbids it: {}",
            told(source)
        ));
    }
    Ok(())
}

/// Writes one feature after the other, so that memory does not grow with the file.
fn write_geojson(
    territory: &Territory,
    exportable: &Exportable<'_>,
    path: &Path,
    degrees: f64,
) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let sources: Vec<String> = exportable.sources.iter().map(|source| told(source)).collect();
    write!(
        file,
        "{{\"type\":\"FeatureCollection\",\"vintage\":{},\"synthetic\":{},\"sources\":{},\"features\":[",
        territory.vintage(),
        territory.is_synthetic(),
        json!(sources)
    )?;
    for (number, commune) in territory.communes().enumerate() {
        let rings = territory.drawn_outline(commune.code, degrees).map(|outline| positions(&outline));
        let feature = json!({
            "type": "Feature",
            "properties": properties(territory, exportable, commune),
            "geometry": { "type": "MultiPolygon", "coordinates": rings },
        });
        file.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut file, &feature)?;
    }
    file.write_all(b"\n]}\n")?;
    file.flush()?;
    file.get_ref().sync_all()
}

type Ring = Vec<[f64; 2]>;

fn positions(outline: &desserte_territory::geometry::MultiPolygon<f64>) -> Vec<Vec<Ring>> {
    let ring = |ring: &desserte_territory::geometry::LineString<f64>| {
        ring.0.iter().map(|c| [c.x, c.y]).collect::<Ring>()
    };
    outline
        .iter()
        .map(|part| std::iter::once(part.exterior()).chain(part.interiors()).map(ring).collect())
        .collect()
}

/// What is known of a commune; what is not known is absent, never zero.
fn properties(territory: &Territory, exportable: &Exportable<'_>, commune: &Commune) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        properties.extend(value.map(|value| (name.to_owned(), value)));
    };
    add("code", Some(json!(commune.code.as_str())));
    add("nom", Some(json!(commune.name)));
    add("departement", Some(json!(commune.departement)));
    add("region", commune.region.as_ref().map(|code| json!(code)));
    add("arrondissement", commune.arrondissement.as_ref().map(|code| json!(code)));
    add("epci", commune.epci.as_ref().map(|code| json!(code)));
    add("population", commune.population.map(|count| json!(count)));
    for zoning in &exportable.zonings {
        add(zoning, territory.zone(zoning, commune.code).map(|value| json!(value)));
    }
    properties
}
