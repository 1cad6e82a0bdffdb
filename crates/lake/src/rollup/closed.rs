//! Days that are closed: rows that they were added up from are erased, so that they are never computed again.

use datafusion::prelude::col;
use deltalake::kernel::Action;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::DeltaWriter as _;
use futures_util::TryStreamExt as _;

use super::Rollup;
use crate::retention::{day_number, day_text};
use crate::schema::{COMMUNE, DAY, HANDOVER, Kept};
use crate::table::{self, OpenTable, failed};
use crate::{Lake, LakeError, LakeFile};

/// The name under which a rollup's log keeps the first day that is not closed.
const CLOSED_APPLICATION: &str = "desserte-closed-before";

/// Days carried over in one commit: each is a file that is being written.
const DAYS_AT_ONCE: usize = 31;

impl OpenTable {
    /// The first day of a rollup that is not closed; `None` while none is.
    pub(crate) async fn closed_before(&self) -> Result<Option<String>, LakeError> {
        Ok(self.number_of(CLOSED_APPLICATION).await?.map(day_text))
    }
}

/// Takes the days that are closed out of some.
pub(super) fn open_only(days: &mut Vec<String>, closed_before: Option<&str>) {
    if let Some(first) = closed_before {
        // Events that only a wrong clock can date are on no day: `other` sorts after all of them, and is always open.
        days.retain(|day| day.as_str() >= first);
    }
}

impl Lake {
    /// Adds up everything, then closes the days before `first`. False when there is nothing yet, or another process was faster.
    pub(crate) async fn close_before(&self, first: &str) -> Result<bool, LakeError> {
        let Some(state) = self.roll_up(&|_, _, _| ()).await?.state else { return Ok(false) };
        let collectors = self.collectors().await?;
        for rollup in Rollup::ALL {
            let open = table::open_or_create(self, rollup.into()).await?;
            // Whoever was faster has seen other rows, which are added up by the next attempt.
            if open.state(&collectors).await? != state {
                return Ok(false);
            }
            if open.closed_before().await?.is_some_and(|closed| closed.as_str() >= first) {
                continue;
            }
            close(&open, Vec::new(), first).await?;
        }
        Ok(true)
    }

    /// Carries the days that are closed in an earlier generation into this one, which has no rows to compute them from.
    pub(super) async fn carry_closed(&self) -> Result<(), LakeError> {
        for rollup in Rollup::ALL {
            if let Some(open) = table::open(self, rollup).await?
                && open.closed_before().await?.is_some()
            {
                continue;
            }
            let Some((earlier, first)) = self.earlier_closed(rollup).await? else { continue };
            let (mut files, _) = earlier.kept(rollup.into()).await?;
            files.retain(|file| file.partition < first);
            files.sort_by(|a, b| (&a.partition, &a.location).cmp(&(&b.partition, &b.location)));
            let mut days: Vec<&str> = files.iter().map(|file| file.partition.as_str()).collect();
            days.dedup();
            for set in days.chunks(DAYS_AT_ONCE) {
                let of_set =
                    files.iter().filter(|file| set.contains(&file.partition.as_str())).cloned().collect();
                self.carry(rollup, set, of_set).await?;
            }
            let open = table::open_or_create(self, rollup.into()).await?;
            close(&open, Vec::new(), &first).await?;
            tracing::info!(rollup = rollup.name(), days = days.len(), %first, "carried over days whose rows are erased");
        }
        Ok(())
    }

    /// The latest generation before this one that has closed days of a rollup, with the first day that is not closed.
    async fn earlier_closed(&self, rollup: Rollup) -> Result<Option<(Self, String)>, LakeError> {
        let numbers = self.numbers().await?;
        for number in numbers.into_iter().rev().filter(|number| *number < self.generation()) {
            let lake = self.of_generation(number);
            if let Some(open) = table::open(&lake, rollup).await?
                && let Some(first) = open.closed_before().await?
            {
                return Ok(Some((lake, first)));
            }
        }
        Ok(None)
    }

    /// Puts days of another generation in the place of what this one has of them.
    async fn carry(&self, rollup: Rollup, days: &[&str], files: Vec<LakeFile>) -> Result<(), LakeError> {
        let kept = Kept::from(rollup);
        let open = table::open_or_create(self, kept).await?;
        let snapshot = open.delta.snapshot().map_err(failed("reading", &open.path))?;
        let mut actions: Vec<Action> = snapshot
            .log_data()
            .iter()
            .filter(|view| days.contains(&LakeFile::of(view, &open.root, kept).partition.as_str()))
            .map(|view| Action::Remove(view.remove_action(true)))
            .collect();
        let wrap = LakeError::query("carrying over days");
        let order = [COMMUNE, rollup.time(), HANDOVER].map(|name| col(name).sort(true, false));
        let frame = open
            .session()?
            .read_table(open.reading(files))
            .and_then(|frame| frame.sort(order.to_vec()))
            .map_err(&wrap)?;
        let mut rows = frame.execute_stream().await.map_err(&wrap)?;
        let mut writer = open.writer()?;
        while let Some(batch) = rows.try_next().await.map_err(&wrap)? {
            writer.write(batch).await.map_err(failed("writing", &open.path))?;
        }
        let adds = writer.flush().await.map_err(failed("writing", &open.path))?;
        actions.extend(adds.into_iter().map(Action::Add));
        open.commit(actions, operation(), None).await.map_err(failed("committing to", &open.path))
    }
}

fn operation() -> DeltaOperation {
    DeltaOperation::Write {
        mode: SaveMode::Overwrite,
        partition_by: Some(vec![DAY.to_owned()]),
        predicate: None,
    }
}

async fn close(open: &OpenTable, actions: Vec<Action>, first: &str) -> Result<(), LakeError> {
    let Some(number) = day_number(first) else { return Ok(()) };
    open.commit_noting(actions, operation(), &[(CLOSED_APPLICATION, number)])
        .await
        .map_err(failed("committing to", &open.path))
}
