//! How far a drive is: passes of each cell and data used, on the disk before and after every run.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use desserte_model::Direction;
use desserte_units::{ByteCount, Timestamp};
use h3o::CellIndex;
use serde::{Deserialize, Serialize};

use super::plan::DrivePlan;
use crate::files;

/// Version of the file.
const SCHEMA: &str = "desserte-drive/1";

/// Cells of one drive: a week of roads, and a file that a card bears being written after each run.
const CELLS_MAX: usize = 5000;

/// What was done in a cell in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passes {
    pub(super) made: u32,
    /// The receiver's time of the last; absent when it gave none.
    last_utc_us: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cell {
    download: Passes,
    upload: Passes,
}

/// Why a drive's state cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgressError {
    #[error("the state of the drive in {} cannot be read or written", path.display())]
    Disk {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "the state of the drive in {} is damaged or of another version; give the drive another name, or move the file away to begin again",
        path.display()
    )]
    Damaged { path: PathBuf },
}

/// The state of a drive.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    used: ByteCount,
    /// Charged for a run under way.
    open: ByteCount,
    runs: u32,
    /// Runs that began and ended in different cells.
    crossed: u32,
    cells: BTreeMap<String, Cell>,
}

/// The state of a drive and the file it is kept in.
#[derive(Debug)]
pub(super) struct Progress {
    path: PathBuf,
    kept: Kept,
}

impl Progress {
    /// Opens the state of a drive of this name, or begins it. A run under way when the probe ended counts as sent whole.
    pub(super) fn open(state_dir: &Path, plan: &DrivePlan) -> Result<Self, ProgressError> {
        let path = state_dir.join(format!("drive-{}.json", plan.name));
        let nothing = || Kept {
            schema: SCHEMA.to_owned(),
            used: ByteCount::ZERO,
            open: ByteCount::ZERO,
            runs: 0,
            crossed: 0,
            cells: BTreeMap::new(),
        };
        let mut kept = match std::fs::read(&path) {
            Ok(text) => {
                let kept: Option<Kept> = serde_json::from_slice(&text).ok();
                match kept.filter(|kept| kept.schema == SCHEMA) {
                    Some(kept) => kept,
                    None => return Err(ProgressError::Damaged { path }),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => nothing(),
            Err(source) => return Err(ProgressError::Disk { path, source }),
        };
        kept.used = plus(kept.used, kept.open);
        kept.open = ByteCount::ZERO;
        Ok(Self { path, kept })
    }

    /// What is left of the drive's data.
    pub(super) fn left(&self, plan: &DrivePlan) -> ByteCount {
        let used = plus(self.kept.used, self.kept.open).as_bytes();
        ByteCount::from_bytes(plan.bound.as_bytes().saturating_sub(used))
    }

    /// The direction that a run here and now would count for, that with fewer passes first, here and then over all; `None` when
    /// there is nothing to do here yet.
    pub(super) fn wanted(
        &self,
        plan: &DrivePlan,
        cell: CellIndex,
        now: Option<Timestamp>,
    ) -> Option<Direction> {
        let is_listed = plan.cells.is_empty() || plan.cells.contains(&cell);
        let known = self.kept.cells.get(&cell.to_string()).copied();
        if !is_listed || (known.is_none() && self.kept.cells.len() >= CELLS_MAX) {
            return None;
        }
        let known = known.unwrap_or_default();
        let fewest = [(Direction::Download, known.download), (Direction::Upload, known.upload)];
        let open = fewest
            .into_iter()
            .filter(|(_, passes)| passes.made < plan.passes && is_apart(*passes, plan, now));
        open.min_by_key(|(direction, passes)| (passes.made, self.all_passes(*direction)))
            .map(|(direction, _)| direction)
    }

    fn all_passes(&self, direction: Direction) -> u32 {
        self.kept.cells.values().map(|cell| cell.towards(direction).made).sum()
    }

    /// Passes of a cell in a direction.
    pub(super) fn passes(&self, cell: CellIndex, direction: Direction) -> u32 {
        self.kept.cells.get(&cell.to_string()).map_or(0, |cell| cell.towards(direction).made)
    }

    /// Whether every cell of the plan's list has its passes; never without a list.
    pub(super) fn is_complete(&self, plan: &DrivePlan) -> bool {
        let done = |cell: &CellIndex| {
            [Direction::Download, Direction::Upload].iter().all(|one| self.passes(*cell, *one) >= plan.passes)
        };
        !plan.cells.is_empty() && plan.cells.iter().all(done)
    }

    /// Charges a run's bound before it, on the disk.
    pub(super) fn charge(&mut self, bound: ByteCount) -> Result<(), ProgressError> {
        self.kept.open = bound;
        self.store()
    }

    /// Settles it after: what it cost, and the pass that it was, if it was one.
    pub(super) fn settle(&mut self, cost: ByteCount, pass: Option<Pass>) -> Result<(), ProgressError> {
        self.kept.open = ByteCount::ZERO;
        self.kept.used = plus(self.kept.used, cost);
        self.kept.runs += 1;
        if let Some(pass) = pass {
            let cell = self.kept.cells.entry(pass.cell.to_string()).or_default();
            let passes = match pass.direction {
                Direction::Download => &mut cell.download,
                Direction::Upload => &mut cell.upload,
            };
            *passes = Passes { made: passes.made + 1, last_utc_us: pass.utc };
            self.kept.crossed += u32::from(pass.crossed);
        }
        self.store()
    }

    pub(super) fn summary(&self, plan: &DrivePlan) -> Summary {
        let made = |cell: &Cell| cell.download.made.min(cell.upload.made);
        Summary {
            used: plus(self.kept.used, self.kept.open),
            runs: self.kept.runs,
            crossed: self.kept.crossed,
            cells: self.kept.cells.len(),
            complete: self.kept.cells.values().filter(|cell| made(cell) >= plan.passes).count(),
        }
    }

    fn store(&self) -> Result<(), ProgressError> {
        let disk = |source| ProgressError::Disk { path: self.path.clone(), source };
        let text = serde_json::to_vec(&self.kept).map_err(|error| disk(error.into()))?;
        // Cells tell where the kit was.
        files::replace(&self.path, &text, files::PRIVATE_MODE).map_err(disk)
    }
}

/// A run that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    pub(super) cell: CellIndex,
    pub(super) direction: Direction,
    pub(super) utc: Option<Timestamp>,
    /// Whether it began in one cell and ended in another.
    pub(super) crossed: bool,
}

/// What is said of a drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) used: ByteCount,
    pub(super) runs: u32,
    pub(super) crossed: u32,
    pub(super) cells: usize,
    /// Cells with the wanted passes in both directions.
    pub(super) complete: usize,
}

