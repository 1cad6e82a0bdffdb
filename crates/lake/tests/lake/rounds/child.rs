//! The process that is killed: one thread takes records in, another keeps the history.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use desserte_lake::{Lake, LakeOptions, Watch, flush};
use desserte_model::{Observation, Record};
use desserte_store::{Store, StoreOptions};
use desserte_units::Timestamp;

use crate::bench::DAY;
use crate::common::{at, batch, download, minute, record};

/// Where, from which record on, and at which step of which stage it ends itself (without: it is ended by its parent).
pub(super) const DIRECTORY: &str = "LAKE_ROUND_DIRECTORY";
pub(super) const FIRST: &str = "LAKE_ROUND_FIRST";
pub(super) const TARGET: &str = "LAKE_ROUND_TARGET";

/// Between two batches, so that a directory lives through many rounds without growing beyond what is compared quickly.
const PAUSE: Duration = Duration::from_millis(15);

/// Batches after which a round's pauses become long: on a slow machine a round lasts, and need not make more rows for it.
const BATCHES: u32 = 100;
const LONG_PAUSE: Duration = Duration::from_millis(500);

/// Months that events are spread over: a flush writes as many files for each table.
const MONTHS: u64 = 2;

/// Records from one throughput run to the next.
const RUN_EVERY: u64 = 40;

/// What the history is being kept with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Flush,
    Compaction,
    Vacuum,
}

impl Stage {
    pub(super) const ALL: [Self; 3] = [Self::Flush, Self::Compaction, Self::Vacuum];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Compaction => "compaction",
            Self::Vacuum => "vacuum",
        }
    }
}

/// Numbers without a visible order (splitmix64's last step).
pub(super) fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Records in the batch that begins with record `first`: the same whenever it is sent.
pub(super) fn batch_size(first: u64) -> u64 {
    1 + scatter(first) % 6
}

pub(super) fn event(n: u64) -> Timestamp {
    let n = i64::try_from(n).unwrap();
    let month = n % i64::try_from(MONTHS).unwrap();
    at(month * 31 * DAY + n)
}

/// Minutes, and a run now and then: few tables in a flush, so that many rounds are done in an hour.
pub(super) fn observation(n: u64) -> Observation {
    if n.is_multiple_of(RUN_EVERY) { download(10 + n) } else { minute(n.is_multiple_of(2)) }
}

pub(super) fn made(n: u64) -> Record {
    record(n, Some(event(n)), observation(n))
}

#[test]
#[ignore = "the process that rounds kill"]
fn child() {
    let Some(data) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let target = std::env::var(TARGET).ok();
    let store = Arc::new(Store::open(&data, StoreOptions::default()).unwrap());
    say("ready to die");
    let taking = store.clone();
    std::thread::spawn(move || take_in(&taking, first));
    keep(&store, &data, target);
}

/// A whole line or nothing; without a listener there is nobody to end this process.
fn say(text: &str) {
    let line = format!("{text}\n");
    if std::io::stderr().write_all(line.as_bytes()).is_err() {
        std::process::exit(1);
    }
}

fn take_in(store: &Store, mut first: u64) {
    for batches in 0_u32.. {
        let next = first + batch_size(first);
        store.ingest(batch((first..next).map(made).collect())).unwrap();
        say(&format!("ack {next}"));
        first = next;
        std::thread::sleep(if batches < BATCHES { PAUSE } else { LONG_PAUSE });
    }
}

fn keep(store: &Arc<Store>, data: &Path, target: Option<String>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let generation = store.history_generation().unwrap();
    let watched = Stage::ALL.map(|stage| LakeOptions {
        retention: Duration::ZERO,
        watch: Some(watch(stage, target.as_deref().and_then(|text| step_of(stage, text)))),
        ..LakeOptions::default()
    });
    let [flushing, compacting, vacuuming] = &watched;
    let lake = |options: &LakeOptions| Lake::open(data, generation, options.clone()).unwrap();
    loop {
        runtime.block_on(async {
            flush(store, data, flushing).await.unwrap();
            lake(compacting).compact().await.unwrap();
            lake(vacuuming).vacuum().await.unwrap();
        });
    }
}

fn step_of(stage: Stage, target: &str) -> Option<u64> {
    target.strip_prefix(stage.name()).map(|step| step.trim().parse().unwrap())
}

/// Tells each step, and ends the process at step `last` of the stage.
fn watch(stage: Stage, last: Option<u64>) -> Watch {
    let steps = AtomicU64::new(0);
    Arc::new(move |what: &str| {
        say(&format!("step {}: {what}", stage.name()));
        if Some(steps.fetch_add(1, Ordering::SeqCst)) == last {
            let me = std::process::id().to_string();
            Command::new("kill").args(["-9", &me]).status().unwrap();
            // Nothing more may be done before the signal comes.
            loop {
                std::thread::park();
            }
        }
    })
}
