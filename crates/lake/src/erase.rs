//! Erasing a probe's rows from every generation of the history, and every file that held one of them (docs/spec/erasure.md).

use std::path::Path;

use datafusion::prelude::{col, lit};
use deltalake::operations::vacuum::VacuumMode;
use desserte_store::HandoverTable;

use crate::rewrite::{Doomed, rewrite_without};
use crate::schema::{Kept, PROBE};
use crate::table::{self, OpenTable, failed};
use crate::{Lake, LakeError, LakeOptions, Rollup, Work};

/// What erasing a probe's rows did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedRows {
    /// Files that held a row of it and were written again without.
    pub rewritten: u64,
    /// Files removed from the disk: those, and whatever earlier compactions and rollups had replaced.
    pub removed: u64,
    /// Days of rollups computed again.
    pub days: u64,
}

impl Lake {
    /// Every generation that the history of a data directory has.
    ///
    /// # Errors
    /// When the place that it stands in cannot be read.
    pub fn generations<'a>(data: &'a Path, options: &'a LakeOptions) -> Work<'a, Vec<Self>> {
        Box::pin(async move {
            let any = Self::open(data, 0, options.clone())?;
            Ok(any.numbers().await?.into_iter().map(|number| any.of_generation(number)).collect())
        })
    }

    /// Erases every row of a probe, and of rollups what was computed with them; `probe` is its identifier.
    ///
    /// Nothing may be handed over meanwhile, and a question that is being answered may fail: its files are removed. Numbers up to
    /// which the history can be cited stay, but no longer mean the same rows. Ended anywhere, it is repeated from its beginning.
    ///
    /// # Errors
    /// When a table fails; what was not erased then is erased by the next call.
    pub fn erase_probe<'a>(&'a self, probe: &'a str) -> Work<'a, ErasedRows> {
        Box::pin(async move {
            // Rollups first: their days are found by the rows that are still there.
            let mut report = ErasedRows { days: self.roll_up_without(probe).await?, ..ErasedRows::default() };
            for table in HandoverTable::ALL {
                report.rewritten += rewrite_without(self, table.into(), &of_probe(probe), &|_| true).await?;
            }
            for kept in HandoverTable::ALL.map(Kept::from).into_iter().chain(Rollup::ALL.map(Kept::from)) {
                report.removed += self.remove_replaced(kept).await?;
            }
            Ok(report)
        })
    }

    /// Removes every file that the table does not consist of now, whatever its age.
    async fn remove_replaced(&self, kept: Kept) -> Result<u64, LakeError> {
        let Some(OpenTable { path, delta, .. }) = table::open(self, kept).await? else { return Ok(0) };
        // Among others, a file that no log names may be one that is being written.
        let mode = if self.others().await?.is_empty() { VacuumMode::Full } else { VacuumMode::Lite };
        let vacuum = delta
            .vacuum()
            .with_mode(mode)
            // Zero.
            .with_retention_period(Default::default())
            .with_enforce_retention_duration(false);
        let (_, metrics) = vacuum.await.map_err(failed("vacuuming", &path))?;
        Ok(metrics.files_deleted.len() as u64)
    }
}

/// The rows of a probe.
pub(crate) fn of_probe(probe: &str) -> Doomed {
    Doomed { condition: col(PROBE).eq(lit(probe)), told: format!("{PROBE} = '{probe}'") }
}
