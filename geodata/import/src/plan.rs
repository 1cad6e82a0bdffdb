//! What to import.

use std::path::PathBuf;

use crate::Manifest;

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
    /// EPCI tables: membership of communes, names, or both.
    pub epci: Vec<PathBuf>,
    /// The official list of départements.
    pub departements: Option<PathBuf>,
    /// The official list of regions.
    pub regions: Option<PathBuf>,
    /// The year of the list of communes, where no file name tells.
    pub vintage: Option<u16>,
    /// Descriptions of known files, by checksum, for titles and licences.
    pub manifests: Vec<Manifest>,
}
