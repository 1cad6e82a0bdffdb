//! What a page told is kept as it was, within its room, and goes with the probe that it rests on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{PROBE, at, batch, bench, minute, period, record, register};
use desserte_store::{Edition, Erasure, Keeping, NewEdition, Store, StoreOptions};

const OTHER: &str = "ffeeddccbbaa99887766554433221100";
/// Where the common records are.
const PLACE: &str = "23096";
const ROOM: u64 = 1_000;

fn edition(page: &str, place: &str, body: &str) -> NewEdition {
    NewEdition {
        page: page.to_owned(),
        fingerprint: "f0".to_owned(),
        communes: vec![place.parse().unwrap()],
        period: period(3_600),
        now: at(7_200),
        body: body.as_bytes().to_vec(),
    }
}

fn keep(store: &Store, page: &str, place: &str, body: &str) -> Keeping {
    store.keep_editions(vec![edition(page, place, body)], ROOM).unwrap()
}

fn kept(body: &str) -> Option<Edition> {
    Some(Edition::Kept { since: at(7_200), body: body.as_bytes().to_vec() })
}

#[test]
fn an_edition_is_kept_once_found_by_page_and_by_figures_and_never_changed() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    assert_eq!(store.edition("/a", "f0").unwrap(), None);
    assert_eq!(keep(store, "/a", PLACE, "first"), Keeping::Kept);
    assert_eq!(keep(store, "/a", PLACE, "second"), Keeping::Kept);
    assert_eq!(store.edition("/a", "f0").unwrap(), kept("first"));
    assert_eq!(store.edition("/b", "f0").unwrap(), None);
    assert_eq!(store.edition_of_figures("f0").unwrap(), kept("first"));
    assert_eq!(store.edition_of_figures("f1").unwrap(), None);
}

#[test]
fn when_the_room_is_full_no_edition_makes_place_for_another() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let full = "x".repeat(usize::try_from(ROOM).unwrap() - 5);
    assert_eq!(keep(store, "/a", PLACE, "first"), Keeping::Kept);
    assert_eq!(keep(store, "/b", PLACE, &full), Keeping::Kept);
    assert_eq!(keep(store, "/c", PLACE, "x"), Keeping::NoRoom);
    assert_eq!(keep(store, "/a", PLACE, "first"), Keeping::Kept, "it is there already");
    assert_eq!(store.edition("/b", "f0").unwrap(), kept(&full));
}

#[test]
fn an_edition_goes_with_the_probe_that_it_rests_on_and_leaves_no_octet() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    register(store, OTHER);
    store.ingest(batch(vec![record(0, Some(at(10)), minute(true))])).unwrap();
    assert_eq!(keep(store, "/mine", PLACE, "needle-of-mine"), Keeping::Kept);
    assert_eq!(keep(store, "/elsewhere", "23030", "needle-elsewhere"), Keeping::Kept);
    let before = NewEdition {
        period: desserte_store::Period { start: at(-3_600), end: at(0) },
        ..edition("/before", PLACE, "needle-before")
    };
    assert_eq!(store.keep_editions(vec![before], ROOM).unwrap(), Keeping::Kept);

    store.retire_probe(&PROBE.parse().unwrap(), at(100)).unwrap();
    let reason = "asked for by its host".to_owned();
    store.erase_probe(&Erasure { probe: PROBE.parse().unwrap(), reason, now: at(9_000) }).unwrap();
    let erased = Some(Edition::Erased { since: at(7_200), at: at(9_000), withdrawn: false });
    assert_eq!(store.edition("/mine", "f0").unwrap(), erased);
    assert_eq!(store.edition("/elsewhere", "f0").unwrap(), kept("needle-elsewhere"));
    assert_eq!(
        store.edition("/before", "f0").unwrap(),
        kept("needle-before"),
        "nothing of it was in that period"
    );
    assert_eq!(
        store.edition_of_figures("f0").unwrap(),
        kept("needle-elsewhere"),
        "the same figures are still there"
    );
    let holds = |text: &str| {
        std::fs::read_dir(bench.dir.path()).unwrap().any(|entry| {
            let octets = std::fs::read(entry.unwrap().path()).unwrap();
            octets.windows(text.len()).any(|window| window == text.as_bytes())
        })
    };
    assert!(holds("needle-elsewhere") && !holds("needle-of-mine"));

    assert_eq!(keep(store, "/mine", PLACE, "what is left"), Keeping::Kept);
    assert_eq!(store.edition("/mine", "f0").unwrap(), kept("what is left"));
}

#[test]
fn an_operator_withdraws_the_pages_of_some_figures_and_it_is_noted() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let both = vec![edition("/map", PLACE, "needle-map"), edition("/map/tableau", PLACE, "table")];
    assert_eq!(store.keep_editions(both, ROOM).unwrap(), Keeping::Kept);
    let other = NewEdition { fingerprint: "f1".to_owned(), ..edition("/other", PLACE, "other") };
    assert_eq!(store.keep_editions(vec![other], ROOM).unwrap(), Keeping::Kept);
    assert_eq!(store.editions_octets().unwrap(), 20);
    let listed: Vec<_> = store.editions().unwrap().into_iter().map(|one| (one.page, one.octets)).collect();
    assert_eq!(listed, [("/map".to_owned(), 10), ("/map/tableau".to_owned(), 5), ("/other".to_owned(), 5)]);

    assert_eq!(store.withdraw_editions("f9", at(8_000)).unwrap(), Vec::<String>::new());
    assert_eq!(store.withdraw_editions("f0", at(9_000)).unwrap(), ["/map", "/map/tableau"]);
    let gone = Some(Edition::Erased { since: at(7_200), at: at(9_000), withdrawn: true });
    assert_eq!(store.edition("/map", "f0").unwrap(), gone);
    assert_eq!(store.edition_of_figures("f0").unwrap(), gone);
    assert_eq!((store.editions_octets().unwrap(), store.editions().unwrap().len()), (5, 1));
    let noted = store.audit_log(10).unwrap();
    assert_eq!(noted.iter().filter(|entry| entry.action == "withdraw-edition").count(), 1);
    assert_eq!(noted.last().unwrap().subject, "f0");
}

#[test]
fn two_pages_are_kept_together_or_not_at_all() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let half = "x".repeat(usize::try_from(ROOM).unwrap() / 2 + 1);
    let both = vec![edition("/map", PLACE, &half), edition("/map/tableau", PLACE, &half)];
    assert_eq!(store.keep_editions(both, ROOM).unwrap(), Keeping::NoRoom);
    assert_eq!(store.edition("/map", "f0").unwrap(), None);
}
