//! Measures the store alone: how many records a second become durable, without HTTP and without signatures.
//!
//! `cargo run --release -p desserte-store --example store_ingest -- DIR`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measuring program"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;
use std::time::Instant;

use common::{at, batch, minute, record};
use desserte_store::{IncomingBatch, Store, StoreOptions};

/// Requests under way at once.
const CLIENTS: u64 = 16;

fn main() {
    let dir: PathBuf = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    for (size, batches) in [(1, 1_000), (100, 100)] {
        let dir = tempfile::tempdir_in(&dir).unwrap();
        let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
        common::register(&store, common::PROBE);
        let work: Vec<Vec<IncomingBatch>> = (0..CLIENTS)
            .map(|client| (0..batches).map(|number| made((client * batches + number) * size, size)).collect())
            .collect();
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for batches in work {
                let store = &store;
                scope.spawn(move || batches.into_iter().for_each(|batch| drop(store.ingest(batch).unwrap())));
            }
        });
        let rate = (CLIENTS * batches * size) as f64 / begun.elapsed().as_secs_f64();
        println!("store alone, {size} to a batch, {CLIENTS} clients: {rate:.0} records/s");
    }
}

fn made(first: u64, size: u64) -> IncomingBatch {
    let date = |n: u64| at(i64::try_from(n).unwrap());
    batch((first..first + size).map(|n| record(n, Some(date(n)), minute(true))).collect())
}
