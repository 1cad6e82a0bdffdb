//! Files of data, in each format.

use std::io::Write;

use serde_json::{Value as Json, json};

use super::columns::Table;
use super::place::{Place, Written};
use super::sheet::Sheet;
use crate::territory::{Cell, Features as _, write_geojson, write_geoparquet, write_parquet};

/// A format of open data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// CSV with a header, UTF-8; an empty cell is nothing, never zero
    Csv,
    /// `GeoParquet` 1.1; tables without outlines as Parquet
    #[value(name = "geoparquet")]
    GeoParquet,
    /// `GeoJSON` (RFC 7946); tables without outlines as CSV
    #[value(name = "geojson")]
    GeoJson,
    /// All of them
    All,
}

/// A file of data.
#[derive(Debug, Clone)]
pub(super) struct DataFile {
    pub(super) table: Table,
    pub(super) month: String,
    pub(super) departement: String,
    pub(super) rows: usize,
    pub(super) written: Written,
    media_type: &'static str,
}

impl DataFile {
    pub(super) const fn media_type(&self) -> &'static str {
        self.media_type
    }

    pub(super) fn told(&self) -> Json {
        json!({
            "path": self.written.path,
            "table": self.table.name(),
            "month": self.month,
            "departement": self.departement,
            "media_type": self.media_type,
            "rows": self.rows,
            "bytes": self.written.bytes,
            "sha256": self.written.sha256,
        })
    }
}

/// Writes a table of a month and a département in the formats asked for; `outlined` are its rows that have an outline.
pub(super) fn write(
    place: &Place,
    sheet: &Sheet<'_>,
    outlined: Option<&Sheet<'_>>,
    [month, departement]: [&str; 2],
    format: Format,
) -> anyhow::Result<Vec<DataFile>> {
    let stem = format!("{month}/{departement}/{}", sheet.table.name());
    let file = |rows: usize, written: Written, media_type: &'static str| DataFile {
        table: sheet.table,
        month: month.to_owned(),
        departement: departement.to_owned(),
        rows,
        written,
        media_type,
    };
    let mut files = Vec::new();
    if matches!(format, Format::Csv | Format::All) || (format == Format::GeoJson && outlined.is_none()) {
        let written = place.write(&format!("{stem}.csv"), |out| csv(sheet, out))?;
        files.push(file(sheet.len(), written, "text/csv"));
    }
    if matches!(format, Format::GeoParquet | Format::All) {
        let path = format!("{stem}.parquet");
        let (rows, written) = match outlined {
            Some(outlined) => (outlined.len(), place.write(&path, |out| write_geoparquet(outlined, out))?),
            None => (sheet.len(), place.write(&path, |out| write_parquet(sheet, out))?),
        };
        files.push(file(rows, written, "application/vnd.apache.parquet"));
    }
    if let (Format::GeoJson | Format::All, Some(outlined)) = (format, outlined) {
        let written = place.write(&format!("{stem}.geojson"), |out| write_geojson(outlined, out))?;
        files.push(file(outlined.len(), written, "application/geo+json"));
    }
    Ok(files)
}

fn csv(sheet: &Sheet<'_>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(sheet.columns.iter().map(|column| column.name.as_str()))?;
    for row in 0..sheet.len() {
        writer.write_record(sheet.cells(row).into_iter().map(|cell| match cell {
            None => String::new(),
            Some(Cell::Text(text)) => text.to_owned(),
            Some(Cell::Count(count)) => count.to_string(),
            Some(Cell::Number(number)) => number.to_string(),
        }))?;
    }
    writer.flush()?;
    Ok(())
}
