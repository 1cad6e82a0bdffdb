//! Every row beside what it was made from.

use std::path::Path;
use std::sync::Arc;

use desserte_lake::History;
use desserte_lake::arrow::array::{Array as _, AsArray as _, RecordBatch};
use desserte_lake::arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use desserte_model::Observation;
use desserte_store::Store;
use sha2::{Digest as _, Sha256};

use super::child::{batch_size, event, made, observation};
use crate::bench::history;

/// What has been acknowledged.
#[derive(Default)]
pub(super) struct Ledger {
    /// Records 0 up to this one, which is not among them.
    pub(super) acknowledged: u64,
    /// Batches that were kept although the process was killed before it could say so.
    pub(super) sent_again: u64,
    /// The checksum of each record, acknowledged or sent.
    checksums: Vec<[u8; 32]>,
}

impl Ledger {
    pub(super) fn acknowledge(&mut self, up_to: u64) {
        self.acknowledged = up_to;
        for n in self.checksums.len() as u64..up_to + batch_size(up_to) {
            self.checksums.push(Sha256::digest(serde_json::to_vec(&made(n)).unwrap()).into());
        }
    }

    /// Each record acknowledged is in custody once, with its own checksum, and once in the table of its kind, at its own time. The
    /// one batch that was under way is there whole or not at all.
    pub(super) async fn compare(&mut self, store: &Arc<Store>, data: &Path, at: &str) {
        let history = history(store, data, None).await;
        let sql = "SELECT sequence, event_utc, sha256, handover FROM custody";
        let mut seen = vec![false; self.checksums.len()];
        let mut handover = std::collections::HashSet::new();
        for rows in ask(&history, sql).await {
            let (sequences, events) = sequence_and_event(&rows);
            let sums = rows.column(2).as_binary::<i32>();
            let numbers = rows.column(3).as_primitive::<Int64Type>();
            for row in 0..rows.num_rows() {
                let n = usize::try_from(sequences.value(row)).unwrap();
                assert!(n < seen.len(), "record {n} was never sent: {at}");
                assert!(!std::mem::replace(&mut seen[n], true), "record {n} twice in custody: {at}");
                assert!(handover.insert(numbers.value(row)), "number of record {n} twice: {at}");
                assert_eq!(sums.value(row), self.checksums[n], "checksum of record {n}: {at}");
                assert_eq!(events.value(row), event(n as u64).as_unix_micros(), "record {n}: {at}");
            }
        }
        let acknowledged = usize::try_from(self.acknowledged).unwrap();
        let lost = seen[..acknowledged].iter().position(|seen| !seen);
        assert_eq!(lost, None, "of {acknowledged} records acknowledged one is not in custody: {at}");
        let under_way = &seen[acknowledged..];
        assert!(under_way.iter().all(|seen| *seen == under_way[0]), "half a batch: {under_way:?}, {at}");
        self.sent_again += u64::from(under_way[0]);
        self.compare_kinds(&history, seen.iter().filter(|seen| **seen).count(), at).await;
    }

    async fn compare_kinds(&self, history: &History, records: usize, at: &str) {
        let mut seen = vec![false; records];
        for table in ["throughput", "latency_minute"] {
            for rows in ask(history, &format!("SELECT sequence, event_utc FROM {table}")).await {
                let (sequences, events) = sequence_and_event(&rows);
                for row in 0..rows.num_rows() {
                    let n = u64::try_from(sequences.value(row)).unwrap();
                    let is_run = matches!(observation(n), Observation::Throughput(_));
                    assert_eq!(is_run, table == "throughput", "record {n}: {at}");
                    let place = &mut seen[usize::try_from(n).unwrap()];
                    assert!(!std::mem::replace(place, true), "record {n} twice in {table}: {at}");
                    assert_eq!(events.value(row), event(n).as_unix_micros(), "record {n} in {table}: {at}");
                }
            }
        }
        let lost = seen.iter().position(|seen| !seen);
        assert_eq!(lost, None, "a record is in custody and in no table of its kind: {at}");
    }
}

type Columns<'a> = (
    &'a desserte_lake::arrow::array::PrimitiveArray<Int64Type>,
    &'a desserte_lake::arrow::array::PrimitiveArray<TimestampMicrosecondType>,
);

fn sequence_and_event(rows: &RecordBatch) -> Columns<'_> {
    assert_eq!(rows.column(0).null_count(), 0);
    (rows.column(0).as_primitive(), rows.column(1).as_primitive())
}

async fn ask(history: &History, sql: &str) -> Vec<RecordBatch> {
    history.ask(sql).await.unwrap().collect().await.unwrap()
}
