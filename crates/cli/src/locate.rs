//! `desserte locate`: a table of positions gets the commune of each.
//!
//! The table streams through in blocks of rows, so memory does not grow with it. Nothing is dropped: a row without a
//! position stays in the table with the status `no_position` and is counted.

pub(crate) mod columns;
mod flaws;
mod number;
mod words;

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};
use desserte_territory::{Answer, Place, Question, Territory};
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::LocateArguments;
use crate::out::{Failure, Outcome, note};
use columns::{Columns, delimiter};
use flaws::Flaws;

/// Rows that go through together: enough to keep all threads busy, few enough to take a few megabytes.
const ROWS_AT_ONCE: usize = 65_536;

/// Octets looked at to find the delimiter: longer than any header line of the official tables.
const HEAD: usize = 64 * 1024;

pub(crate) fn run(arguments: &LocateArguments) -> Outcome {
    for (name, metres) in [("--nearest-within", arguments.nearest_within), ("--error", arguments.error)] {
        let farthest = desserte_territory::FARTHEST_M;
        if !(0.0..=farthest).contains(&metres) {
            return Err(Failure::usage(anyhow!("{name} {metres}: give metres from 0 to {farthest}")));
        }
    }
    let territory = Territory::open(&arguments.territory)?;
    let part = part_of(&arguments.out)?;
    let start = Instant::now();
    let located = locate(arguments, &territory, &part);
    if located.is_err() {
        // Half an answer would only be taken for a whole one.
        let _ = std::fs::remove_file(&part);
    }
    let flaws = located?;
    std::fs::rename(&part, &arguments.out)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    note(&words::summary(&territory, &flaws, start.elapsed(), arguments.lang));
    Ok(())
}

/// The file that is written first, beside the one that is asked for.
fn part_of(out: &Path) -> Result<PathBuf, Failure> {
    let mut name =
        out.file_name().ok_or_else(|| Failure::usage(anyhow!("--out has no file name")))?.to_owned();
    name.push(".part");
    Ok(out.with_file_name(name))
}

fn locate(arguments: &LocateArguments, territory: &Territory, part: &Path) -> Result<Flaws, Failure> {
    let path = &arguments.input;
    let name = path.display();
    for file in [path, &arguments.out] {
        if file.extension().is_some_and(|ending| ending == "parquet") {
            let advice = "this release reads and writes CSV; convert the table first";
            return Err(Failure::usage(anyhow!("{}: {advice}", file.display())));
        }
    }
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let progress = progress_bar(file.metadata().map_or(0, |metadata| metadata.len()));
    let mut input = opened(progress.wrap_read(file), path);
    let mut head = Vec::with_capacity(HEAD);
    (&mut input).take(HEAD as u64).read_to_end(&mut head).with_context(|| format!("cannot read {name}"))?;
    let delimiter = delimiter(&head);
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(false).from_reader(head.as_slice().chain(input));
    let header = reader.byte_headers().with_context(|| format!("cannot read the header of {name}"))?.clone();
    let columns =
        Columns::find(&header, arguments).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))?;
    let out = File::create(part).with_context(|| format!("cannot write {}", part.display()))?;
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(BufWriter::new(out));
    let written = || format!("cannot write {}", part.display());
    writer.write_byte_record(&columns.header(&header)).with_context(written)?;

    let mut block = Block::new(arguments, delimiter);
    loop {
        let more = block.read(&mut reader, &columns).with_context(|| format!("{name}: cannot read a row"))?;
        block.place(territory);
        if let Some(told) = block.flaws.swapped(territory, &block.lon, &block.lat) {
            let (lon, lat) = (&columns.lon_name, &columns.lat_name);
            let hint = format!("{told}; did you mean --lon {lat} --lat {lon}?");
            return Err(Failure::usage(anyhow!("{name}: {hint}")));
        }
        block.write(territory, &mut writer).with_context(written)?;
        if !more {
            break;
        }
    }
    let mut file = writer.into_inner().map_err(|error| anyhow!("{}: {error}", written()))?;
    file.flush().and_then(|()| file.get_ref().sync_all()).with_context(written)?;
    progress.finish_and_clear();
    Ok(block.flaws)
}

/// A file as it is, or what a gzip file holds.
fn opened<'a>(file: impl Read + 'a, path: &Path) -> Box<dyn Read + 'a> {
    if path.extension().is_some_and(|ending| ending == "gz") {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    }
}

