//! Tables of codes as CSV.

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

use super::{Answers, Columns};
use crate::locate::columns::delimiter;
use crate::out::Failure;

/// Octets looked at to find the delimiter: longer than any header line of the official tables.
const HEAD: usize = 64 * 1024;

pub(super) fn translate(answers: &mut Answers<'_>, input: &Path, part: &Path) -> Result<(), Failure> {
    let name = input.display();
    let file = File::open(input).with_context(|| format!("cannot read {name}"))?;
    let packed = input.extension().is_some_and(|ending| ending == "gz");
    let mut file: Box<dyn Read> =
        if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut head = Vec::new();
    (&mut file).take(HEAD as u64).read_to_end(&mut head).with_context(|| format!("cannot read {name}"))?;
    let delimiter = delimiter(&head);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(head.as_slice().chain(file));
    let header = reader.byte_headers().with_context(|| format!("cannot read the header of {name}"))?.clone();
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().trim_start_matches('\u{feff}').to_owned())
        .collect();
    let columns = Columns::find(&names, answers.arguments)
        .map_err(|error| Failure::usage(anyhow!("{name}: {error}")))?;
    let written = || format!("cannot write {}", part.display());
    let out = File::create(part).with_context(written)?;
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(BufWriter::new(out));
    let whole: ByteRecord = header.iter().chain(columns.added.iter().map(|name| name.as_bytes())).collect();
    writer.write_byte_record(&whole).with_context(written)?;

    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let cells = {
            let cell = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default());
            answers.of(&cell(columns.code), columns.day.map(cell).as_deref())
        };
        cells.iter().for_each(|cell| row.push_field(cell.as_bytes()));
        writer.write_byte_record(&row).with_context(written)?;
    }
    let mut file = writer.into_inner().map_err(|error| anyhow!("{}: {error}", written()))?;
    file.flush().and_then(|()| file.get_ref().sync_all()).with_context(written)?;
    Ok(())
}
