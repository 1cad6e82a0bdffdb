//! Speedtest tiles of Ookla: averages of tests in squares, put to the communes that their centres lie in.
//!
//! The licence is a matter of the layout, not of the file's name: whatever has these columns is Ookla's, under CC BY-NC-SA 4.0, and
//! is never passed on.
//!
//! # Source
//! teamookla/ookla-open-data, README of 2026: fields `quadkey` (zoom 16), `avg_d_kbps`, `avg_u_kbps`, `avg_lat_ms`, `tests`, `devices`;
//! later files have the tile's centre as `tile_x` and `tile_y`.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::num::NonZeroUsize;

use desserte_model::{CommuneCode, LonLat};
use desserte_territory::{Place, Territory};

use crate::{Credit, Ledger, Nature};

/// Kilobits in a megabit.
const KILO: f64 = 1_000.0;

/// The zoom of tiles; a quadkey has as many digits.
const ZOOM: usize = 16;

/// One cell as its file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Its centre.
    pub at: LonLat,
    /// Mean of the tests' download, kbit/s.
    pub download_kbps: f64,
    /// Mean of the tests' upload, kbit/s; `None` where the file has no such column or number.
    pub upload_kbps: Option<f64>,
    /// Mean of the tests' latency, ms, as for `upload_kbps`.
    pub latency_ms: Option<f64>,
    /// Number of tests; `None` where the file does not say.
    pub tests: Option<u32>,
}

/// A cell in its commune.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedCell {
    /// The commune's place in the territory.
    pub row: usize,
    /// Mean of the tests' download, Mbit/s.
    pub download_mbit: f64,
    /// Number of tests, where the file says.
    pub tests: Option<u32>,
    /// Inhabitants that it stands for: the commune's, shared out over its cells by their tests, or evenly where one of them does not
    /// say how many. Zero where the commune's population is not known.
    pub inhabitants: f64,
}

/// Cells in their communes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Those that lie in a commune, in the order given.
    pub cells: Vec<PlacedCell>,
    /// Those that lie in none.
    pub outside: usize,
    /// Communes whose cells count evenly because a number of tests is missing.
    pub even: usize,
    credit: Credit,
}

/// Whom cells are owed to; always withheld.
#[must_use]
pub fn credit(vintage: Option<String>) -> Credit {
    Credit {
        title: "Speedtest by Ookla Global Fixed and Mobile Network Performance Maps".to_owned(),
        publisher: Some("Ookla".to_owned()),
        vintage,
        licence: Some("CC BY-NC-SA 4.0".to_owned()),
        withheld: true,
    }
}

/// The quarter that a file's name says: `…2023q2…`, or `year=2023/quarter=2`, or the day on which it begins, `2023-04-01_performance…`.
#[must_use]
pub fn quarter_of(path: &str) -> Option<String> {
    let year_at = |at: usize| path.get(at..at + 4).filter(|year| year.starts_with("20") && is_number(year));
    let told = |year: &str, quarter: u8| Some(format!("{year}-T{quarter}"));
    let digit = |octet: u8| (b'1'..=b'4').contains(&octet).then(|| octet - b'0');
    for at in 0..path.len() {
        let Some(year) = year_at(at) else { continue };
        let rest = &path.as_bytes()[at + 4..];
        match rest {
            [b'q' | b'Q', quarter, ..] => return told(year, digit(*quarter)?),
            [b'-', tens, ones, b'-', b'0', b'1', b'_', ..] => {
                let month = 10 * tens.wrapping_sub(b'0') + ones.wrapping_sub(b'0');
                return if (1..=12).contains(&month) { told(year, (month - 1) / 3 + 1) } else { None };
            }
            _ => {
                if let Some(quarter) = rest.strip_prefix(b"/quarter=").and_then(<[u8]>::first) {
                    return told(year, digit(*quarter)?);
                }
            }
        }
    }
    None
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
}