fn progress_bar(octets: u64) -> ProgressBar {
    let bar = ProgressBar::new(octets);
    // The template is fixed, so it can only fail in a test of this line.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} % {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Rows on their way through, with memory that is used again for the next ones.
struct Block {
    rows: Vec<ByteRecord>,
    count: usize,
    lon: Vec<f64>,
    lat: Vec<f64>,
    places: Vec<Place>,
    threads: NonZeroUsize,
    question: Question,
    decimal_comma: bool,
    flaws: Flaws,
}

impl Block {
    fn new(arguments: &LocateArguments, delimiter: u8) -> Self {
        let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok());
        Self {
            rows: Vec::new(),
            count: 0,
            lon: Vec::new(),
            lat: Vec::new(),
            places: Vec::new(),
            threads: threads.unwrap_or(NonZeroUsize::MIN),
            question: Question { nearest_within_m: arguments.nearest_within, error_m: arguments.error },
            // Where commas separate cells, none can be within a number.
            decimal_comma: delimiter != b',',
            flaws: Flaws::default(),
        }
    }

    /// Reads the next rows; false after the last one.
    fn read(&mut self, reader: &mut csv::Reader<impl Read>, columns: &Columns) -> Result<bool, csv::Error> {
        self.count = 0;
        self.lon.clear();
        self.lat.clear();
        while self.count < ROWS_AT_ONCE {
            if self.rows.len() == self.count {
                self.rows.push(ByteRecord::new());
            }
            let row = &mut self.rows[self.count];
            if !reader.read_byte_record(row)? {
                return Ok(false);
            }
            self.count += 1;
            let (lon, lat) =
                (row.get(columns.lon).unwrap_or_default(), row.get(columns.lat).unwrap_or_default());
            let parse = |text: &[u8]| number::parse(text, self.decimal_comma);
            let (lon_read, lat_read) = (parse(lon), parse(lat));
            match (lon_read, lat_read) {
                (Some(lon), Some(lat)) => self.flaws.decimals(lon.decimals.min(lat.decimals)),
                _ => self.flaws.unreadable(row.position().map_or(0, csv::Position::line), lon, lat),
            }
            self.lon.push(lon_read.map_or(f64::NAN, |number| number.value));
            self.lat.push(lat_read.map_or(f64::NAN, |number| number.value));
        }
        Ok(true)
    }

    fn place(&mut self, territory: &Territory) {
        self.places.clear();
        self.places.resize(self.count, Place::default());
        let placed = territory.locate_columns(&self.lon, &self.lat, &mut self.places, self.threads);
        self.flaws.placed += placed;
    }

    fn write(
        &mut self,
        territory: &Territory,
        writer: &mut csv::Writer<impl std::io::Write>,
    ) -> Result<(), csv::Error> {
        for (number, row) in self.rows[..self.count].iter_mut().enumerate() {
            let place = self.places[number];
            // A point that is inside needs a second look only if its position is said to be inexact.
            let unsure = place.is_position()
                && (self.question.error_m > 0.0
                    || (place.row().is_none() && self.question.nearest_within_m > 0.0));
            if unsure {
                if let Ok(point) = desserte_model::LonLat::new(self.lon[number], self.lat[number]) {
                    let answer = territory.answer(point, self.question);
                    self.flaws.answered(&answer);
                    push_answer(row, &answer, self.question);
                }
            } else {
                let code = place.row().and_then(|row| territory.code_at(row));
                let (status, distance) = match (place.is_position(), code) {
                    (false, _) => ("no_position", ""),
                    (true, None) => ("outside", ""),
                    (true, Some(_)) => ("inside", "0"),
                };
                row.push_field(code.as_ref().map_or(&b""[..], |code| code.as_str().as_bytes()));
                row.push_field(status.as_bytes());
                row.push_field(distance.as_bytes());
                if self.question.error_m > 0.0 {
                    row.push_field(b"");
                }
            }
            writer.write_byte_record(row)?;
        }
        Ok(())
    }
}

/// Appends commune, status, distance and, where positions are inexact, the candidates.
fn push_answer(row: &mut ByteRecord, answer: &Answer<'_>, question: Question) {
    let (commune, status, metres) = match answer {
        Answer::Inside(commune) => (Some(*commune), "inside", Some(0.0)),
        // The position as given may lie in no commune: then none is claimed for it.
        Answer::Border(candidates) => match candidates.first() {
            Some(first) if first.metres <= 0.0 => (Some(first.commune), "border", Some(0.0)),
            first => (None, "border", first.map(|first| first.metres)),
        },
        Answer::Near(near) => (Some(near.commune), "near", Some(near.metres)),
        Answer::Outside => (None, "outside", None),
    };
    row.push_field(commune.map_or(&b""[..], |commune| commune.code.as_str().as_bytes()));
    row.push_field(status.as_bytes());
    row.push_field(metres.map_or_else(String::new, words::metres).as_bytes());
    if question.error_m > 0.0 {
        let candidates = match answer {
            Answer::Border(candidates) => candidates.as_slice(),
            _ => &[],
        };
        let codes: Vec<&str> = candidates.iter().map(|candidate| candidate.commune.code.as_str()).collect();
        row.push_field(codes.join(" ").as_bytes());
    }
}
