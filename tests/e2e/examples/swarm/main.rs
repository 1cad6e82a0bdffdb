//! Ten thousand probes and one collector: a normal hour, then everybody at once after an outage; the same rows into PostgreSQL.
//!
//! `cargo xtask swarm` builds and runs it; what it found is in docs/measurements/swarm.md. Each probe has a key and an address of its own
//! (127.0.0.0/8), signs its batches, keeps a connection as long as the real one does, and comes back when it is told to, as the real one does.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a measuring program"
)]

mod figures;
mod fleet;
mod peer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use desserte_e2e::{Collector, territory};
use rusqlite::Connection;

use figures::{Host, Outcome, report};
use fleet::{Fleet, Load};

/// Between two uploads of a probe, as `upload.every_s` has it by default.
const EVERY: Duration = Duration::from_secs(300);

/// Records of an upload: one a minute.
const RECORDS: usize = 5;

/// Within this time everybody comes back after the outage.
const STORM: Duration = Duration::from_secs(10);

/// Records that wait by then: an hour's.
const BACKLOG: usize = 60;

struct Options {
    probes: usize,
    /// How many times faster than the clock the normal hour passes.
    compressed: u32,
    /// Minutes of the fleet's time.
    minutes: u32,
    folder: PathBuf,
    peer: bool,
}

impl Options {
    fn read() -> Self {
        let mut options =
            Self { probes: 10_000, compressed: 20, minutes: 60, folder: std::env::temp_dir(), peer: true };
        let words: Vec<String> = std::env::args().skip(1).collect();
        for pair in words.chunks(2) {
            let [name, value] = pair else { panic!("{} has no value", pair[0]) };
            match name.as_str() {
                "--probes" => options.probes = value.parse().unwrap(),
                "--compressed" => options.compressed = value.parse().unwrap(),
                "--minutes" => options.minutes = value.parse().unwrap(),
                "--folder" => options.folder = value.into(),
                "--peer" => options.peer = value == "yes",
                _ => {
                    panic!("{name} is not known; --probes, --compressed, --minutes, --folder and --peer are")
                }
            }
        }
        options
    }
}

#[tokio::main]
async fn main() {
    let options = Options::read();
    let folder = tempfile::tempdir_in(&options.folder).unwrap();
    let mut collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let fleet = Arc::new(Fleet::new(options.probes));
    // The program that adds one probe would take an hour for all of them.
    collector.process.terminate();
    register(&collector, &fleet);
    collector.restart().await;

    let length = EVERY / options.compressed;
    let normal = Load {
        address: collector.address,
        records: RECORDS,
        batches: options.minutes / 5,
        every: length,
        within: length,
        compressed: options.compressed,
    };
    let host = Host::begin(collector.process.id());
    let outcomes = fleet.run(&normal).await;
    let title = format!(
        "{} probes, {} minutes compressed {} times: a batch of {RECORDS} records every {:.1} s each",
        options.probes,
        options.minutes,
        options.compressed,
        length.as_secs_f64()
    );
    report(&title, &outcomes, &host.end());
    let kept = count(&collector);
    assert_eq!(kept, sum(&outcomes), "records kept against records acknowledged");

    let storm = Load { batches: 1, records: BACKLOG, within: STORM, compressed: 1, every: EVERY, ..normal };
    let host = Host::begin(collector.process.id());
    let outcomes = fleet.run(&storm).await;
    let title =
        format!("{} probes within {} s, each with {BACKLOG} records", options.probes, STORM.as_secs());
    let ours = report(&title, &outcomes, &host.end());
    assert_eq!(count(&collector), kept + sum(&outcomes), "records kept against records acknowledged");
    assert!(collector.process.terminate().success());
    println!("every record acknowledged is there once: {}", count(&collector));

    if options.peer {
        let postgres = peer::Postgres::start(folder.path()).await;
        let host = Host::begin(postgres.id());
        let outcomes = postgres.storm(&fleet, BACKLOG, STORM).await;
        let title = "PostgreSQL: the same rows, a transaction for each batch, synchronous_commit = on";
        let theirs = report(title, &outcomes, &host.end());
        println!("ratio of the time until all was acknowledged, ours to PostgreSQL's: {:.2}", ours / theirs);
    }
}

fn register(collector: &Collector, fleet: &Fleet) {
    let mut store = Connection::open(collector.data.join("collector.sqlite")).unwrap();
    let transaction = store.transaction().unwrap();
    for (number, key) in fleet.keys().enumerate() {
        transaction
            .prepare_cached("INSERT INTO probe (id, public_key, name, created_us) VALUES (?1, ?2, ?3, 0)")
            .unwrap()
            .execute((key.id().as_str(), key.public().to_string(), format!("sonde {number}")))
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// Records kept, each once by name and by place in its probe's chain.
fn count(collector: &Collector) -> u64 {
    let store = Connection::open(collector.data.join("collector.sqlite")).unwrap();
    let read = |sql: &str| -> u64 { store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64 };
    let all = read("SELECT count(*) FROM record");
    assert_eq!(all, read("SELECT count(*) FROM (SELECT DISTINCT probe, sequence FROM record)"));
    all
}

fn sum(outcomes: &[Outcome]) -> u64 {
    outcomes.iter().map(|outcome| outcome.records).sum()
}
