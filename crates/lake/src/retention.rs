//! Erasing rows whose time is over, so that what was added up of them stays (docs/spec/retention.md).

use std::collections::BTreeSet;

use datafusion::prelude::{Expr, col, lit};
use deltalake::protocol::DeltaOperation;
use desserte_store::HandoverTable;

use crate::rewrite::{Doomed, rewrite_without};
use crate::schema::{Kept, PROBE};
use crate::table::{self, failed};
use crate::{Lake, LakeError, LakeFile, Rollup, Work};

/// The name under which a table's log keeps the day before which rows of homes are erased in it.
const KEPT_FROM_APPLICATION: &str = "desserte-kept-from";

/// The partition of rows that only a wrong clock can have dated: nobody can say how old they are.
const UNDATABLE: &str = "other";

/// What is no longer kept of probes at homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsKeptFrom {
    /// Rows of months before this one go: `2025-10`.
    pub month: String,
    /// Hours of days before this one go: `2023-11-23`; `None`: none is as old.
    pub day: Option<String>,
}

/// Which probes stand at homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Homes {
    /// All but these, the identifiers of those in public buildings: where one store knows every probe, and the erased ones are of nobody.
    AllBut(BTreeSet<String>),
    /// These: where other collectors have probes that this store does not know.
    Only(BTreeSet<String>),
}

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetainedRows {
    /// Files that held such rows and were written again without. The old ones go with the vacuum that is due.
    pub rewritten: u64,
}

impl Lake {
    /// Erases rows of probes at homes when their time is over.
    ///
    /// Days that lose rows are added up before, and closed: their rollups stay as they are, whatever comes later. Ended anywhere, it is
    /// repeated from its beginning. Nothing may be handed over meanwhile; questions go on.
    ///
    /// # Errors
    /// When a table fails, or another process keeps the rollups at the same time; what was not erased then is erased by the next call.
    pub fn keep_within<'a>(&'a self, from: &'a RowsKeptFrom, homes: &'a Homes) -> Work<'a, RetainedRows> {
        Box::pin(async move {
            let mut report = RetainedRows::default();
            let doomed = Doomed { condition: of_homes(homes), told: "probes at homes".to_owned() };
            let first = format!("{}-01", from.month);
            let mut behind = Vec::new();
            for table in HandoverTable::ALL {
                if self.is_behind(table.into(), &first).await? {
                    behind.push(table);
                }
            }
            if !behind.is_empty() && !self.close_before(&first).await? {
                // Nothing was ever handed over, or another process adds up at this moment.
                return Ok(report);
            }
            for table in behind {
                let over = |file: &LakeFile| file.partition < from.month || file.partition == UNDATABLE;
                report.rewritten += rewrite_without(self, table.into(), &doomed, &over).await?;
                self.note(table.into(), &first).await?;
            }
            let hours = Kept::from(Rollup::SiteHour);
            if let Some(day) = &from.day
                && self.is_behind(hours, day).await?
            {
                let over = |file: &LakeFile| file.partition < *day;
                report.rewritten += rewrite_without(self, hours, &doomed, &over).await?;
                self.note(hours, day).await?;
            }
            Ok(report)
        })
    }

    /// Whether a table is there and may hold rows of homes from before a day.
    async fn is_behind(&self, kept: Kept, day: &str) -> Result<bool, LakeError> {
        let Some(open) = table::open(self, kept).await? else { return Ok(false) };
        Ok(open.number_of(&self.kept_from()).await? < day_number(day))
    }

    /// Each collector erases what its own probes sent.
    fn kept_from(&self) -> String {
        self.place().collector().application(KEPT_FROM_APPLICATION)
    }

    async fn note(&self, kept: Kept, day: &str) -> Result<(), LakeError> {
        let (Some(open), Some(number)) = (table::open(self, kept).await?, day_number(day)) else {
            return Ok(());
        };
        let operation = DeltaOperation::Delete { predicate: None };
        open.commit_noting(Vec::new(), operation, &[(&self.kept_from(), number)])
            .await
            .map_err(failed("committing to", &open.path))
    }
}

fn of_homes(homes: &Homes) -> Expr {
    let (probes, but) = match homes {
        Homes::AllBut(probes) => (probes, true),
        Homes::Only(probes) => (probes, false),
    };
    if probes.is_empty() {
        return lit(but);
    }
    col(PROBE).in_list(probes.iter().map(|probe| lit(probe.as_str())).collect(), but)
}

/// A day as a number that a table's log can keep: 20251001.
pub(crate) fn day_number(day: &str) -> Option<i64> {
    day.replace('-', "").parse().ok()
}

/// The day that such a number is of.
pub(crate) fn day_text(number: i64) -> String {
    format!("{:04}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100)
}
