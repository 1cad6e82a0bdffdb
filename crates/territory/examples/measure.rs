//! Times the index of a territory file: `measure FILE.dst POINTS.f64 [THREADS…]`.
//!
//! `POINTS.f64` holds longitudes, then as many latitudes, as little-endian `f64`, as
//! `tests/interop/geos/points.py` writes them. With `--answers OUT.u32` the answers are written for comparison: the row of
//! the commune plus one, zero outside, 2^32 - 1 for no position. `--build` writes the index anew as well. `--json` says the
//! same in one line, of the last number of threads. Times are CPU seconds of the whole process, from the kernel, because
//! other work on the machine does not count there; `wall` is beside them.

use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use desserte_model::LonLat;
use desserte_territory::{Locator, Place, Territory, encode};

/// How often each measurement is made; the median is printed.
const ROUNDS: usize = 5;

/// Points that a round locates at least, the same ones again if need be: the kernel counts CPU time in hundredths of a
/// second.
const POINTS_OF_A_ROUND: usize = 10_000_000;

/// Ticks of a second in `/proc/self/stat`, on every Linux of the last decades.
const TICKS: f64 = 100.0;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        arguments.iter().position(|argument| argument == name).map(|at| arguments.remove(at)).is_some()
    };
    let (build, json) = (flag("--build"), flag("--json"));
    let answers = arguments.iter().position(|argument| argument == "--answers").map(|at| {
        arguments.remove(at);
        arguments.remove(at)
    });
    let [file, points, threads @ ..] = arguments.as_slice() else {
        return Err("measure FILE.dst POINTS.f64 [THREADS…] [--answers OUT.u32] [--build] [--json]".into());
    };
    let octets = std::fs::read(points)?;
    let numbers: Vec<f64> = octets
        .chunks_exact(8)
        .map(|eight| eight.try_into().map(f64::from_le_bytes))
        .collect::<Result<_, _>>()?;
    let (lon, lat) = numbers.split_at(numbers.len() / 2);
    let mut places = vec![Place::default(); lon.len()];
    let mut out = std::io::stdout().lock();
    let mut say = |text: String| if json { Ok(()) } else { writeln!(out, "{text}") };

    let before = resident()?;
    let start = Instant::now();
    let locator = Locator::open(file)?;
    let begun = start.elapsed().as_secs_f64();
    let place = locator.locate(LonLat::new(lon[0], lat[0])?)?;
    let first = start.elapsed().as_secs_f64();
    say(format!(
        "on demand: open {:.3} ms, first answer after {:.3} ms (wall), row {:?}, {} kB more resident",
        begun * 1e3,
        first * 1e3,
        place.row(),
        resident()? - before
    ))?;
    let start = Instant::now();
    let some = lon.len().min(1_000);
    let placed =
        locator.locate_columns(&lon[..some], &lat[..some], &mut places[..some], NonZeroUsize::MIN)?;
    say(format!(
        "on demand: {some} more answers {:.3} ms (wall), {} kB more resident; {placed:?}",
        start.elapsed().as_secs_f64() * 1e3,
        resident()? - before
    ))?;
    drop(locator);

    let before = resident()?;
    let (start, cost) = (Instant::now(), cpu()?);
    let territory = Territory::open(file)?;
    let opened = start.elapsed().as_secs_f64();
    let opened_cost = cpu()? - cost;
    say(format!(
        "whole: open {:.1} ms (wall), {:.1} ms (CPU), {} kB more resident",
        opened * 1e3,
        opened_cost * 1e3,
        resident()? - before
    ))?;
    // A single point is for its first answer only.
    let repeats = if lon.len() < 1_000 { 1 } else { POINTS_OF_A_ROUND.div_ceil(lon.len()) };
    let one = ["1".to_owned()];
    let (mut costs, mut walls) = (Vec::new(), Vec::new());
    for count in if threads.is_empty() { &one[..] } else { threads } {
        let count: NonZeroUsize = count.parse()?;
        (costs, walls) = (Vec::new(), Vec::new());
        let mut placed = None;
        for _ in 0..ROUNDS {
            let (before, start) = (cpu()?, Instant::now());
            for _ in 0..repeats {
                placed = Some(territory.locate_columns(lon, lat, &mut places, count));
            }
            walls.push(start.elapsed().as_secs_f64() / repeats as f64);
            costs.push((cpu()? - before) / repeats as f64);
        }
        let million = lon.len() as f64 / 1e6;
        let (cost, wall) = (median(&costs), median(&walls));
        say(format!(
            "{count} threads: {:.4} CPU s per million, {:.1} M points per CPU s (best {:.1}), {:.1} M points per s (wall); {placed:?}",
            cost / million,
            million / cost,
            million / costs.iter().copied().fold(f64::INFINITY, f64::min),
            million / wall
        ))?;
    }
    let index = resident()? - before;
    let mut built = 0.0;
    if build {
        let contents = territory.contents();
        let before = cpu()?;
        let octets = encode(&contents)?.len();
        built = cpu()? - before;
        say(format!("build {built:.2} CPU s, {octets} octets"))?;
    }
    if let Some(path) = answers {
        let answer = |place: &Place| match (place.is_position(), place.row()) {
            (false, _) => u32::MAX,
            (true, row) => row.and_then(|row| u32::try_from(row + 1).ok()).unwrap_or(0),
        };
        let octets: Vec<u8> = places.iter().flat_map(|place| answer(place).to_le_bytes()).collect();
        std::fs::write(path, octets)?;
    }
    if json {
        let version = concat!("desserte ", env!("CARGO_PKG_VERSION"));
        writeln!(
            out,
            "{{\"version\": \"{version}\", \"costs\": {costs:?}, \"walls\": {walls:?}, \"build\": {built}, \
             \"first\": {first}, \"open\": {opened}, \"index\": {:.3}}}",
            index as f64 / 1024.0
        )?;
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// User and system time of this process, in seconds.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS)
}

/// Resident memory in kilobytes.
fn resident() -> Result<i64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
