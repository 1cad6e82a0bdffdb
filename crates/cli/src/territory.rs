//! `desserte territory`: what a territory file holds, whether it is sound, and its communes for other programs.

mod areas;
pub(crate) mod classes;
mod communes;
mod export;
mod features;
mod flatgeobuf;
mod geojson;
mod geoparquet;
mod info;
mod svg;
mod tiles;

use anyhow::{Context as _, anyhow};
use desserte_territory::{Location, Source, Territory};

use crate::arguments::TerritoryArguments;
use crate::out::{Failure, Outcome, line, note};

pub(crate) use classes::{ClassesArguments, run as classes};
pub(crate) use export::run as export;
pub(crate) use features::{Cell, Column, Features, Kind};
pub(crate) use info::run as info;
pub(crate) use svg::run as svg;
pub(crate) use tiles::run as tiles;
pub(crate) use {
    geojson::write as write_geojson, geoparquet::plain as write_parquet,
    geoparquet::write as write_geoparquet,
};

/// A source in a line: what it is, whose, of when, under which licence.
pub(crate) fn told(source: &Source) -> String {
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
