//! Times the index of a territory file: `measure FILE.dst POINTS.f64 [THREADS…]`.
//!
//! `POINTS.f64` holds longitudes, then as many latitudes, as little-endian `f64`, as
//! `tests/interop/geos/points.py` writes them. With `--answers OUT.u32` the answers are written for comparison: the row of
//! the commune plus one, zero outside, 2^32 - 1 for no position. Times are CPU seconds of the whole process, from the
//! kernel, because other work on the machine does not count there; `wall` is beside them.

use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use desserte_territory::{Place, Territory, encode};

/// How often each measurement is made; the median is printed.
const ROUNDS: usize = 5;

/// Ticks of a second in `/proc/self/stat`, on every Linux of the last decades.
const TICKS: f64 = 100.0;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let answers = arguments.iter().position(|argument| argument == "--answers").map(|at| {
        arguments.remove(at);
        arguments.remove(at)
    });
    let build =
        arguments.iter().position(|argument| argument == "--build").map(|at| arguments.remove(at)).is_some();
    let [file, points, threads @ ..] = arguments.as_slice() else {
        return Err("measure FILE.dst POINTS.f64 [THREADS…] [--answers OUT.u32] [--build]".into());
    };
    let mut out = std::io::stdout().lock();
    let start = Instant::now();
    let territory = Territory::open(file)?;
    let opened = start.elapsed();
    writeln!(out, "open {:.1} ms (wall), resident {} kB", opened.as_secs_f64() * 1e3, resident()?)?;
    if build {
        let contents = territory.contents();
        let before = cpu()?;
        let octets = encode(&contents)?.len();
        writeln!(out, "build {:.2} CPU s, {octets} octets", cpu()? - before)?;
    }
    let octets = std::fs::read(points)?;
    let numbers: Vec<f64> = octets
        .chunks_exact(8)
        .map(|eight| eight.try_into().map(f64::from_le_bytes))
        .collect::<Result<_, _>>()?;
    let (lon, lat) = numbers.split_at(numbers.len() / 2);
    let mut places = vec![Place::default(); lon.len()];
    let threads = if threads.is_empty() { &["1".to_owned()][..] } else { threads };
    for count in threads {
        let count: NonZeroUsize = count.parse()?;
        let (mut costs, mut walls) = (Vec::new(), Vec::new());
        let mut placed = None;
        for _ in 0..ROUNDS {
            let (before, start) = (cpu()?, Instant::now());
            placed = Some(territory.locate_columns(lon, lat, &mut places, count));
            walls.push(start.elapsed().as_secs_f64());
            costs.push(cpu()? - before);
        }
        let million = lon.len() as f64 / 1e6;
        let (cost, wall) = (median(costs), median(walls));
        writeln!(
            out,
            "{count} threads: {:.4} CPU s per million, {:.1} M points per CPU s, {:.1} M points per s (wall); {placed:?}",
            cost / million,
            million / cost,
            million / wall
        )?;
    }
    writeln!(out, "resident {} kB with the points, {} kB of them", resident()?, octets.len() * 2 / 1024)?;
    if let Some(path) = answers {
        let answer = |place: &Place| match (place.is_position(), place.row()) {
            (false, _) => u32::MAX,
            (true, row) => row.and_then(|row| u32::try_from(row + 1).ok()).unwrap_or(0),
        };
        let octets: Vec<u8> = places.iter().flat_map(|place| answer(place).to_le_bytes()).collect();
        std::fs::write(path, octets)?;
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
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
fn resident() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").to_owned())
}
