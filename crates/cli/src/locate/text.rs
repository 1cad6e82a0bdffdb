//! Tables as CSV.

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};
use indicatif::ProgressBar;

use super::block::{Block, Header, Rows, Sink, Source};
use super::columns::{Columns, delimiter};
use super::finding::{Finder, Finding};
use super::flaws::Flaws;
use super::{ROWS_AT_ONCE, number, words};
use crate::arguments::LocateArguments;
use crate::out::Failure;

/// Octets looked at to find the delimiter: longer than any header line of the official tables.
pub(crate) const HEAD: usize = 64 * 1024;

/// A CSV table that is read, possibly from gzip.
pub(super) struct Reader {
    reader: csv::Reader<Box<dyn Read>>,
    path: PathBuf,
    header: Header,
    columns: Columns,
    /// Where commas separate cells, none can be within a number.
    decimal_comma: bool,
}

impl Reader {
    pub(super) fn open(
        arguments: &LocateArguments,
        added: &[String],
        progress: &ProgressBar,
    ) -> Result<Self, Failure> {
        let path = &arguments.input;
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        progress.set_length(file.metadata().map_or(0, |metadata| metadata.len()));
        let mut input = opened(progress.wrap_read(file), path);
        let mut head = Vec::with_capacity(HEAD);
        (&mut input)
            .take(HEAD as u64)
            .read_to_end(&mut head)
            .with_context(|| format!("cannot read {name}"))?;
        let delimiter = delimiter(&head);
        let all: Box<dyn Read> = Box::new(std::io::Cursor::new(head).chain(input));
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(false).from_reader(all);
        let names =
            reader.byte_headers().with_context(|| format!("cannot read the header of {name}"))?.clone();
        let texts = names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned());
        let columns = Columns::find(texts, arguments, added)
            .map_err(|error| Failure::usage(anyhow!("{name}: {error}")))?;
        let header = Header::Text { names, delimiter };
        Ok(Self { reader, path: path.clone(), header, columns, decimal_comma: delimiter != b',' })
    }
}

/// A file as it is, or what a gzip file holds.
pub(crate) fn opened(file: impl Read + 'static, path: &Path) -> Box<dyn Read> {
    if path.extension().is_some_and(|ending| ending == "gz") {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    }
}

impl Source for Reader {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&mut self, block: &mut Block, flaws: &mut Flaws) -> anyhow::Result<bool> {
        block.lon.clear();
        block.lat.clear();
        if !matches!(block.rows, Rows::Text { .. }) {
            block.rows = Rows::default();
        }
        let Rows::Text { records, count } = &mut block.rows else { unreachable!("just made so") };
        *count = 0;
        while *count < ROWS_AT_ONCE {
            if records.len() == *count {
                records.push(ByteRecord::new());
            }
            let row = &mut records[*count];
            let more = self.reader.read_byte_record(row);
            if !more.with_context(|| format!("{}: cannot read a row", self.path.display()))? {
                return Ok(false);
            }
            *count += 1;
            let cell = |at: usize| row.get(at).unwrap_or_default();
            let (lon, lat) = (cell(self.columns.lon), cell(self.columns.lat));
            let parse = |text: &[u8]| number::parse(text, self.decimal_comma);
            let (lon_read, lat_read) = (parse(lon), parse(lat));
            match (lon_read, lat_read) {
                (Some(lon), Some(lat)) => flaws.decimals(lon.decimals.min(lat.decimals)),
                _ => flaws.unreadable(row.position().map_or(0, csv::Position::line), lon, lat),
            }
            block.lon.push(lon_read.map_or(f64::NAN, |number| number.value));
            block.lat.push(lat_read.map_or(f64::NAN, |number| number.value));
        }
        Ok(true)
    }
}

/// A CSV table that is written.
pub(super) struct Writer {
    writer: csv::Writer<BufWriter<File>>,
    /// A row that is put together from columns.
    row: ByteRecord,
}

impl Writer {
    pub(super) fn create(path: &Path, header: &Header, added: &[String]) -> Result<Self, Failure> {
        let written = || format!("cannot write {}", path.display());
        let out = File::create(path).with_context(written)?;
        let (delimiter, mut names) = match header {
            Header::Text { names, delimiter } => (*delimiter, names.clone()),
            Header::Columns { schema, .. } => {
                (b',', schema.fields().iter().map(|field| field.name()).collect())
            }
        };
        let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(BufWriter::new(out));
        added.iter().for_each(|name| names.push_field(name.as_bytes()));
        writer.write_byte_record(&names).with_context(written)?;
        Ok(Self { writer, row: ByteRecord::new() })
    }

    fn write_columns(&mut self, batch: &RecordBatch, found: &Finder<'_>) -> anyhow::Result<()> {
        let options = FormatOptions::default().with_null("");
        let cells: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, _>>()?;
        let mut text = String::new();
        for number in 0..batch.num_rows() {
            self.row.clear();
            for cell in &cells {
                text.clear();
                cell.value(number).write(&mut text)?;
                self.row.push_field(text.as_bytes());
            }
            push(&mut self.row, found, number);
            self.writer.write_byte_record(&self.row)?;
        }
        Ok(())
    }
}

impl Sink for Writer {
    fn write(&mut self, block: &mut Block, found: &Finder<'_>) -> anyhow::Result<()> {
        match &mut block.rows {
            Rows::Columns(batch) => self.write_columns(batch, found)?,
            Rows::Text { records, count } => {
                for (number, row) in records[..*count].iter_mut().enumerate() {
                    push(row, found, number);
                    self.writer.write_byte_record(row)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        let mut file = self.writer.into_inner().map_err(|error| anyhow!("{error}"))?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(())
    }
}

/// Appends commune, status, distance and, where positions are inexact, the candidates; then the areas of overlays.
fn push(row: &mut ByteRecord, found: &Finder<'_>, number: usize) {
    let Finding { commune, status, metres } = &found.findings[number];
    row.push_field(commune.as_ref().map_or(&b""[..], |code| code.as_str().as_bytes()));
    row.push_field(status.as_bytes());
    match (*status, metres) {
        ("inside", _) => row.push_field(b"0"),
        (_, metres) => row.push_field(metres.map_or_else(String::new, words::metres).as_bytes()),
    }
    if let Some(candidates) = &found.candidates {
        row.push_field(candidates[number].as_bytes());
    }
    for overlay in &found.overlays {
        row.push_field(overlay.code(number).unwrap_or_default().as_bytes());
    }
}
