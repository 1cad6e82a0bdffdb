//! A full disk: no acknowledgement, a readable error, and work again once there is room.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{at, batch, bench, minute, record, register};
use desserte_store::{Store, StoreError, StoreOptions};

fn some_records(from: u64) -> Vec<desserte_model::Record> {
    (from..from + 50).map(|n| record(n, Some(at(0)), minute(true))).collect()
}

/// Sends batches until the store refuses; gives what was acknowledged.
fn fill(store: &Store) -> (u64, StoreError) {
    let mut kept = 0;
    for round in 0..10_000 {
        match store.ingest(batch(some_records(round * 50))) {
            Ok(receipt) => kept += receipt.accepted,
            Err(error) => return (kept, error),
        }
    }
    panic!("the store never filled up");
}

#[test]
fn a_store_at_its_limit_says_so_and_keeps_exactly_what_it_acknowledged() {
    let bench = bench(StoreOptions { max_pages: Some(120) });
    let (kept, error) = fill(&bench.store);
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(kept > 0);
    assert_eq!(bench.store.record_counts().unwrap().0, kept);
    // It says so again, and reads go on.
    assert!(matches!(bench.store.ingest(batch(some_records(1_000_000))), Err(StoreError::Full(_))));
    assert_eq!(bench.store.record_counts().unwrap().0, kept);
}

/// A tmpfs of `size`, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "desserte-test"])
            .arg(dir.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_is_survived_without_reopening() {
    let Some(disk) = SmallDisk::mount("3m") else {
        assert!(std::env::var_os("CI").is_none(), "mounting a tmpfs needs root, which CI has");
        eprintln!("SKIPPED: mounting a tmpfs needs root");
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 1_000_000]).unwrap();
    let store = Store::open(disk.path(), StoreOptions::default()).unwrap();
    register(&store, common::PROBE);
    let (kept, error) = fill(&store);
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(matches!(store.check_writable(), Err(StoreError::Full(_)) | Ok(())));
    assert_eq!(store.record_counts().unwrap().0, kept);

    std::fs::remove_file(&ballast).unwrap();
    let receipt = store.ingest(batch(some_records(1_000_000))).unwrap();
    assert_eq!(receipt.accepted, 50);
    assert_eq!(store.record_counts().unwrap().0, kept + 50);
}
