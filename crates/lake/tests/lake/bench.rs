//! A store and its history in a directory of their own.

use std::path::Path;
use std::sync::Arc;

use desserte_lake::arrow::array::{Array as _, AsArray as _};
use desserte_lake::arrow::datatypes::Int64Type;
use desserte_lake::{FlushReport, History, Lake, LakeOptions, State, flush};
use desserte_model::{Observation, Record};
use desserte_store::{Store, StoreOptions};
use desserte_units::Timestamp;

use crate::common::{self, at, download, health, minute, record};

pub(crate) const DAY: i64 = 24 * 3600;

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Arc<Store>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = common::bench(StoreOptions::default());
        Self { dir: bench.dir, store: Arc::new(bench.store) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn keep(&self, records: Vec<Record>) {
        let expected = records.len() as u64;
        assert_eq!(self.store.ingest(common::batch(records)).unwrap().accepted, expected);
    }

    /// Keeps `count` records from number `first` on, a day apart from each other in threes: a download, a minute, a sign of life.
    pub(crate) fn keep_mixed(&self, first: u64, count: u64) {
        self.keep((first..first + count).map(|n| record(n, Some(when(n)), mixed(n))).collect());
    }

    pub(crate) async fn flush(&self) -> FlushReport {
        flush(&self.store, self.path(), &LakeOptions::default()).await.unwrap()
    }

    pub(crate) async fn history(&self) -> History {
        history(&self.store, self.path(), None).await
    }

    pub(crate) fn lake(&self) -> Lake {
        Lake::open(self.path(), self.store.history_generation().unwrap(), LakeOptions::default()).unwrap()
    }
}

pub(crate) fn when(n: u64) -> Timestamp {
    at(i64::try_from(n / 3).unwrap() * DAY + i64::try_from(n % 3).unwrap() * 60)
}

pub(crate) fn mixed(n: u64) -> Observation {
    match n % 3 {
        0 => download(10 + n),
        1 => minute(n.is_multiple_of(2)),
        _ => health(n),
    }
}

pub(crate) async fn history(store: &Arc<Store>, data: &Path, as_of: Option<i64>) -> History {
    History::open(store, data, &LakeOptions::default(), as_of.map(State::from)).await.unwrap()
}

/// The one number that a query gives; `None` for null.
pub(crate) async fn number(history: &History, sql: &str) -> Option<i64> {
    let batches = history.ask(sql).await.unwrap().collect().await.unwrap();
    let column = batches.iter().find(|batch| batch.num_rows() == 1).unwrap().column(0).clone();
    let numbers = column.as_primitive::<Int64Type>();
    (!numbers.is_null(0)).then(|| numbers.value(0))
}

/// Counts and sums over a table, which change if any row is lost, doubled or altered.
pub(crate) async fn fingerprint(history: &History, table: &str) -> [Option<i64>; 4] {
    let mut found = [None; 4];
    for (slot, what) in found.iter_mut().zip([
        "count(handover)",
        "count(DISTINCT handover)",
        "sum(sequence)",
        "CAST(sum(CAST(event_utc AS BIGINT) % 1000003) AS BIGINT)",
    ]) {
        *slot = number(history, &format!("SELECT {what} FROM {table}")).await;
    }
    found
}
