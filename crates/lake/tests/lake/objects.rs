//! A history in an object store: the same as on files, and no row lost or doubled when the store fails in the middle.

use std::sync::Arc;
use std::time::Duration;

use desserte_lake::{HISTORY_FILE, History, Lake, LakeError, LakeOptions, Place, Rollup, flush};
use desserte_store::HandoverTable;
use object_store::memory::InMemory;
use url::Url;

use crate::bench::{Bench, fingerprint, mixed, number};
use crate::common::{self, at, record};
use crate::faults::{Fault, Faulty, remove};

const ADDRESS: &str = "s3://histoire/creuse";

fn within(store: Arc<dyn object_store::ObjectStore>) -> LakeOptions {
    let place = Place::objects(Url::parse(ADDRESS).unwrap(), store).unwrap();
    LakeOptions { place: Some(place), retention: Duration::ZERO, ..LakeOptions::default() }
}

async fn history(bench: &Bench, options: &LakeOptions) -> History {
    History::open(&bench.store, bench.path(), options, None).await.unwrap()
}

/// One request in so many is made to fail.
const STEP: usize = 13;

/// Keeps records of one day: what is added up is little.
fn keep(bench: &Bench, numbers: std::ops::Range<u64>) {
    bench.keep(numbers.map(|n| record(n, Some(at(n as i64 * 60)), mixed(n))).collect());
}

/// Hands over eight times, adds up, puts together, hands over again and cleans up.
async fn year(bench: &Bench, options: &LakeOptions, next: &mut u64) -> Result<(), LakeError> {
    let data = bench.path();
    while *next < 24 {
        keep(bench, *next..*next + 3);
        *next += 3;
        flush(&bench.store, data, options).await?;
    }
    let lake = Lake::of_store(&bench.store, data, options).await?;
    lake.roll_up(&|_, _, _| ()).await?;
    lake.compact().await?;
    if *next < 27 {
        keep(bench, *next..*next + 3);
        *next += 3;
    }
    flush(&bench.store, data, options).await?;
    lake.vacuum().await?;
    Ok(())
}

