//! The plan of a drive, read into values that cannot be wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use desserte_units::ByteCount;
use h3o::{CellIndex, Resolution};
use serde::Deserialize;

use crate::config::ConfigFault;

/// The commented plan. It shows every key, which is how misspelt ones are recognised.
pub(super) const TEMPLATE: &str = include_str!("../../../profiles/mobile-kit/drive.toml");

/// Longest name: it is part of a file's.
const NAME_MAX: usize = 40;

/// Longest transfer that ndt7 lets a peer expect (section 2, 13 s).
const RUN_MAX_S: f64 = 13.0;

/// Longest that two runs in one cell may have to lie apart: a day.
const GAP_MAX_S: f64 = 86_400.0;

/// A place less sure than this says nothing of a cell.
const UNCERTAINTY_MAX_M: f64 = 1000.0;

/// What a drive is to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DrivePlan {
    pub(super) name: String,
    pub(super) bound: ByteCount,
    pub(super) run_bound: ByteCount,
    pub(super) run_length: Duration,
    pub(super) connections: u16,
    pub(super) passes: u32,
    pub(super) pass_gap: Duration,
    pub(super) resolution: Resolution,
    /// Empty: wherever the way leads.
    pub(super) cells: BTreeSet<CellIndex>,
    pub(super) uncertainty_max_m: f64,
    pub(super) operator: Option<String>,
}

#[derive(Debug, Deserialize)]
struct File {
    name: String,
    megabytes: u32,
    run_megabytes: Option<u32>,
    run_s: Option<f64>,
    connections: Option<u16>,
    passes: Option<u32>,
    pass_gap_s: Option<f64>,
    resolution: Option<u8>,
    #[serde(default)]
    cells: Vec<String>,
    uncertainty_max_m: Option<f64>,
    operator: Option<String>,
}

impl DrivePlan {
    /// Reads a file.
    pub(super) fn load(path: &Path) -> Result<Self, ConfigFault> {
        desserte_boot::config::load::<File>(path, TEMPLATE).map_err(ConfigFault::File)?.check()
    }

    #[cfg(test)]
    pub(super) fn parse(text: &str) -> Result<Self, ConfigFault> {
        desserte_boot::config::parse::<File>(text, TEMPLATE, "drive.toml").map_err(ConfigFault::File)?.check()
    }
}

impl File {
    fn check(self) -> Result<DrivePlan, ConfigFault> {
        let fault = |key: &str, why: &str| ConfigFault::Value { key: key.to_owned(), why: why.to_owned() };
        let name_is_fit = !self.name.is_empty()
            && self.name.len() <= NAME_MAX
            && self.name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        if !name_is_fit {
            return Err(fault("name", "expected 1 to 40 letters, digits and hyphens"));
        }
        let run_megabytes = self.run_megabytes.unwrap_or(20);
        if run_megabytes == 0 || run_megabytes > self.megabytes {
            return Err(fault("run_megabytes", "expected at least 1, and no more than `megabytes`"));
        }
        let within = |key: &str, given: Option<f64>, default: f64, least: f64, most: f64| {
            let value = given.unwrap_or(default);
            let fits = (least..=most).contains(&value);
            fits.then_some(value).ok_or_else(|| fault(key, &format!("expected {least} to {most}")))
        };
        let run_s = within("run_s", self.run_s, 5.0, 1.0, RUN_MAX_S)?;
        let gap_s = within("pass_gap_s", self.pass_gap_s, 600.0, 1.0, GAP_MAX_S)?;
        let connections = self.connections.unwrap_or(4);
        if !(1..=8).contains(&connections) {
            return Err(fault("connections", "expected 1 to 8"));
        }
        let passes = self.passes.unwrap_or(2);
        if !(1..=1000).contains(&passes) {
            return Err(fault("passes", "expected 1 to 1000"));
        }
        let resolution = self.resolution.unwrap_or(8);
        if !(6..=10).contains(&resolution) {
            return Err(fault("resolution", "expected 6 to 10"));
        }
        let resolution =
            Resolution::try_from(resolution).map_err(|_| fault("resolution", "expected 6 to 10"))?;
        let cell = |text: &String| {
            let cell: Option<CellIndex> = text.parse().ok();
            cell.filter(|cell| cell.resolution() == resolution)
                .ok_or_else(|| fault("cells", &format!("`{text}` is no H3 cell of resolution {resolution}")))
        };
        let operator = self.operator.filter(|code| !code.is_empty());
        if operator.as_ref().is_some_and(|code| {
            !(5..=6).contains(&code.len()) || !code.bytes().all(|octet| octet.is_ascii_digit())
        }) {
            return Err(fault(
                "operator",
                "expected country and operator code, five or six digits such as 20801",
            ));
        }
        Ok(DrivePlan {
            bound: ByteCount::from_megabytes(u64::from(self.megabytes)),
            run_bound: ByteCount::from_megabytes(u64::from(run_megabytes)),
            run_length: Duration::from_secs_f64(run_s),
            connections,
            passes,
            pass_gap: Duration::from_secs_f64(gap_s),
            resolution,
            cells: self.cells.iter().map(cell).collect::<Result<_, _>>()?,
            uncertainty_max_m: within(
                "uncertainty_max_m",
                self.uncertainty_max_m,
                50.0,
                1.0,
                UNCERTAINTY_MAX_M,
            )?,
            operator,
            name: self.name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_as_shown_is_the_plan_by_default() {
        let shown: String = TEMPLATE
            .lines()
            .map(|line| {
                line.strip_prefix('#')
                    .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
                    .unwrap_or(line)
            })
            .fold(String::new(), |text, line| text + line + "\n");
        assert_eq!(DrivePlan::parse(TEMPLATE).unwrap(), DrivePlan::parse(&shown).unwrap());
    }

    #[test]
    fn values_that_mean_nothing_are_refused_with_their_key() {
        let least = "name = \"a\"\nmegabytes = 100\n";
        let cases = [
            ("name = \"../a\"\nmegabytes = 100\n".to_owned(), "`name`"),
            ("name = \"a\"\nmegabytes = 10\n".to_owned(), "`run_megabytes`"),
            (format!("{least}run_s = 14.0\n"), "`run_s`"),
            (format!("{least}connections = 0\n"), "`connections`"),
            (format!("{least}passes = 0\n"), "`passes`"),
            (format!("{least}resolution = 12\n"), "`resolution`"),
            (format!("{least}cells = [\"891f16a0003ffff\"]\n"), "`cells`"),
            (format!("{least}cells = [\"Guéret\"]\n"), "`cells`"),
            (format!("{least}uncertainty_max_m = nan\n"), "`uncertainty_max_m`"),
            (format!("{least}operator = \"Orange\"\n"), "`operator`"),
            (format!("{least}pases = 2\n"), "`passes`"),
        ];
        for (text, key) in cases {
            let message = DrivePlan::parse(&text).unwrap_err().to_string();
            assert!(message.contains(key), "{key}: {message}");
        }
    }
}
