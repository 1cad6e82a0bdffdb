//! What this probe remembers of its line, on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_measure::{LineMemory, Terms, calls_for_more_streams, sender_counters};
use desserte_model::{Direction, LimitedBy, RunMode, RunOutcome, StopReason, Throughput};
use serde::{Deserialize, Serialize};

use crate::files;

const FILE: &str = "line.json";

/// What this probe remembers of its line in each direction.
#[derive(Debug)]
pub(crate) struct Memory {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    download: LineMemory,
    upload: LineMemory,
}

impl Memory {
    /// Opens what was remembered. What cannot be read is learnt again: that costs octets and no truth.
    pub(crate) fn open(state_dir: &Path) -> Self {
        let path = state_dir.join(FILE);
        let read = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => Err(error),
        };
        let kept = read.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was remembered of the line cannot be read and is learnt again");
            Kept::default()
        });
        Self { path, kept }
    }

    pub(crate) const fn towards(&self, direction: Direction) -> &LineMemory {
        match direction {
            Direction::Download => &self.kept.download,
            Direction::Upload => &self.kept.upload,
        }
    }

    /// Learns from a run if there is something to learn: it lasted its planned time, or as long as its octets let it, and
    /// nobody else used the line.
    pub(crate) fn note_run(&mut self, run: &Throughput, planned: Duration) {
        let lasted = matches!(run.course.stop_reason, Some(StopReason::PlannedEnd | StopReason::ByteCeiling));
        let was_to_last = matches!(run.course.plan, Some(RunMode::Full | RunMode::Audit));
        let alone = !run.course.limited_by.contains(&LimitedBy::CrossTraffic);
        if run.outcome != RunOutcome::Complete || !lasted || !was_to_last || !alone {
            return;
        }
        let terms = Terms { connections: run.course.streams.unwrap_or(1), ..Terms::planned(planned) };
        let line = match run.direction {
            Direction::Download => &mut self.kept.download,
            Direction::Upload => &mut self.kept.upload,
        };
        let leaves_room = calls_for_more_streams(&run.course.limited_by);
        line.learn(&run.samples, sender_counters(run), terms, leaves_room);
        tracing::info!(
            direction = run.direction.code(),
            connections = terms.connections,
            hold_s = line.lessons(terms.connections).hold(planned).as_secs_f64(),
            one_leaves_room = line.one_leaves_room,
            "learnt how long this line must be watched"
        );
        if let Err(error) = self.store() {
            tracing::warn!(%error, "what was learnt of the line could not be kept");
        }
    }

    fn store(&self) -> io::Result<()> {
        files::replace(&self.path, &serde_json::to_vec(&self.kept)?, files::PUBLIC_MODE)
    }
}

#[cfg(test)]
mod tests {
    use desserte_model::{ByteSample, Protocol};

    use super::*;

    const PLANNED: Duration = Duration::from_secs(10);

    /// A full download that is throttled to half after three seconds.
    fn throttled(mode: RunMode) -> Throughput {
        let octets = |tenth: u64| tenth.min(30) * 2_500_000 + tenth.saturating_sub(30) * 1_250_000;
        let protocol = Protocol { name: "ndt7".to_owned(), version: "0.11.0".to_owned() };
        let host = "localhost:1".to_owned();
        let mut run = Throughput::unmeasured(Direction::Download, protocol, host, RunOutcome::Complete);
        run.samples =
            (1..=100).map(|tenth| ByteSample { elapsed_us: tenth * 100_000, bytes: octets(tenth) }).collect();
        run.course.plan = Some(mode);
        run.course.stop_reason = Some(StopReason::PlannedEnd);
        run
    }

    #[test]
    fn an_audit_teaches_and_is_remembered_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(folder.path());
        assert_eq!(memory.kept, Kept::default());
        memory.note_run(&throttled(RunMode::Audit), PLANNED);
        let again = Memory::open(folder.path());
        assert!(again.towards(Direction::Download).lessons(1).hold(PLANNED) > Duration::from_secs(6));
        assert_eq!(*again.towards(Direction::Upload), LineMemory::default());
    }

    #[test]
    fn runs_that_were_stopped_or_shared_teach_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(folder.path());
        let mut shared = throttled(RunMode::Audit);
        shared.course.limited_by.push(LimitedBy::CrossTraffic);
        memory.note_run(&shared, PLANNED);
        memory.note_run(&throttled(RunMode::Adaptive), PLANNED);
        assert_eq!(memory.kept, Kept::default());
    }

    #[test]
    fn a_damaged_memory_is_learnt_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        let mut memory = Memory::open(folder.path());
        memory.note_run(&throttled(RunMode::Full), PLANNED);
        assert_ne!(Memory::open(folder.path()).kept, Kept::default());
    }
}