/// What must be the same wherever the history stands.
async fn told(bench: &Bench, options: &LakeOptions) -> Vec<[Option<i64>; 4]> {
    let history = history(bench, options).await;
    let mut found = Vec::new();
    for table in [HandoverTable::Throughput, HandoverTable::LatencyMinute, HandoverTable::Custody] {
        found.push(fingerprint(&history, table.name()).await);
    }
    let sql = format!("SELECT sum(minutes) FROM {}", Rollup::CommuneDay.name());
    found.push([number(&history, &sql).await, None, None, None]);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_same_history_as_on_files() {
    let (files, objects) = (Bench::new(), Bench::new());
    let here = LakeOptions { retention: Duration::ZERO, ..LakeOptions::default() };
    let there = within(Arc::new(InMemory::new()));
    year(&files, &here, &mut 0).await.unwrap();
    year(&objects, &there, &mut 0).await.unwrap();
    assert_eq!(told(&files, &here).await, told(&objects, &there).await);
    assert!(!objects.path().join("lake").exists(), "nothing of it is in the data directory");
    let lake = Lake::of_store(&objects.store, objects.path(), &there).await.unwrap();
    assert!(lake.check().await.unwrap().is_well());
    assert_eq!(lake.root().to_str().unwrap(), "s3://histoire/creuse/1");

    // A rebuild begins a generation there, and erasing reaches all of them.
    objects.store.rebuild().unwrap();
    flush(&objects.store, objects.path(), &there).await.unwrap();
    let all = Lake::generations(objects.path(), &there).await.unwrap();
    assert_eq!(all.len(), 2);
    for lake in all {
        assert!(lake.erase_probe(common::PROBE).await.unwrap().rewritten > 0);
    }
    let history = history(&objects, &there).await;
    assert_eq!(number(&history, "SELECT count(handover) FROM custody").await, Some(0));
    let refused = lake.copy_into(1, files.path()).await.unwrap_err().to_string();
    assert!(refused.contains(ADDRESS) && refused.contains("replica"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_request_fails_nothing_is_lost_or_doubled() {
    let whole = Bench::new();
    let unharmed = Faulty::new(Fault::TimedOut, 0);
    let options = within(unharmed.clone());
    year(&whole, &options, &mut 0).await.unwrap();
    let expected = told(&whole, &options).await;
    let puts = unharmed.puts();
    assert!(puts > 60, "{puts} objects were put");
    let mut failed = 0;
    for (first, fault) in Fault::ALL.into_iter().enumerate() {
        // Every request would take minutes; this many meet each kind of step.
        for at in (1 + first..=puts).step_by(STEP) {
            let bench = Bench::new();
            let store = Faulty::new(fault, at);
            let options = within(store.clone());
            let mut next = 0;
            let mut attempts = 0;
            while let Err(error) = year(&bench, &options, &mut next).await {
                failed += 1;
                attempts += 1;
                let text = error.to_string();
                assert!(attempts <= 3, "only one request fails, {fault:?} at {at}: {text}");
                assert!(text.contains("s3://histoire/creuse/"), "names the table: {text}");
                assert!(text.contains("http://storage.example/creuse/"), "names the file: {text}");
                assert!(text.contains("nothing is lost"), "says what to do: {text}");
                // Only the one request fails, so that the next attempt gets further.
                assert!(store.puts() >= at, "{fault:?} at {at}: {text}");
            }
            assert_eq!(told(&bench, &options).await, expected, "{fault:?} at {at}");
            let lake = Lake::of_store(&bench.store, bench.path(), &options).await.unwrap();
            let report = lake.check().await.unwrap();
            assert!(report.is_well(), "{fault:?} at {at}: {report:?}");
        }
    }
    assert!(failed > 0, "a time-out is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_or_came_twice_is_no_failure_of_a_commit() {
    for fault in [Fault::AnswerLost, Fault::AnsweredTwice] {
        let mut seen = 0;
        for at in 1..=8 {
            let bench = Bench::new();
            bench.keep_mixed(0, 6);
            let store = Faulty::new(fault, at);
            let options = within(store.clone());
            match flush(&bench.store, bench.path(), &options).await {
                Ok(report) => {
                    assert_eq!(
                        (report.records, report.rows),
                        (6, 12),
                        "{fault:?} at {at}: rows are counted once"
                    );
                    seen += 1;
                }
                // A file, not an entry of the log: written again under another name.
                Err(error) => assert!(
                    error.to_string().contains(".parquet") || error.to_string().contains("creating"),
                    "{error}"
                ),
            }
        }
        assert!(seen >= 2, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_gone_is_named() {
    let bench = Bench::new();
    bench.keep_mixed(0, 9);
    let store = Faulty::new(Fault::TimedOut, 0);
    let options = within(store.clone());
    flush(&bench.store, bench.path(), &options).await.unwrap();
    let lake = Lake::of_store(&bench.store, bench.path(), &options).await.unwrap();
    let (files, _) = lake.snapshot(HandoverTable::Throughput).await.unwrap();
    remove(&store, &files[0].location).await;
    let report = lake.check().await.unwrap();
    let faults: Vec<_> = report.tables.iter().flat_map(|table| &table.faults).collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("s3://histoire/creuse/1/throughput/month=2026-01/"), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_not_split_by_another_name() {
    let bench = Bench::new();
    bench.keep_mixed(0, 6);
    let here = LakeOptions::default();
    flush(&bench.store, bench.path(), &here).await.unwrap();
    bench.keep_mixed(6, 6);
    let there = within(Arc::new(InMemory::new()));
    let refusals = [
        flush(&bench.store, bench.path(), &there).await.map(|_| ()).unwrap_err(),
        History::open(&bench.store, bench.path(), &there, None).await.map(|_| ()).unwrap_err(),
    ];
    for error in refusals {
        let text = error.to_string();
        assert!(matches!(error, LakeError::Elsewhere { generation: 1, .. }), "{text}");
        assert!(text.contains(ADDRESS) && text.contains("desserte rebuild"), "{text}");
    }
    // Offered anew, all of it goes to the new place.
    bench.store.rebuild().unwrap();
    assert_eq!(flush(&bench.store, bench.path(), &there).await.unwrap().records, 12);
    assert_eq!(number(&history(&bench, &there).await, "SELECT count(handover) FROM custody").await, Some(12));
    // And the name that is lost now is missed.
    let error = History::open(&bench.store, bench.path(), &here, None).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains(ADDRESS), "{error}");
}

#[test]
fn what_cannot_be_meant_is_refused_and_no_key_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "AKIA0SHOWN\n").unwrap();
    std::fs::write(folder.path().join("secret"), "s3cr3t-shown\n").unwrap();
    let keys = "access_key_id_file = \"key\"\nsecret_access_key_file = \"secret\"\n";
    let read = |text: &str| {
        std::fs::write(folder.path().join(HISTORY_FILE), text).unwrap();
        Place::of_data(folder.path())
    };
    let place = read(&format!("url = \"{ADDRESS}\"\n{keys}")).unwrap();
    assert_eq!((place.to_string().as_str(), place.is_remote()), (ADDRESS, true));
    assert_eq!(format!("{place:?}"), "Place(s3://histoire/creuse)");
    for (text, expected) in [
        ("url = 3\n".to_owned(), "expected a string"),
        (format!("url = \"s3://histoire\"\nsecret = \"s3cr3t-shown\"\n{keys}"), "unknown field"),
        (format!("url = \"https://histoire\"\n{keys}"), "s3://BUCKET/PREFIX"),
        (format!("url = \"s3://histoire/un%20nom\"\n{keys}"), "the prefix in url"),
        (format!("url = \"s3://a:s3cr3t-shown@histoire/x\"\n{keys}"), "user name or a password"),
        (format!("url = \"{ADDRESS}\"\nendpoint = \"http://127.0.0.1:1\"\n{keys}"), "allow_http"),
        (format!("url = \"{ADDRESS}\"\nrequest_seconds = 0\n{keys}"), "request_seconds is 0"),
        (format!("url = \"{ADDRESS}\"\naccess_key_id_file = \"key\"\n"), "no credentials"),
        (format!("url = \"{ADDRESS}\"\naccess_key_id_file = \"none\"\n"), "cannot read"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(HISTORY_FILE), "{text}: {error}");
        assert!(!error.contains("shown") && !error.contains("SHOWN"), "{error}");
    }
    std::fs::remove_file(folder.path().join(HISTORY_FILE)).unwrap();
    assert!(!Place::of_data(folder.path()).unwrap().is_remote(), "without the file, in the directory");
}
