//! Finds the layer of communes in a file.

use std::path::{Path, PathBuf};

use gdal::vector::LayerAccess;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

/// Why outlines are of no use. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OutlinesError {
    /// GDAL cannot open the file.
    #[error("{} cannot be opened as a vector file: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What GDAL said.
        reason: String,
    },
    /// The file breaks off or is damaged.
    #[error(
        "{}: only {rows} of {announced} rows can be read ({reason}); the file is cut short or damaged, get it again",
        path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// Rows read until then.
        rows: usize,
        /// Rows that the file announces.
        announced: u64,
        /// What GDAL said.
        reason: String,
    },
    /// The file is an archive that has to be unpacked first.
    #[error("{}: {reason}; unpack it and give the file inside", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read as it is.
        reason: String,
    },
    /// Several layers, none of a known name.
    #[error("{} has the layers {}; say which holds the communes with --layer", path.display(), layers.join(", "))]
    NoLayer {
        /// The file.
        path: PathBuf,
        /// Its layers.
        layers: Vec<String>,
    },
    /// The layer has no field for commune codes.
    #[error(
        "{} has no field for the commune's code; known names are {}; its fields are {}",
        path.display(), known.join(", "), fields.join(", ")
    )]
    NoField {
        /// The file.
        path: PathBuf,
        /// Names that would be recognised.
        known: &'static [&'static str],
        /// Fields of the layer.
        fields: Vec<String>,
    },
    /// The file does not say which reference system it uses.
    #[error("{} states no coordinate reference system; give it, for example --crs EPSG:2154 (Lambert-93)", path.display())]
    NoCrs {
        /// The file.
        path: PathBuf,
    },
    /// The stated reference system is unknown or leads nowhere.
    #[error("the reference system {definition} cannot be turned into WGS 84: {reason}")]
    Crs {
        /// The system as given or read.
        definition: String,
        /// What PROJ said.
        reason: String,
    },
    /// Coordinates are not degrees although the file says so.
    #[error(
        "{}: {x}, {y} (commune {code}) is not a longitude and latitude; the file holds metres but says degrees; \
         give its real reference system, for example --crs EPSG:2154 (Lambert-93)",
        path.display()
    )]
    NotDegrees {
        /// The file.
        path: PathBuf,
        /// The commune.
        code: String,
        /// First coordinate.
        x: f64,
        /// Second coordinate.
        y: f64,
    },
    /// An area is none, after all repairs.
    #[error("{}: area {code} cannot be used: {reason}", path.display())]
    Area {
        /// The file.
        path: PathBuf,
        /// The area.
        code: String,
        /// Why.
        reason: String,
    },
    /// Most areas would lie outside France.
    #[error(
        "{}: {misplaced} of {areas} areas lie outside France ({example}); the reference system is wrong; give the \
         real one with --crs, for example EPSG:2154 (Lambert-93)",
        path.display()
    )]
    NotInFrance {
        /// The file.
        path: PathBuf,
        /// Areas outside.
        misplaced: usize,
        /// All areas.
        areas: usize,
        /// One of them, with its middle.
        example: String,
    },
    /// Most communes would lie in the wrong part of the world.
    #[error("{misplaced} of {checked} communes lie outside their département ({example}): {reason}")]
    WrongPlace {
        /// Communes outside.
        misplaced: usize,
        /// Communes whose département has a known place.
        checked: usize,
        /// One of them, with its coordinates.
        example: String,
        /// The likely cause and what to do.
        reason: &'static str,
    },
}

/// Names of the layer of communes, in small letters.
const LAYER_NAMES: [&str; 2] = ["commune", "communes"];

/// Endings of the vector files that are looked for inside a zip archive.
const VECTOR_ENDINGS: [&str; 6] = ["shp", "gpkg", "geojson", "json", "fgb", "gml"];

/// Opens a file, packed by gzip or zip or not.
pub(super) fn open(path: &Path) -> Result<Dataset, OutlinesError> {
    open_as(path, None)
}

/// Opens a file whose texts are in this encoding, whatever it says (shapefiles).
pub(super) fn open_as(path: &Path, encoding: Option<&str>) -> Result<Dataset, OutlinesError> {
    let encoding = encoding.map(|encoding| format!("ENCODING={encoding}"));
    let given: Vec<&str> = encoding.iter().map(String::as_str).collect();
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_VECTOR,
        open_options: encoding.is_some().then_some(given.as_slice()),
        ..DatasetOptions::default()
    };
    let gdal_path = gdal_path(path)?;
    Dataset::open_ex(gdal_path, options)
        .map_err(|error| OutlinesError::Open { path: path.to_owned(), reason: error.to_string() })
}

/// The name by which GDAL's file systems know a file.
fn gdal_path(path: &Path) -> Result<PathBuf, OutlinesError> {
    let name = path.to_string_lossy();
    let lower = name.to_ascii_lowercase();
    let archive = |reason: &str| OutlinesError::Archive { path: path.to_owned(), reason: reason.to_owned() };
    if [".7z", ".tar", ".tgz", ".tar.gz"].iter().any(|ending| lower.ends_with(ending)) {
        Err(archive("this kind of archive is not read"))
    } else if lower.ends_with(".gz") {
        Ok(PathBuf::from(format!("/vsigzip/{name}")))
    } else if lower.ends_with(".zip") {
        let root = PathBuf::from(format!("/vsizip/{name}"));
        let inside = gdal::vsi::read_dir(&root, true).map_err(|error| archive(&error.to_string()))?;
        let ending = |file: &Path| file.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let mut files: Vec<PathBuf> = inside
            .into_iter()
            .filter(|file| ending(file).is_some_and(|e| VECTOR_ENDINGS.contains(&e.as_str())))
            .collect();
        if files.len() > 1 {
            files.retain(|file| file.file_stem().is_some_and(|stem| is_communes(&stem.to_string_lossy())));
        }
        match files.as_slice() {
            [file] => Ok(root.join(file)),
            [] => Err(archive("it holds no vector file of communes")),
            _ => Err(archive("it holds several files of communes")),
        }
    } else {
        Ok(path.to_owned())
    }
}

/// The position of the layer of communes.
pub(super) fn layer(dataset: &Dataset, path: &Path, wanted: Option<&str>) -> Result<usize, OutlinesError> {
    let layers: Vec<String> = dataset.layers().map(|layer| layer.name()).collect();
    let found = match wanted {
        Some(wanted) => layers.iter().position(|name| name.eq_ignore_ascii_case(wanted)),
        None if layers.len() == 1 => Some(0),
        None => layers.iter().position(|name| is_communes(name)),
    };
    found.ok_or(OutlinesError::NoLayer { path: path.to_owned(), layers })
}

fn is_communes(name: &str) -> bool {
    LAYER_NAMES.contains(&name.to_ascii_lowercase().as_str())
}