impl Cell {
    const fn towards(&self, direction: Direction) -> Passes {
        match direction {
            Direction::Download => self.download,
            Direction::Upload => self.upload,
        }
    }
}

/// Whether a run now would be another pass. Without times two runs in one cell cannot be told apart, and the second is left out.
fn is_apart(passes: Passes, plan: &DrivePlan, now: Option<Timestamp>) -> bool {
    let gap_us = i64::try_from(plan.pass_gap.as_micros()).unwrap_or(i64::MAX);
    match (passes.made, passes.last_utc_us, now) {
        (0, ..) => true,
        (_, Some(last), Some(now)) => now.micros_since(last) >= gap_us,
        _ => false,
    }
}

fn plus(one: ByteCount, other: ByteCount) -> ByteCount {
    ByteCount::from_bytes(one.as_bytes().saturating_add(other.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(more: &str) -> DrivePlan {
        DrivePlan::parse(&format!("name = \"essai\"\nmegabytes = 100\n{more}")).unwrap()
    }

    fn cell(lon: f64) -> CellIndex {
        h3o::LatLng::new(46.17, lon).unwrap().to_cell(h3o::Resolution::Eight)
    }

    fn utc(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp::from_unix_secs(1_796_000_000 + seconds))
    }

    fn pass(cell: CellIndex, direction: Direction, seconds: i64) -> Option<Pass> {
        Some(Pass { cell, direction, utc: utc(seconds), crossed: false })
    }

    #[test]
    fn directions_take_turns_and_a_pass_is_another_only_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan("");
        let mut progress = Progress::open(folder.path(), &plan).unwrap();
        let (here, cost) = (cell(1.87), ByteCount::from_bytes(1_000_000));
        assert_eq!(progress.wanted(&plan, here, utc(0)), Some(Direction::Download));
        progress.settle(cost, pass(here, Direction::Download, 0)).unwrap();
        assert_eq!(progress.wanted(&plan, here, utc(10)), Some(Direction::Upload));
        progress.settle(cost, pass(here, Direction::Upload, 10)).unwrap();
        assert_eq!(progress.wanted(&plan, here, utc(20)), None);
        assert_eq!(progress.wanted(&plan, here, None), None);
        assert_eq!(progress.wanted(&plan, here, utc(605)), Some(Direction::Download));
        assert_eq!(progress.wanted(&plan, cell(1.97), utc(20)), Some(Direction::Download));
        progress.settle(cost, pass(here, Direction::Download, 605)).unwrap();
        progress.settle(cost, pass(here, Direction::Upload, 615)).unwrap();
        assert_eq!(progress.wanted(&plan, here, utc(90_000)), None, "twice was wanted");
        assert_eq!(progress.summary(&plan).complete, 1);
    }

    #[test]
    fn after_a_loss_of_power_the_drive_goes_on_and_the_run_under_way_counts_whole() {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan("");
        let mut progress = Progress::open(folder.path(), &plan).unwrap();
        progress.charge(plan.run_bound).unwrap();
        progress.settle(ByteCount::from_megabytes(5), pass(cell(1.87), Direction::Download, 0)).unwrap();
        progress.charge(plan.run_bound).unwrap();
        drop(progress);
        let again = Progress::open(folder.path(), &plan).unwrap();
        assert_eq!(again.left(&plan), ByteCount::from_megabytes(100 - 5 - 20));
        assert_eq!(again.passes(cell(1.87), Direction::Download), 1);
    }

    #[test]
    fn only_listed_cells_count_and_the_list_can_be_complete() {
        let folder = tempfile::tempdir().unwrap();
        let listed = cell(1.87);
        let plan = plan(&format!("passes = 1\ncells = [\"{listed}\"]\n"));
        let mut progress = Progress::open(folder.path(), &plan).unwrap();
        assert_eq!(progress.wanted(&plan, cell(1.97), utc(0)), None);
        for direction in [Direction::Download, Direction::Upload] {
            assert!(!progress.is_complete(&plan));
            progress.settle(ByteCount::ZERO, pass(listed, direction, 0)).unwrap();
        }
        assert!(progress.is_complete(&plan));
    }

    #[test]
    fn a_damaged_state_is_refused_rather_than_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("drive-essai.json"), b"{\"schema\":").unwrap();
        assert!(matches!(Progress::open(folder.path(), &plan("")), Err(ProgressError::Damaged { .. })));
    }
}
