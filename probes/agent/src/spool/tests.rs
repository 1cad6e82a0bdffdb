use std::fs::File;

use proptest::prelude::*;

use super::*;

const LIMITS: Limits =
    Limits { disk_bytes: 1 << 20, age_s: 30 * 86_400, segment_bytes: 400, memory_bytes: 300 };

const NOW: Option<i64> = Some(1_795_000_000);

fn record(place: u64) -> Vec<u8> {
    format!("{{\"record\":{place},\"padding\":\"{}\"}}", "é".repeat(usize::try_from(place % 7).unwrap() * 5))
        .into_bytes()
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder, LIMITS).unwrap().0
}

fn fill(spool: &mut Spool, count: u64) {
    for _ in 0..count {
        let place = spool.head().next_sequence;
        let stored = spool.append(record(place), NOW).unwrap();
        assert!(matches!(stored, Stored::Durable), "{stored:?}");
    }
}

fn all(spool: &Spool) -> Vec<Vec<u8>> {
    spool.waiting(usize::MAX, usize::MAX).unwrap().records
}

fn expected(places: impl IntoIterator<Item = u64>) -> Vec<Vec<u8>> {
    places.into_iter().map(record).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn records_come_back_oldest_first_after_a_restart_and_go_when_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 20);
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(all(&spool), expected(0..20));
    let some = spool.waiting(3, usize::MAX).unwrap();
    assert_eq!((some.records, some.below), (expected(0..3), 3));
    spool.acknowledge(3).unwrap();
    assert_eq!(all(&spool), expected(3..20));
    drop(spool);
    let mut spool = open(folder.path());
    assert_eq!(all(&spool), expected(3..20));
    let before = spool.stats().bytes;
    spool.acknowledge(20).unwrap();
    assert!(spool.stats().bytes < before / 3, "acknowledged segments are deleted");
    assert_eq!(spool.stats().records, 0);
}

#[test]
fn a_batch_is_bounded_but_never_empty_while_something_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 5);
    assert_eq!(spool.waiting(10, 1).unwrap().records.len(), 1);
}

#[test]
fn the_chain_goes_on_where_it_stood_even_when_everything_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 12);
    spool.acknowledge(12).unwrap();
    let head = spool.head().clone();
    assert_eq!(head.previous_sha256, Some(desserte_signing::record_sha256(&record(11))));
    drop(spool);
    assert_eq!(*open(folder.path()).head(), head);
    // Even the segments may be lost: the cursor knows.
    for (_, path) in segment::list(folder.path()).unwrap() {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(*open(folder.path()).head(), head);
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { disk_bytes: 2000, ..LIMITS };
    let (mut spool, _) = Spool::open(folder.path(), limits).unwrap();
    fill(&mut spool, 60);
    let kept = all(&spool);
    let dropped = spool.stats().dropped_records;
    assert!(dropped > 0 && spool.stats().bytes <= 2000, "{:?}", spool.stats());
    assert_eq!(kept, expected(dropped..60));
    drop(spool);
    let (spool, _) = Spool::open(folder.path(), limits).unwrap();
    assert_eq!(spool.stats().dropped_records, dropped);
}

#[test]
fn records_older_than_the_limit_are_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 20);
    spool.expire(None);
    spool.expire(NOW);
    assert_eq!(spool.stats().dropped_records, 0);
    spool.expire(NOW.map(|now| now + LIMITS.age_s + 1));
    let stats = spool.stats();
    assert!(stats.dropped_records > 10 && stats.records < 10, "{stats:?}");
}

#[test]
fn a_disk_that_refuses_leaves_records_in_memory_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 2);
    // The kernel's own full disk.
    let full = File::options().append(true).open("/dev/full").unwrap();
    spool.writer.as_mut().unwrap().replace_file(full);
    let stored = spool.append(record(2), NOW).unwrap();
    assert!(
        matches!(&stored, Stored::InMemory(error) if error.kind() == io::ErrorKind::StorageFull),
        "{stored:?}"
    );
    assert_eq!(all(&spool), expected(0..3), "it can still be sent");
    assert_eq!(spool.stats().memory_records, 1);
    fill(&mut spool, 1);
    assert_eq!(spool.stats().memory_records, 0);
    drop(spool);
    assert_eq!(all(&open(folder.path())), expected(0..4));
}

#[test]
fn memory_is_bounded_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 1);
    // A folder that is gone refuses every new segment.
    spool.close_writer();
    fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
    for place in 1..40 {
        assert!(matches!(spool.append(record(place), NOW).unwrap(), Stored::InMemory(_)));
    }
    assert!(spool.memory_bytes <= LIMITS.memory_bytes);
    assert!(spool.stats().dropped_records > 20);
    fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
}

