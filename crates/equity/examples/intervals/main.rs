//! How often intervals hold the truth, in simulated worlds whose tests depend on each other: docs/measurements/intervals.md.
//!
//! ```text
//! cargo run --release -p desserte-equity --example intervals -- 2000 199 docs/measurements
//! ```
//!
//! Arguments: worlds of each kind (0 makes table and figure of what the file has), draws of each world, the folder for `intervals.csv` (and from it the table and the figure), seed (34), threads. A kind
//! of world that the file has already is not done again.
#![allow(clippy::print_stderr, reason = "a program that tells how far it is")]
#![allow(clippy::disallowed_methods, reason = "a program, unlike the crate, has files")]

mod plot;
mod report;
mod trial;
mod world;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use desserte_equity::Comparison;

use report::Row;
use trial::{FIGURES, Fate, WAYS};
use world::World;

/// As rates are: half of the tests between 4.7 and 13.7 where the median is 8; seven days, two tests a day.
const USUAL: World =
    World { probes: 0, days: 7, tests: 2, sigma: 0.8, shares: [0.6, 0.1], uneven: false, factor: 1.0 };

/// Kinds of worlds by name, with the numbers of probes that they come in.
const KINDS: [(&str, World, &[u32]); 9] = [
    ("usual", USUAL, &[50, 12, 20, 30]),
    ("heavy skew", World { sigma: 1.2, ..USUAL }, &[50, 20, 75, 100, 200]),
    ("usual", USUAL, &[100, 6, 75]),
    ("uneven probes", World { uneven: true, ..USUAL }, &[100, 20, 50]),
    ("usual", USUAL, &[150, 200]),
    ("hardly dependent", World { shares: [0.05, 0.25], ..USUAL }, &[50, 20, 100]),
    ("light skew", World { sigma: 0.3, ..USUAL }, &[50, 20, 75, 100, 200]),
    ("public zone better", World { factor: 1.5, ..USUAL }, &[50, 30]),
    ("usual", USUAL, &[300]),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: u64| arguments.get(at).map_or(Ok(usual), |text| text.parse());
    let (worlds, draws, seed) = (number(0, 2_000)?, number(1, 199)?, number(3, 34)?);
    let threads = number(4, thread::available_parallelism().map_or(1, |threads| threads.get() as u64))?;
    let folder = PathBuf::from(arguments.get(2).map_or("target/intervals", String::as_str));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("intervals.csv");
    let mut rows = Row::read(&std::fs::read_to_string(&file).unwrap_or_default());
    for (place, (kind, world, counts)) in (0..).zip(KINDS) {
        for probes in counts {
            if worlds == 0 || rows.iter().any(|row| row.kind == kind && row.probes == *probes) {
                continue;
            }
            eprintln!("{kind}, {probes} probes");
            rows.extend(study(
                kind,
                &World { probes: *probes, ..world },
                seed + 1_000 * place + u64::from(*probes),
                (worlds, draws),
                threads,
            ));
            std::fs::write(&file, Row::write(&rows))?;
        }
    }
    std::fs::write(folder.join("intervals.svg"), plot::draw(&rows))?;
    std::fs::write(folder.join("intervals-tables.md"), report::tables(&rows))?;
    Ok(())
}

/// All worlds of a kind, on several threads.
fn study(kind: &str, world: &World, seed: u64, (worlds, draws): (u64, u64), threads: u64) -> Vec<Row> {
    let empty = || {
        vec![
            Row { kind: kind.to_owned(), probes: world.probes, worlds, draws, ..Row::default() };
            FIGURES.len() * WAYS.len()
        ]
    };
    let next = AtomicU64::new(0);
    let some = || {
        let mut rows = empty();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= worlds {
                return rows;
            }
            let found = trial::trial(world, seed, number, draws);
            for (way, fates) in found.fates.iter().enumerate() {
                for (figure, fate) in fates.iter().enumerate() {
                    let row = &mut rows[way * FIGURES.len() + figure];
                    match fate {
                        Fate::NotTried => {}
                        Fate::Holds => row.holds += 1,
                        Fate::Above => row.above += 1,
                        Fate::Below => row.below += 1,
                        Fate::Withheld => row.withheld += 1,
                    }
                    match found.said {
                        Some(Comparison::Higher) => row.second_higher += 1,
                        Some(Comparison::Lower) => row.first_higher += 1,
                        _ => {}
                    }
                }
            }
        }
    };
    let mut rows = empty();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|_| scope.spawn(some)).collect();
        for part in parts {
            for (row, own) in rows.iter_mut().zip(part.join().expect("a world does not panic")) {
                row.add(&own);
            }
        }
    });
    for (at, row) in rows.iter_mut().enumerate() {
        row.way = WAYS[at / FIGURES.len()].to_owned();
        row.figure = FIGURES[at % FIGURES.len()].0.to_owned();
    }
    rows
}