/// The centre of a tile by its quadkey; `None` if that is not sixteen digits from 0 to 3.
///
/// # Source
/// Bing Maps tile system: each digit is a bit of the row and a bit of the column, the first the highest.
#[must_use]
pub fn centre_of(quadkey: &str) -> Option<LonLat> {
    let (mut column, mut row) = (0_u32, 0_u32);
    if quadkey.len() != ZOOM {
        return None;
    }
    for digit in quadkey.bytes() {
        let bits = digit.checked_sub(b'0').filter(|bits| *bits < 4)?;
        column = 2 * column + u32::from(bits & 1);
        row = 2 * row + u32::from(bits >> 1);
    }
    let share = |place: u32| (f64::from(place) + 0.5) / f64::from(1_u32 << ZOOM);
    let latitude = ((1.0 - 2.0 * share(row)) * PI).sinh().atan();
    LonLat::new(360.0 * share(column) - 180.0, latitude.to_degrees()).ok()
}

/// Puts cells to the communes that their centres lie in.
#[must_use]
pub fn place(
    cells: &[Cell],
    territory: &Territory,
    vintage: Option<String>,
    threads: NonZeroUsize,
) -> Placed {
    let lon: Vec<f64> = cells.iter().map(|cell| cell.at.lon()).collect();
    let lat: Vec<f64> = cells.iter().map(|cell| cell.at.lat()).collect();
    let mut places = vec![Place::default(); cells.len()];
    territory.locate_columns(&lon, &lat, &mut places, threads);
    // For each commune: its cells, and its tests as long as all of them say how many.
    let mut sums: BTreeMap<usize, (f64, Option<f64>)> = BTreeMap::new();
    for (cell, row) in cells.iter().zip(&places).filter_map(|(cell, place)| Some((cell, place.row()?))) {
        let (count, tests) = sums.entry(row).or_insert((0.0, Some(0.0)));
        *count += 1.0;
        *tests = tests.zip(cell.tests).map(|(sum, tests)| sum + f64::from(tests));
    }
    for (_, tests) in sums.values_mut() {
        *tests = tests.filter(|tests| *tests > 0.0);
    }
    let population = |row| territory.commune_at(row).and_then(|commune| commune.population);
    let placed = cells.iter().zip(&places).filter_map(|(cell, place)| {
        let row = place.row()?;
        let (count, tests) = sums.get(&row)?;
        let share = match tests.zip(cell.tests) {
            Some((sum, tests)) => f64::from(tests) / sum,
            None => 1.0 / count,
        };
        let inhabitants = population(row).map_or(0.0, |people| share * f64::from(people));
        Some(PlacedCell { row, download_mbit: cell.download_kbps / KILO, tests: cell.tests, inhabitants })
    });
    let placed: Vec<PlacedCell> = placed.collect();
    Placed {
        outside: cells.len() - placed.len(),
        even: sums.values().filter(|(_, tests)| tests.is_none()).count(),
        cells: placed,
        credit: credit(vintage),
    }
}

impl Placed {
    /// Whom the cells are owed to.
    #[must_use]
    pub const fn credit(&self) -> &Credit {
        &self.credit
    }

    /// The mean download of each commune that has a cell, Mbit/s: the mean over its tests, or over its cells where their tests are not
    /// known.
    #[must_use]
    pub fn ledger(&self, territory: &Territory) -> Ledger {
        let mut sums: BTreeMap<CommuneCode, (f64, f64, f64, f64)> = BTreeMap::new();
        for cell in &self.cells {
            let Some(code) = territory.code_at(cell.row) else { continue };
            let (cells, total, tests, weighed) = sums.entry(code).or_default();
            let count = cell.tests.map_or(f64::NAN, f64::from);
            *cells += 1.0;
            *total += cell.download_mbit;
            *tests += count;
            *weighed += count * cell.download_mbit;
        }
        let mean = |(cells, total, tests, weighed): (f64, f64, f64, f64)| {
            if tests > 0.0 { weighed / tests } else { total / cells }
        };
        let values = sums.into_iter().map(|(code, sums)| (code, mean(sums))).collect();
        Ledger::new("ookla_download".to_owned(), "Mbit/s", Nature::Measured, self.credit.clone(), values)
    }
}

