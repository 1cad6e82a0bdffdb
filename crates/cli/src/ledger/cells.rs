//! Cells of Ookla from CSV or Parquet: a position, averages, and how many tests where the file says.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use arrow_cast::display::array_value_to_string;
use csv::ByteRecord;
use desserte_ledger::cells::{Cell, centre_of, quarter_of};
use desserte_model::LonLat;

use crate::arguments::Lang;
use crate::locate::columnar::{damaged, opened};
use crate::locate::is_parquet;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// Pairs of columns that hold a cell's centre, degrees.
const CENTRES: [(&str, &str); 2] = [("lon", "lat"), ("tile_x", "tile_y")];

/// The column of tiles' keys, for files without centres.
const QUADKEY: &str = "quadkey";

const DOWNLOAD: &str = "avg_d_kbps";
const UPLOAD: &str = "avg_u_kbps";
const LATENCY: &str = "avg_lat_ms";
const TESTS: &str = "tests";

/// Cells of several files, and the quarters that their names say.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) cells: Vec<Cell>,
    quarters: Vec<String>,
}

impl Cells {
    /// Reads files. Bad rows are all looked for before a file is refused.
    pub(crate) fn read(files: &[PathBuf], lang: Lang) -> Result<Self, Failure> {
        let mut found = Self::default();
        for file in files {
            let quarter = quarter_of(&file.to_string_lossy());
            if let Some(quarter) = quarter.filter(|quarter| !found.quarters.contains(quarter)) {
                found.quarters.push(quarter);
            }
            if is_parquet(file)? { found.parquet(file, lang)? } else { found.text(file, lang)? }
        }
        Ok(found)
    }

    /// The quarters, if the files' names say any.
    pub(crate) fn vintage(&self) -> Option<String> {
        (!self.quarters.is_empty()).then(|| self.quarters.join(", "))
    }

    fn text(&mut self, file: &Path, lang: Lang) -> Result<(), Failure> {
        let name = file.display();
        let Sheet { mut reader, names, decimal_comma } = Sheet::open(file)?;
        let places = Places::find(&names, file)?;
        let (mut faults, mut row) = (Faults::default(), ByteRecord::new());
        while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
            self.cells.extend(places.cell(line, decimal_comma, &mut faults, cell));
        }
        faults.end(file, lang)
    }

    fn parquet(&mut self, file: &Path, lang: Lang) -> Result<(), Failure> {
        let (builder, _) = opened(file)?;
        let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let places = Places::find(&names, file)?;
        let mut faults = Faults::default();
        let mut line = 0;
        for batch in builder.build().with_context(|| damaged(file))? {
            let batch = batch.with_context(|| damaged(file))?;
            for row in 0..batch.num_rows() {
                line += 1;
                // A cell that cannot be told as text cannot be a number either: it is then missing.
                let cell = |at: usize| array_value_to_string(batch.column(at), row).unwrap_or_default();
                self.cells.extend(places.cell(line, false, &mut faults, cell));
            }
        }
        faults.end(file, lang)
    }
}

/// Where the columns are.
struct Places {
    centre: Centre,
    download: usize,
    upload: Option<usize>,
    latency: Option<usize>,
    tests: Option<usize>,
}

enum Centre {
    Degrees { lon: usize, lat: usize },
    Quadkey(usize),
}

impl Places {
    fn find(names: &[String], file: &Path) -> Result<Self, Failure> {
        let place = |wanted: &str| names.iter().position(|name| name == wanted);
        let degrees = CENTRES.iter().find_map(|(lon, lat)| Some((place(lon)?, place(lat)?)));
        let centre = match (degrees, place(QUADKEY)) {
            (Some((lon, lat)), _) => Some(Centre::Degrees { lon, lat }),
            (None, quadkey) => quadkey.map(Centre::Quadkey),
        };
        let (Some(centre), Some(download)) = (centre, place(DOWNLOAD)) else {
            return Err(Failure::usage(anyhow!(
                "{}: these are no cells of Ookla: they have {DOWNLOAD} and lon, lat or tile_x, tile_y or {QUADKEY}; here are {}",
                file.display(),
                names.join(", ")
            )));
        };
        Ok(Self { centre, download, upload: place(UPLOAD), latency: place(LATENCY), tests: place(TESTS) })
    }

    /// One row; `None` with a fault if it has no position or no download.
    fn cell(
        &self,
        line: u64,
        decimal_comma: bool,
        faults: &mut Faults,
        cell: impl Fn(usize) -> String,
    ) -> Option<Cell> {
        let mut number = |column: &str, at: usize, not_negative| {
            faults.number(line, column, &cell(at), decimal_comma, not_negative)
        };
        let (at, told) = match self.centre {
            Centre::Degrees { lon, lat } => {
                let degrees = number("lon", lon, false).zip(number("lat", lat, false));
                (degrees.and_then(|(lon, lat)| LonLat::new(lon, lat).ok()), (lon, "lon, lat"))
            }
            Centre::Quadkey(at) => (centre_of(&cell(at)), (at, QUADKEY)),
        };
        let download = number(DOWNLOAD, self.download, true);
        let upload_kbps = self.upload.and_then(|at| number(UPLOAD, at, true));
        let latency_ms = self.latency.and_then(|at| number(LATENCY, at, true));
        let tests = self.tests.map(&cell).filter(|tests| !is_missing(tests));
        let counted = tests.as_ref().map(|tests| tests.parse::<u32>().ok());
        if at.is_none() {
            faults.add(line, Fault::NoNumber { column: told.1.to_owned(), text: cell(told.0) });
        } else if download.is_none() && is_missing(&cell(self.download)) {
            faults.add(line, Fault::NoNumber { column: DOWNLOAD.to_owned(), text: cell(self.download) });
        }
        if let Some((text, None)) = tests.zip(counted) {
            faults.add(line, Fault::NoNumber { column: TESTS.to_owned(), text });
        }
        Some(Cell { at: at?, download_kbps: download?, upload_kbps, latency_ms, tests: counted.flatten() })
    }
}
