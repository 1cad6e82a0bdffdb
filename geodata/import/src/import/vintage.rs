//! Which year's list of communes the codes belong to.

use std::path::{Path, PathBuf};

use super::ImportError;
use crate::{ImportPlan, Manifest};

/// Years that the list of communes can be of: INSEE publishes it as files since 1999.
const YEARS: std::ops::RangeInclusive<u16> = 1999..=2100;

/// The year and how it became known: by hand, by checksum, by the name of a file.
pub(super) fn of(plan: &ImportPlan, known: &[(PathBuf, Manifest)]) -> Result<(u16, String), ImportError> {
    if let Some(year) = plan.vintage {
        return Ok((year, format!("COG {year} (--vintage)")));
    }
    let mut found: Option<(u16, String)> = None;
    for path in plan.communes.iter().chain(&plan.cog) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let manifest =
            known.iter().find(|(file, _)| file == path).and_then(|(_, manifest)| manifest.cog_vintage);
        let Some(year) = manifest.or_else(|| year_in(path)) else { continue };
        match &found {
            Some((first_year, first)) if *first_year != year => {
                return Err(ImportError::VintageConflict {
                    first: first.clone(),
                    first_year: *first_year,
                    second: name,
                    second_year: year,
                });
            }
            Some(_) => {}
            None => found = Some((year, name)),
        }
    }
    let (year, name) = found.ok_or(ImportError::NoVintage)?;
    Ok((year, format!("COG {year} ({name})")))
}

/// The year in a file's name, or in the folders above it where publishers put it: Etalab in a folder named as the
/// year, IGN after `ED`. Other folders may hold any number and are not believed.
fn year_in(path: &Path) -> Option<u16> {
    let mut names = path.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
    only_year(&names.next()?).or_else(|| {
        names.take(4).find_map(|folder| match folder.find("ED20") {
            Some(at) => only_year(folder.get(at + 2..at + 6)?),
            None if folder.len() == 4 => only_year(&folder),
            None => None,
        })
    })
}

/// The only number of four digits that can be a year; none if there are two different ones.
fn only_year(name: &str) -> Option<u16> {
    let mut years = name
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .filter(|year| YEARS.contains(year));
    let first = years.next()?;
    years.all(|year| year == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_is_read_where_publishers_write_it_and_nowhere_else() {
        let cases = [
            ("communes-2026-derived.geojson.gz", Some(2026)),
            ("/data/v_commune_2025.csv", Some(2025)),
            ("contours-administratifs/2025/geojson/communes-5m.geojson.gz", Some(2025)),
            ("ADE-COG_3-2_SHP_LAMB93_FXX-ED2024-02-22/COMMUNE.shp", Some(2024)),
            ("/tmp/tests-2019-a/communes.geojson", None),
            ("communes-2018-2026.geojson", None),
            ("communes.geojson", None),
        ];
        for (path, expected) in cases {
            assert_eq!(year_in(Path::new(path)), expected, "{path}");
        }
    }
}
