//! Rounds of `kill -9` on one directory that lives through all of them, while records arrive.
//!
//! In every round a process takes records in and keeps the history at the same time, until it is killed: in one round after a
//! random while, in the next at a step of a flush, a compaction or a vacuum. Then every row is compared with what was
//! acknowledged. What was not acknowledged is sent again, as a probe does.
//!
//! A test run does a few rounds; `cargo xtask kill-rounds --rounds 500 --seed 1` does many.

mod child;
mod compare;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use desserte_lake::{Lake, LakeOptions, flush};
use desserte_store::{Store, StoreOptions};

use crate::bench::Bench;
use child::{DIRECTORY, FIRST, Stage, TARGET, batch_size};
use compare::Ledger;

/// How many rounds, and the seed of their moments.
const ROUNDS: &str = "DESSERTE_KILL_ROUNDS";
const SEED: &str = "DESSERTE_KILL_SEED";

/// Rounds of an ordinary test run: one of each stage, as many at random.
const ROUNDS_DEFAULT: u64 = 6;

/// The longest that a round at random lasts: on a quiet machine some flushes and a compaction.
const LIFE_MAX: Duration = Duration::from_millis(1_500);

/// Steps of a stage that are gone through one after the other before the first comes again.
const STEPS: u64 = 48;

/// Every so many rounds each file is read by itself as well.
const CHECK_EVERY: u64 = 10;

const KILL: i32 = 9;

/// When a round's process ends.
#[derive(Debug, Clone, Copy)]
enum End {
    After(Duration),
    At(Stage, u64),
}

/// What a round's process said before it ended.
#[derive(Default)]
struct Said {
    acknowledged: u64,
    last_step: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_once_after_every_kill() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (rounds, seed) = (number(ROUNDS).unwrap_or(ROUNDS_DEFAULT), number(SEED).unwrap_or(1));
    let begun = Instant::now();
    let bench = Bench::new();
    let data = bench.path().to_owned();
    drop(bench.store);
    let mut ledger = Ledger::default();
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..rounds {
        let end = end_of(round, seed);
        let said = live_and_die(&data, ledger.acknowledged, end);
        ledger.acknowledge(said.acknowledged);
        let place = if said.last_step.is_empty() { "before any step" } else { &said.last_step };
        *ends.entry(place.to_owned()).or_default() += 1;
        let round = format!("round {round} of seed {seed}, {end:?}, killed after: {place}");
        let store = Arc::new(Store::open(&data, StoreOptions::default()).unwrap());
        ledger.compare(&store, &data, &round).await;
        if ends.values().sum::<u64>().is_multiple_of(CHECK_EVERY) {
            check(&store, &data, &round).await;
            eprintln!("{round}: {} records, all well", ledger.acknowledged);
        }
    }
    // What the last process left is handed over, and then all of it is there.
    let store = Arc::new(Store::open(&data, StoreOptions::default()).unwrap());
    flush(&store, &data, &LakeOptions::default()).await.unwrap();
    assert_eq!(store.handover_waiting().unwrap(), 0);
    ledger.compare(&store, &data, "after the last round").await;
    check(&store, &data, "after the last round").await;
    eprintln!(
        "{rounds} rounds of kill -9, seed {seed}, {:.0} s: {} records acknowledged, {} batches kept without an \
         acknowledgement and sent again; every count and checksum equal after every round",
        begun.elapsed().as_secs_f64(),
        ledger.acknowledged,
        ledger.sent_again
    );
    for (place, count) in ends {
        eprintln!("{count:>5}  {place}");
    }
}

/// Rounds at random and rounds at a step take turns; stages too, each going through its steps.
fn end_of(round: u64, seed: u64) -> End {
    if round.is_multiple_of(2) {
        let share = child::scatter(seed.wrapping_mul(1_000_003).wrapping_add(round)) % 1_000;
        return End::After(LIFE_MAX * u32::try_from(share).unwrap() / 1_000);
    }
    let turn = round / 2;
    let stage = Stage::ALL[usize::try_from(turn % 3).unwrap()];
    End::At(stage, (turn / 3 + seed) % STEPS)
}

/// Starts a process that takes in records from number `first` on and keeps the history, and kills it.
fn live_and_die(data: &Path, first: u64, end: End) -> Said {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "rounds::child::child", "--ignored", "--nocapture"])
        .env(DIRECTORY, data)
        .env(FIRST, first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let End::At(stage, step) = end {
        command.env(TARGET, format!("{} {step}", stage.name()));
    }
    let mut process = command.spawn().unwrap();
    let (ready, is_ready) = mpsc::channel();
    let errors = process.stderr.take().unwrap();
    let listener = std::thread::spawn(move || {
        let (mut said, mut rest) = (Said { acknowledged: first, ..Said::default() }, Vec::new());
        for line in BufReader::new(errors).lines().map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("ready", _)) => drop(ready.send(())),
                Some(("ack", to)) => said.acknowledged = to.parse().unwrap(),
                Some(("step", what)) => said.last_step = what.to_owned(),
                _ => rest.push(line),
            }
        }
        (said, rest)
    });
    if let End::After(life) = end
        && is_ready.recv().is_ok()
    {
        std::thread::sleep(life);
        process.kill().unwrap();
    }
    let status = process.wait().unwrap();
    let (said, rest) = listener.join().unwrap();
    assert_eq!(status.signal(), Some(KILL), "{end:?}: {status}: {}", rest.join("\n"));
    assert!(said.acknowledged >= first && said.acknowledged - first <= batch_size(first) * 100_000);
    said
}

async fn check(store: &Store, data: &Path, at: &str) {
    let generation = store.history_generation().unwrap();
    let report = Lake::open(data, generation, LakeOptions::default()).unwrap().check().await.unwrap();
    assert!(report.is_well(), "{at}: {report:?}");
}
