//! What to import.

use std::path::PathBuf;

use crate::Manifest;

/// A file and what its contents are to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The name: small letters, digits, `_`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl std::str::FromStr for NamedFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').ok_or("write NAME=FILE")?;
        let sound = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(sound) {
            return Err(format!("{name:?}: a name has 1 to {LONGEST_NAME} small letters, digits or _"));
        }
        if path.is_empty() {
            return Err("the file is missing after =".to_owned());
        }
        Ok(Self { name: name.to_owned(), path: PathBuf::from(path) })
    }
}

/// Names become columns of tables and properties of shapes; longer ones are of no use there.
const LONGEST_NAME: usize = 40;

/// The inputs of one import and the choices that files cannot make.
#[derive(Debug, Clone, Default)]
pub struct ImportPlan {
    /// Files of commune outlines; several when a publisher has one for each territory, each with its own CRS.
    pub communes: Vec<PathBuf>,
    /// The layer to read where a file holds several and none has a known name.
    pub layer: Option<String>,
    /// The reference system of outlines that state none, as GDAL reads it: `EPSG:2154`.
    pub crs: Option<String>,
    /// Population tables; the first one that knows a commune decides.
    pub populations: Vec<PathBuf>,
    /// The official list of communes (COG).
    pub cog: Option<PathBuf>,
    /// Movements of communes, from which codes of other years are followed.
    pub movements: Option<PathBuf>,
    /// EPCI tables: membership of communes, names, or both.
    pub epci: Vec<PathBuf>,
    /// The official list of départements.
    pub departements: Option<PathBuf>,
    /// The official list of regions.
    pub regions: Option<PathBuf>,
    /// Tables of zonings, each with the name to give it.
    pub zonings: Vec<NamedFile>,
    /// The official list of arrondissements, for their names.
    pub arrondissements: Option<PathBuf>,
    /// Tables of figures, each with the name to give it.
    pub figures: Vec<NamedFile>,
    /// Mobile sites, each with the name to give the counts of its operators.
    pub sites: Vec<NamedFile>,
    /// Polygon layers, each with the name to give it.
    pub overlays: Vec<NamedFile>,
    /// The year of the list of communes, where no file name tells.
    pub vintage: Option<u16>,
    /// Descriptions of known files, by checksum, for titles and licences.
    pub manifests: Vec<Manifest>,
}
