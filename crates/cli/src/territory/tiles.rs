//! `desserte territory tiles`: all vector tiles of a territory in one PMTiles file.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use desserte_territory::Territory;
use desserte_tiles::{About, Archive, FINEST_ZOOM, Level, TileAddress};

use crate::arguments::TilesArguments;
use crate::out::{Failure, Outcome, line, note, part_of};

pub(crate) fn run(arguments: &TilesArguments) -> Outcome {
    let (first, last) = zooms(&arguments.zoom).ok_or_else(|| {
        let form = format!("--zoom {:?}: give the first and the last zoom as 0-11, at most", arguments.zoom);
        Failure::usage(anyhow!("{form} {FINEST_ZOOM}"))
    })?;
    let territory = Territory::open(&arguments.file)?;
    let exportable = territory.exportable()?;
    let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.unwrap_or(NonZeroUsize::MIN);
    let start = Instant::now();
    let mut archive = Archive::default();
    let mut count = 0;
    for zoom in first..=last {
        let begun = Instant::now();
        let level = Level::new(&territory, zoom, zoom == last);
        let prepared = begun.elapsed().as_secs_f64();
        let mut tiles = compressed(&level, threads);
        tiles.sort_unstable_by_key(|(address, _)| *address);
        let before = archive.octets();
        tiles.iter().for_each(|(address, tile)| archive.add(*address, tile));
        count += tiles.len();
        let (seconds, octets) = (begun.elapsed().as_secs_f64(), archive.octets() - before);
        let largest = tiles.iter().map(|(_, tile)| tile.len()).max().unwrap_or(0);
        line(&format!(
            "zoom {zoom:>2} : {} tuiles/tiles ; {octets} octets, max {largest} ; {:.0} tuiles/s tiles/s ({prepared:.1} s + \
             {:.1} s) ; {} communes < 1 unité/unit ; {} croisements/crossings, {} discordances/mismatches, {} mal placés/misplaced ; \
             {} passes/rounds",
            tiles.len(),
            rate(tiles.len(), seconds - prepared),
            seconds - prepared,
            level.markers(),
            level.faults().crossings,
            level.faults().mismatches,
            level.faults().misplaced,
            level.rounds(),
        ))?;
    }
    let file = archive.finish(&About::of(&territory, &exportable, (first, last)));
    let part = part_of(&arguments.out)?;
    let written = std::fs::write(&part, &file).and_then(|()| std::fs::rename(&part, &arguments.out));
    if written.is_err() {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", arguments.out.display()))?;
    let seconds = start.elapsed().as_secs_f64();
    note(&format!(
        "{count} tuiles/tiles ; {} octets ; {seconds:.1} s ; {:.0} tuiles/s tiles/s ; COG {}",
        file.len(),
        rate(count, seconds),
        territory.vintage()
    ));
    Ok(())
}

/// The first and the last zoom of `FIRST-LAST`.
fn zooms(text: &str) -> Option<(u8, u8)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (u8, u8) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last <= FINEST_ZOOM).then_some((first, last))
}

/// All tiles of a zoom, compressed, in any order.
fn compressed(level: &Level, threads: NonZeroUsize) -> Vec<(TileAddress, Vec<u8>)> {
    let addresses: Vec<TileAddress> = level.addresses().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut tiles = Vec::new();
        while let Some(address) = addresses.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(tile) = level.tile(address.x, address.y) {
                tiles.push((*address, Archive::compressed(&tile)));
            }
        }
        tiles
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("drawing tiles does not panic")).collect()
    })
}

#[expect(clippy::cast_precision_loss, reason = "a count of tiles, for a rate")]
fn rate(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::zooms;

    #[test]
    fn zooms_are_a_range_or_one() {
        assert_eq!(zooms("0-11"), Some((0, 11)));
        assert_eq!(zooms("7"), Some((7, 7)));
        for wrong in ["", "7-5", "0-99", "a-b", "-1"] {
            assert_eq!(zooms(wrong), None, "{wrong}");
        }
    }
}
