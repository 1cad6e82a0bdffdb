//! `desserte locate`: a table of positions gets the commune of each.
//!
//! The table, CSV or Parquet, streams through in blocks of rows, so memory does not grow with it. Nothing is dropped: a
//! row without a position stays in the table with the status `no_position` and is counted.

mod block;
pub(crate) mod columnar;
pub(crate) mod columns;
mod finding;
mod flaws;
mod lookup;
pub(crate) mod number;
pub(crate) mod overlays;
pub(crate) mod text;
mod words;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::LocateArguments;
use crate::out::{Failure, Outcome, note};
use block::{Block, Sink, Source};
use columns::names_added;
use finding::Finder;
use flaws::Flaws;
use lookup::Lookup;

/// Rows that go through together: enough to keep all threads busy, few enough to take a few megabytes.
const ROWS_AT_ONCE: usize = 65_536;

pub(crate) fn run(arguments: &LocateArguments) -> Outcome {
    for (name, metres) in [("--nearest-within", arguments.nearest_within), ("--error", arguments.error)] {
        let farthest = desserte_territory::FARTHEST_M;
        if !(0.0..=farthest).contains(&metres) {
            return Err(Failure::usage(anyhow!("{name} {metres}: give metres from 0 to {farthest}")));
        }
    }
    let lookup = Lookup::open(arguments)?;
    let files = overlays::open(&arguments.overlay)?;
    let overlays = match lookup.territory() {
        Some(territory) => overlays::columns(&arguments.overlay, &files, territory, arguments.own_use)?,
        None => Vec::new(),
    };
    let part = crate::out::part_of(&arguments.out)?;
    let start = Instant::now();
    let mut finder = Finder::new(arguments, overlays);
    let located = locate(arguments, &lookup, &mut finder, &part);
    if located.is_err() {
        // Half an answer would only be taken for a whole one.
        let _ = std::fs::remove_file(&part);
    }
    let flaws = located?;
    std::fs::rename(&part, &arguments.out)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    note(&words::summary(&lookup, &flaws, start.elapsed(), arguments.lang));
    finder.overlays.iter().for_each(|overlay| note(&words::overlay(overlay, arguments.lang)));
    Ok(())
}

fn locate(
    arguments: &LocateArguments,
    lookup: &Lookup,
    finder: &mut Finder<'_>,
    part: &Path,
) -> Result<Flaws, Failure> {
    let added = names_added(arguments, finder.overlays.iter().map(|overlay| overlay.name.as_str()));
    let progress = ProgressBar::new(0);
    let mut source: Box<dyn Source> = if is_parquet(&arguments.input)? {
        Box::new(columnar::Reader::open(arguments, &added, &progress)?)
    } else {
        Box::new(text::Reader::open(arguments, &added, &progress)?)
    };
    show(&progress);
    let mut sink: Box<dyn Sink> = if is_named_parquet(&arguments.out) {
        Box::new(columnar::Writer::create(part, source.header(), &added)?)
    } else {
        Box::new(text::Writer::create(part, source.header(), &added)?)
    };
    let mut flaws = Flaws::default();
    let mut block = Block::default();
    loop {
        let more = source.read(&mut block, &mut flaws)?;
        finder.find(lookup, &block, &mut flaws)?;
        if let Some(told) = flaws.swapped(lookup, &block.lon, &block.lat)? {
            let hint = format!("{told}; did you mean --lon {} --lat {}?", arguments.lat, arguments.lon);
            return Err(Failure::usage(anyhow!("{}: {hint}", arguments.input.display())));
        }
        sink.write(&mut block, finder).with_context(|| format!("cannot write {}", part.display()))?;
        if !more {
            break;
        }
    }
    sink.finish().with_context(|| format!("cannot write {}", part.display()))?;
    progress.finish_and_clear();
    Ok(flaws)
}

/// The octets that a Parquet file begins and ends with.
const PARQUET_MAGIC: &[u8; 4] = b"PAR1";

/// Whether a table to read is Parquet: by its name, or by how it begins.
pub(crate) fn is_parquet(path: &Path) -> anyhow::Result<bool> {
    if is_named_parquet(path) {
        return Ok(true);
    }
    let mut start = Vec::with_capacity(PARQUET_MAGIC.len());
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(PARQUET_MAGIC.len() as u64)
        .read_to_end(&mut start)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(start == PARQUET_MAGIC)
}

pub(crate) fn is_named_parquet(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["parquet", "geoparquet", "pq"].iter().any(|known| ending == *known))
}

fn show(bar: &ProgressBar) {
    // The template is fixed, so it can only fail in a test of this line.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} % {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
}
