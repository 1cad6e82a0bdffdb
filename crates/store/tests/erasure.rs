//! What a probe's owner wants erased is gone from the file, and every seal still holds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{PROBE, at, batch, bench, minute, record, register};
use desserte_custody::EventKind;
use desserte_model::ProbeId;
use desserte_store::{Erasure, IncomingBatch, STORE_FILE, StoreError, StoreOptions, Wanted};

const OTHER: &str = "ffeeddccbbaa99887766554433221100";
const DAY_S: i64 = 86_400;

fn erasure(probe: &str) -> Erasure {
    Erasure { probe: probe.parse().unwrap(), reason: "asked for by its host".to_owned(), now: at(3 * DAY_S) }
}

/// A batch of one record whose body and signature can be found again in the file.
fn marked(number: u64, probe: &str, mark: &str) -> IncomingBatch {
    let mut batch = batch(vec![record(number, Some(at(10)), minute(true))]);
    batch.header.probe = probe.parse::<ProbeId>().unwrap();
    batch.received = at(20);
    batch.body = format!("body-{mark}-").repeat(2_000).into_bytes();
    batch.signature = format!("signature-{mark}");
    batch
}

fn holds(directory: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let octets = std::fs::read(&path).unwrap();
        octets.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn nothing_of_an_erased_probe_is_left_in_the_file_and_seals_hold() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    register(store, OTHER);
    store.ingest(marked(0, PROBE, "mine")).unwrap();
    let kept = marked(1, OTHER, "theirs");
    let other_record = kept.records[0].record.id;
    store.ingest(kept).unwrap();
    store.seal_through("2026-01-01".parse().unwrap(), at(DAY_S)).unwrap();
    assert!(holds(bench.dir.path(), "body-mine-"));

    assert!(matches!(store.erase_probe(&erasure(PROBE)), Err(StoreError::InService(_))));
    store.retire_probe(&PROBE.parse().unwrap(), at(DAY_S + 1)).unwrap();
    let (_, issued) = store.handover_state().unwrap();
    let report = store.erase_probe(&erasure(PROBE)).unwrap();
    assert_eq!((report.batches, report.records), (1, 1));
    assert_eq!(store.erase_probe(&erasure(PROBE)).unwrap(), report, "again tells the same");
    assert!(store.is_erased(&PROBE.parse().unwrap()).unwrap());
    assert!(!store.is_erased(&OTHER.parse().unwrap()).unwrap());

    assert!(holds(bench.dir.path(), "body-theirs-"));
    for text in ["body-mine-", "signature-mine"] {
        assert!(!holds(bench.dir.path(), text), "{text} is still in the file");
    }
    assert_eq!(store.check_seals().unwrap(), []);
    assert_eq!(store.record_lines().unwrap().len(), 1);
    assert_eq!(store.handover(10).unwrap().tables[1].len(), 1, "only the other's minute waits");
    assert!(store.handover_state().unwrap().1 > issued, "answers kept by this number are no longer right");

    let notes = store.notes().unwrap();
    let erased: Vec<_> = notes.iter().filter(|note| note.note.kind == EventKind::Erasure).collect();
    assert_eq!(erased.len(), 1, "told once");
    assert_eq!(erased[0].note.text, "1 batches with 1 records erased: asked for by its host");
    let probes = store.probes().unwrap();
    assert_eq!(probes.iter().find(|probe| probe.id.as_str() == PROBE).unwrap().name, "erased");
    assert!(store.prove(Wanted::Record(other_record)).unwrap().is_some());
}

#[test]
fn an_erased_batch_sent_again_brings_nothing_back() {
    let bench = bench(StoreOptions::default());
    let sent = marked(0, PROBE, "mine");
    let id = sent.records[0].record.id;
    bench.store.ingest(sent.clone()).unwrap();
    bench.store.retire_probe(&PROBE.parse().unwrap(), at(DAY_S)).unwrap();
    bench.store.erase_probe(&erasure(PROBE)).unwrap();
    assert!(matches!(bench.store.prove(Wanted::Record(id)), Err(StoreError::Erased(_))));
    let again = bench.store.ingest(sent);
    assert!(again.is_err() || bench.store.record_lines().unwrap().is_empty(), "{again:?}");
    assert_eq!(bench.store.rebuild().unwrap().records, 0);
    assert!(bench.store.handover(10).unwrap().tables.iter().all(desserte_store::HandoverRows::is_empty));
}

#[test]
fn nothing_else_can_empty_what_was_received() {
    let bench = bench(StoreOptions::default());
    bench.store.ingest(marked(0, PROBE, "mine")).unwrap();
    let connection = rusqlite::Connection::open(bench.dir.path().join(STORE_FILE)).unwrap();
    for sql in [
        "UPDATE batch SET body = x''",
        "UPDATE batch SET body = x'00', signature = ''",
        "UPDATE record SET line = x''",
        "UPDATE record SET commune = ''",
        "UPDATE record SET sha256 = x''",
        "DELETE FROM batch",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql} was done");
    }
}

#[test]
fn a_probe_that_is_not_known_is_not_erased() {
    let bench = bench(StoreOptions::default());
    assert!(matches!(bench.store.erase_probe(&erasure(OTHER)), Err(StoreError::UnknownProbe(_))));
}
