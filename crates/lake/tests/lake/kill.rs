//! `kill -9` at each change of a file.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use desserte_lake::{Lake, LakeOptions, flush};
use desserte_store::{Store, StoreOptions};

use crate::bench::{Bench, fingerprint, history};
use crate::common::{at, minute, record};
use crate::evolution;

/// What the child is to do, in which directory, and at which step it ends.
const DIRECTORY: &str = "LAKE_TEST_DIRECTORY";
const WORK: &str = "LAKE_TEST_WORK";
const STEP: &str = "LAKE_TEST_STEP";

const KILL: i32 = 9;

/// Steps in which compaction writes: two tables, each with a file, a commit, a checkpoint and its mark, before and after.
const WRITING_STEPS: u64 = 16;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the other tests kill"]
async fn child() {
    let Some(data) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let last: u64 = std::env::var(STEP).unwrap().parse().unwrap();
    let steps = AtomicU64::new(0);
    let watch = move |_: &str| {
        if steps.fetch_add(1, Ordering::SeqCst) == last {
            let me = std::process::id().to_string();
            Command::new("kill").args(["-9", &me]).status().unwrap();
            // Nothing more may be done before the signal comes.
            loop {
                std::thread::park();
            }
        }
    };
    let options =
        LakeOptions { retention: Duration::ZERO, watch: Some(Arc::new(watch)), ..LakeOptions::default() };
    let store = Arc::new(Store::open(&data, StoreOptions::default()).unwrap());
    match std::env::var(WORK).unwrap().as_str() {
        "flush" => drop(flush(&store, &data, &options).await.unwrap()),
        _ => {
            let lake = Lake::open(&data, store.history_generation().unwrap(), options).unwrap();
            lake.compact().await.unwrap();
            lake.vacuum().await.unwrap();
        }
    }
}

fn run(work: &str, data: &Path, step: u64) -> ExitStatus {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture"])
        .env(DIRECTORY, data)
        .env(WORK, work)
        .env(STEP, step.to_string())
        .output()
        .unwrap();
    let killed = output.status.signal() == Some(KILL);
    assert!(killed || output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.status
}

/// Each record is in custody once, and once in one of the other tables.
async fn assert_whole(store: &Arc<Store>, data: &Path, records: u64, at: &str) {
    let history = history(store, data, None).await;
    let records = records as i64;
    let sum = (0..records).sum::<i64>();
    let custody = fingerprint(&history, "custody").await;
    assert_eq!(custody[..3], [Some(records), Some(records), Some(sum)], "custody, {at}");
    let (mut rows, mut sums) = (0, 0);
    for table in ["throughput", "latency_minute", "probe_health"] {
        let found = fingerprint(&history, table).await;
        assert_eq!(found[0], found[1], "{table}, {at}");
        rows += found[0].unwrap_or(0);
        sums += found[2].unwrap_or(0);
    }
    assert_eq!((rows, sums), (records, sum), "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_lost_or_doubled_wherever_a_flush_is_killed() {
    let bench = Bench::new();
    let mut kept = 0;
    let mut killed = 0;
    for step in 0.. {
        bench.keep_mixed(kept, 3);
        kept += 3;
        let ended = run("flush", bench.path(), step);
        assert_whole(&bench.store, bench.path(), kept, &format!("flush killed at step {step}")).await;
        if ended.success() {
            break;
        }
        killed += 1;
    }
    eprintln!("a flush was killed at {killed} steps, {kept} records");
    assert!(killed > 10, "{killed}");
    bench.flush().await;
    assert_eq!(bench.store.handover_waiting().unwrap(), 0);
    assert_whole(&bench.store, bench.path(), kept, "all handed over").await;
    let report = bench.lake().check().await.unwrap();
    assert!(report.is_well(), "{report:?}");
    assert_eq!(report.tables.iter().map(|table| table.rows).sum::<u64>(), kept * 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_table_is_whole_wherever_the_flush_that_adds_its_columns_is_killed() {
    let bench = evolution::old_history();
    // Before and after the new columns, the new file, and its commit; the steps of the other tables are those of any flush.
    for step in 0..6 {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(bench.path(), copy.path());
        let store = Arc::new(Store::open(copy.path(), StoreOptions::default()).unwrap());
        let copied = Bench { dir: copy, store };
        let ended = run("flush", copied.path(), step);
        evolution::assert_whole(&copied).await;
        copied.flush().await;
        evolution::assert_whole(&copied).await;
        assert!(!ended.success(), "step {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_lost_or_doubled_wherever_upkeep_is_killed() {
    let bench = Bench::new();
    let mut kept = 0;
    // What is replaced may go at once: vacuum removes it in the same run.
    let options = LakeOptions { retention: Duration::ZERO, watch: None, ..LakeOptions::default() };
    // Nine small files of one month are worth putting together.
    for _ in 0..9 {
        bench.keep((kept..kept + 3).map(|n| record(n, Some(at(n as i64)), minute(true))).collect());
        kept += 3;
        flush(&bench.store, bench.path(), &options).await.unwrap();
    }
    let (mut step, mut killed) = (0, 0);
    loop {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(bench.path(), copy.path());
        let store = Arc::new(Store::open(copy.path(), StoreOptions::default()).unwrap());
        let ended = run("upkeep", copy.path(), step);
        assert_whole(&store, copy.path(), kept, &format!("upkeep killed at step {step}")).await;
        let lake = Lake::open(copy.path(), 1, LakeOptions::default()).unwrap();
        assert!(lake.check().await.unwrap().is_well(), "upkeep killed at step {step}");
        if ended.success() {
            break;
        }
        killed += 1;
        // The last steps remove one file after another; one in four of them will do.
        step += if step < WRITING_STEPS { 1 } else { 4 };
    }
    eprintln!("upkeep was killed at {killed} steps up to {step}, {kept} records");
    assert!(step > WRITING_STEPS, "{step}");
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
