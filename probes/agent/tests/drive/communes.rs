//! Communes of places, by the collector's own program over real outlines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::rig::shared;

/// What is told of a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) commune: String,
    /// Other communes that the place may be in, its own among them; empty away from borders.
    pub(crate) candidates: Vec<String>,
}

/// The communes of some places that are off by so many metres at the most; `None` where the programs were not built.
pub(crate) fn of(folder: &Path, places: &[(f64, f64)], error_m: f64) -> Option<Vec<Told>> {
    let programs = PathBuf::from(std::env::var_os("DESSERTE_PROGRAMS")?);
    let territory = folder.join("territory.dst");
    let outlines = shared("geodata/creuse-23/communes-23.geojson");
    let mut import = Command::new(programs.join("desserte-geodata"));
    import.args(["import", "--vintage", "2026", "--communes"]).arg(outlines).arg("--out").arg(&territory);
    done(&mut import);
    let (table, answer) = (folder.join("places.csv"), folder.join("communes.csv"));
    let row = |(lon, lat): &(f64, f64)| format!("{lon:.8},{lat:.8}\n");
    fs::write(&table, "lon,lat\n".to_owned() + &places.iter().map(row).collect::<String>()).unwrap();
    let mut locate = Command::new(programs.join("desserte"));
    locate.args(["locate", "--error", &error_m.to_string(), "--territory"]).arg(&territory);
    done(locate.arg("--out").arg(&answer).arg(&table));
    // lon, lat, commune, status, distance_m, candidates
    let told = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let candidates = cells[5].split_whitespace().map(str::to_owned).collect();
        Told { commune: cells[2].to_owned(), candidates }
    };
    Some(fs::read_to_string(&answer).unwrap().lines().skip(1).map(told).collect())
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
