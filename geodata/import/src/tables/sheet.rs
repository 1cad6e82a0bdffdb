//! Tables that are no text: spreadsheets (xlsx, xls, ods) and the attributes of vector layers (dbf, GeoPackage), through
//! GDAL.

use std::path::{Path, PathBuf};

use gdal::vector::LayerAccess;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

/// Rows of a sheet or layer, the header or title lines first.
type Rows = Vec<Vec<String>>;

/// GDAL is to hand out spreadsheets as they are: its guess at header and types fails on title lines and eats the zeros
/// of codes.
const AS_IT_IS: [(&str, &str); 6] = [
    ("OGR_XLSX_HEADERS", "DISABLE"),
    ("OGR_XLSX_FIELD_TYPES", "STRING"),
    ("OGR_XLS_HEADERS", "DISABLE"),
    ("OGR_XLS_FIELD_TYPES", "STRING"),
    ("OGR_ODS_HEADERS", "DISABLE"),
    ("OGR_ODS_FIELD_TYPES", "STRING"),
];

/// What kind of table a file is, if it is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The rows hold title lines and the header.
    Spreadsheet,
    /// The header is the layer's own.
    Layer,
}

/// Tells by the first octets and the file's name.
pub(super) fn kind_of(path: &Path, octets: &[u8]) -> Option<Kind> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let packed = octets.starts_with(b"PK\x03\x04");
    match ending.as_deref() {
        Some("dbf" | "shp" | "gpkg" | "fgb") => Some(Kind::Layer),
        Some("zip") if packed => Some(Kind::Layer),
        _ if packed || octets.starts_with(b"\xd0\xcf\x11\xe0") => Some(Kind::Spreadsheet),
        _ => None,
    }
}

/// The sheets or layers of a file in their order.
pub(super) fn rows_of(path: &Path, kind: Kind) -> Result<Vec<Rows>, gdal::errors::GdalError> {
    for (option, value) in AS_IT_IS {
        gdal::config::set_thread_local_config_option(option, value)?;
    }
    let zipped = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
    let name = if zipped { PathBuf::from(format!("/vsizip/{}", path.display())) } else { path.to_owned() };
    let options = DatasetOptions { open_flags: GdalOpenFlags::GDAL_OF_VECTOR, ..DatasetOptions::default() };
    let dataset = Dataset::open_ex(name, options)?;
    let mut sheets = Vec::new();
    for mut layer in dataset.layers() {
        let mut rows = Rows::new();
        if kind == Kind::Layer {
            rows.push(layer.defn().fields().map(|field| field.name()).collect());
        }
        for feature in layer.features() {
            let cell = |field| feature.field_as_string(field).ok().flatten().unwrap_or_default();
            rows.push((0..feature.field_count()).map(cell).collect());
        }
        sheets.push(rows);
    }
    Ok(sheets)
}