#[cfg(test)]
mod tests {
    use desserte_territory::synthetic;

    use super::*;

    fn cell(at: LonLat, download_kbps: f64, tests: Option<u32>) -> Cell {
        Cell { at, download_kbps, upload_kbps: None, latency_ms: None, tests }
    }

    fn inside(territory: &Territory, row: usize) -> LonLat {
        territory.outline(territory.code_at(row).unwrap()).unwrap().point_inside().unwrap()
    }

    #[test]
    fn a_commune_s_people_are_shared_out_by_tests_or_evenly_where_these_are_not_known() {
        let territory = synthetic::territory(1);
        let (first, second) = (inside(&territory, 0), inside(&territory, 1));
        let cells = [
            cell(first, 10_000.0, Some(30)),
            cell(first, 20_000.0, Some(10)),
            cell(second, 4_000.0, None),
            cell(second, 8_000.0, Some(1)),
            cell(LonLat::new(0.0, 0.0).unwrap(), 1.0, None),
        ];
        let placed = place(&cells, &territory, None, NonZeroUsize::MIN);
        assert_eq!((placed.outside, placed.even, placed.cells.len()), (1, 1, 4));
        let people = |row: usize| f64::from(territory.commune_at(row).unwrap().population.unwrap());
        let shares: Vec<f64> = placed.cells.iter().map(|cell| cell.inhabitants / people(cell.row)).collect();
        assert_eq!(shares, [0.75, 0.25, 0.5, 0.5]);
        let ledger = placed.ledger(&territory);
        let value = |row: usize| ledger.value(territory.code_at(row).unwrap());
        assert_eq!((value(0), value(1), value(2)), (Some(12.5), Some(6.0), None));
    }

    #[test]
    fn cells_are_compared_and_never_passed_on() {
        let territory = synthetic::territory(1);
        let cells = [cell(inside(&territory, 0), 10_000.0, None)];
        let ledger =
            place(&cells, &territory, Some("2023-T2".to_owned()), NonZeroUsize::MIN).ledger(&territory);
        let refusal = ledger.shareable().unwrap_err();
        assert!(refusal.to_string().contains("CC BY-NC-SA 4.0"), "{refusal}");
        assert!(ledger.credit().told().contains("2023-T2"));
    }

    #[test]
    fn the_centre_of_a_tile_follows_from_its_quadkey() {
        // Tile 33188, 22546 at zoom 16, in Paris; centre computed in Python by the other form of the formula, 2 atan(exp(y)) - pi/2.
        let column: u32 = 33_188;
        let row: u32 = 22_546;
        let digit = |at: u32| ((column >> at) & 1) + 2 * ((row >> at) & 1);
        let quadkey: String =
            (0..16).rev().map(|at| char::from(b'0' + u8::try_from(digit(at)).unwrap())).collect();
        let centre = centre_of(&quadkey).unwrap();
        assert!((centre.lon() - 2.309_875_488_281).abs() < 1e-9, "{centre}");
        assert!((centre.lat() - 48.855_679_899_769).abs() < 1e-9, "{centre}");
        assert_eq!(centre_of("012"), None);
        assert_eq!(centre_of("0123012301230124"), None);
    }

    #[test]
    fn the_quarter_is_read_off_a_file_s_name() {
        let check =
            |path: &str, expected: Option<&str>| assert_eq!(quarter_of(path).as_deref(), expected, "{path}");
        check("ookla-fixed-2023q2-drom.csv.gz", Some("2023-T2"));
        check("parquet/performance/type=fixed/year=2024/quarter=3/x.parquet", Some("2024-T3"));
        check("2020-10-01_performance_fixed_tiles.parquet", Some("2020-T4"));
        check("cells-été.csv", None);
    }
}