/// A power cut at any octet of the newest write: what was stored before is there, once and unchanged.
#[test]
fn a_cut_at_any_octet_of_any_segment_loses_only_what_is_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 12);
    drop(spool);
    for (_, path) in segment::list(folder.path()).unwrap() {
        let octets = fs::read(&path).unwrap();
        for cut in 0..octets.len() {
            let again = tempfile::tempdir().unwrap();
            copy(folder.path(), again.path());
            fs::write(again.path().join(path.file_name().unwrap()), &octets[..cut]).unwrap();
            check_damaged(again.path(), &octets[..cut], &path);
        }
    }
}

/// A flipped bit at any octet of any segment costs at most the record it is in.
#[test]
fn a_flipped_octet_anywhere_loses_at_most_its_own_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    fill(&mut spool, 12);
    drop(spool);
    for (_, path) in segment::list(folder.path()).unwrap() {
        let octets = fs::read(&path).unwrap();
        for at in 0..octets.len() {
            let again = tempfile::tempdir().unwrap();
            copy(folder.path(), again.path());
            let mut damaged = octets.clone();
            damaged[at] ^= 0x10;
            fs::write(again.path().join(path.file_name().unwrap()), &damaged).unwrap();
            let (spool, damage) = Spool::open(again.path(), LIMITS).unwrap();
            assert_eq!(damage.len(), 1, "octet {at}");
            let found = all(&spool);
            let lost: Vec<_> = expected(0..12).into_iter().filter(|record| !found.contains(record)).collect();
            assert!(lost.len() <= 1, "octet {at} lost {}", lost.len());
            assert_eq!(found.len() + lost.len(), 12, "no record is made up or doubled");
        }
    }
}

fn check_damaged(folder: &Path, left: &[u8], path: &Path) {
    let (mut spool, _) = Spool::open(folder, LIMITS).unwrap();
    let found = all(&spool);
    let originals = expected(0..12);
    assert!(found.iter().all(|record| originals.contains(record)), "no record is made up");
    let whole_in_cut =
        pieces(left).filter(|piece| matches!(piece, Piece::Frame(f) if f.kind == Kind::Record));
    let elsewhere: usize = segment::list(folder)
        .unwrap()
        .iter()
        .filter(|(_, other)| other.file_name() != path.file_name())
        .map(|(number, other)| {
            let sequences = segment::read(folder, *number, other).unwrap().segment.sequences;
            usize::try_from(sequences.end - sequences.start).unwrap()
        })
        .sum();
    assert_eq!(found.len(), whole_in_cut.count() + elsewhere);
    // And the probe goes on.
    let place = spool.head().next_sequence;
    assert!(matches!(spool.append(record(place), NOW).unwrap(), Stored::Durable));
    drop(spool);
    let (spool, damage) = Spool::open(folder, LIMITS).unwrap();
    assert!(damage.is_empty(), "damage is reported once");
    assert_eq!(all(&spool).len(), found.len() + 1);
}

#[derive(Debug, Clone)]
enum Step {
    Append,
    Acknowledge(u64),
    /// `kill -9`: the process ends between two calls.
    Restart,
    /// A power cut tears the write that was under way: some octets of garbage stand at the end.
    Torn(Vec<u8>),
    /// The cursor file is lost.
    ForgetCursor,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Append),
        2 => (0_u64..8).prop_map(Step::Acknowledge),
        2 => Just(Step::Restart),
        1 => prop::collection::vec(any::<u8>(), 1..80).prop_map(Step::Torn),
        1 => Just(Step::ForgetCursor),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens, every stored record that was not acknowledged is there, once, in order, and the chain neither
    /// repeats a sequence nor forks.
    #[test]
    fn nothing_stored_is_lost_doubled_or_reordered(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        let (mut stored, mut acknowledged) = (0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Append => {
                    prop_assert_eq!(spool.head().next_sequence, stored);
                    fill(&mut spool, 1);
                    stored += 1;
                }
                Step::Acknowledge(more) => {
                    acknowledged = (acknowledged + more).min(stored);
                    spool.acknowledge(acknowledged).unwrap();
                }
                Step::Restart => {
                    drop(spool);
                    spool = open(folder.path());
                }
                Step::Torn(garbage) => {
                    drop(spool);
                    if let Some((_, newest)) = segment::list(folder.path()).unwrap().last() {
                        let mut octets = fs::read(newest).unwrap();
                        octets.extend_from_slice(&garbage);
                        fs::write(newest, octets).unwrap();
                    }
                    spool = open(folder.path());
                }
                Step::ForgetCursor => {
                    drop(spool);
                    let _ = fs::remove_file(folder.path().join("acknowledged"));
                    spool = open(folder.path());
                    // Records may come back that were acknowledged; the collector knows them.
                    let back = all(&spool);
                    prop_assert!(back.ends_with(&expected(acknowledged..stored)));
                    spool.acknowledge(acknowledged).unwrap();
                }
            }
            prop_assert_eq!(all(&spool), expected(acknowledged..stored));
        }
    }
}
