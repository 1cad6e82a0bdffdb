//! What its time is over goes, a day at a time; sums, seals and public buildings' records stay.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{Bench, PROBE, at, batch, bench, minute, period, record, register};
use desserte_custody::EventKind;
use desserte_model::BatchId;
use desserte_store::{
    AuditEntry, COMMAND, Host, KeptFrom, NewAccount, NewInvitation, RetentionPass, Role, STORE_FILE, Scope,
    SessionTimes, Store, StoreOptions,
};
use desserte_units::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

const PUBLIC: &str = "ffeeddccbbaa99887766554433221100";
const DAY_S: i64 = 86_400;

/// A minute on a day, received an hour later. Numbers differ between probes.
fn keep(store: &Store, probe: &str, day: u64) {
    let number = day * 2 + u64::from(probe == PUBLIC);
    let measured = i64::try_from(day).unwrap() * DAY_S + 600;
    let mut batch = batch(vec![record(number, Some(at(measured)), minute(true))]);
    batch.header.probe = probe.parse().unwrap();
    batch.header.batch = BatchId::from_uuid(Uuid::from_u128(1_000 + u128::from(number)));
    batch.received = at(measured + 3_600);
    batch.signature = format!("signature-{number}");
    store.ingest(batch).unwrap();
}

/// Days 0, 1, 2 and 40 of a home and of a public building.
fn kept() -> Bench {
    let bench = bench(StoreOptions::default());
    register(&bench.store, PUBLIC);
    assert!(bench.store.declare_host(&PUBLIC.parse().unwrap(), Host::PublicBuilding).unwrap());
    for day in [0, 1, 2, 40] {
        keep(&bench.store, PROBE, day);
        keep(&bench.store, PUBLIC, day);
    }
    bench
}

fn limits(raw: Timestamp) -> KeptFrom {
    KeptFrom { raw, hourly: at(0), log: at(0) }
}

fn pass(store: &Store, limits: KeptFrom) -> RetentionPass {
    store.keep_within(limits, "retention-test", at(50 * DAY_S)).unwrap()
}

/// Microseconds up by probe over all days.
fn up(store: &Store) -> Vec<(String, u128)> {
    let totals = store.minute_totals(&Scope::All, period(60 * DAY_S)).unwrap();
    totals.into_iter().map(|of| (of.probe.to_string(), of.up.as_micros())).collect()
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn what_a_home_sent_is_emptied_by_the_day_and_its_sums_stay() {
    let bench = kept();
    let store = &bench.store;
    store.seal_through("2026-02-15".parse().unwrap(), at(50 * DAY_S)).unwrap();
    let before = up(store);
    assert_eq!(before.iter().map(|(_, up)| up).sum::<u128>(), 8 * 60_000_000);

    let first = pass(store, limits(at(2 * DAY_S)));
    assert_eq!((first.batches, first.records, first.behind), (1, 1, true), "the first day only");
    let second = pass(store, limits(at(2 * DAY_S)));
    assert_eq!((second.batches, second.records, second.behind), (1, 1, false));
    assert_eq!(pass(store, limits(at(2 * DAY_S))), RetentionPass::default());
    assert_eq!(store.kept_from().unwrap().0, Some(at(2 * DAY_S)));

    assert_eq!(store.record_lines().unwrap().len(), 6);
    let connection = Connection::open(bench.dir.path().join(STORE_FILE)).unwrap();
    let signatures = texts(&connection, "SELECT signature FROM batch WHERE signature <> '' ORDER BY 1");
    assert_eq!(
        signatures,
        ["signature-1", "signature-3", "signature-4", "signature-5", "signature-80", "signature-81"]
    );
    assert_eq!(up(store), before, "sums by hour are kept longer");
    assert_eq!(store.check_seals().unwrap(), []);
    let notes: Vec<_> = store.notes().unwrap().into_iter().map(|note| note.note).collect();
    assert_eq!(notes.len(), 2);
    assert!(notes.iter().all(|note| note.kind == EventKind::Erasure && note.probe.is_none()));
    assert_eq!(notes[0].text, "1 batches with 1 records emptied after their time: retention-test");

    assert_eq!(store.rebuild().unwrap().records, 6);
    assert_eq!(up(store), before, "a rebuild has nothing to make them from, and leaves them");
}

#[test]
fn sums_of_homes_go_by_their_own_time() {
    let bench = kept();
    let limits = KeptFrom { raw: at(2 * DAY_S), hourly: at(DAY_S), log: at(0) };
    assert_eq!(pass(&bench.store, limits).hours, 1);
    assert_eq!(pass(&bench.store, limits).hours, 0);
    assert_eq!(up(&bench.store), [(PROBE.to_owned(), 180_000_000), (PUBLIC.to_owned(), 240_000_000)]);
    bench.store.rebuild().unwrap();
    assert_eq!(up(&bench.store)[0].1, 180_000_000, "what was erased does not come back");
}

#[test]
fn a_clock_that_jumped_ahead_costs_a_day_a_pass() {
    let bench = kept();
    let far = limits(at(70 * 365 * DAY_S));
    assert_eq!(pass(&bench.store, far).batches, 1);
    assert_eq!(bench.store.record_lines().unwrap().len(), 7);
    assert_eq!(bench.store.kept_from().unwrap().0, Some(at(DAY_S)));
    // Put right again, nothing more goes.
    assert_eq!(pass(&bench.store, limits(at(-400 * DAY_S))), RetentionPass::default());
}

#[test]
fn a_probe_out_of_service_is_forgotten_when_nothing_of_it_is_left() {
    let bench = kept();
    let store = &bench.store;
    for probe in [PROBE, PUBLIC] {
        store.retire_probe(&probe.parse().unwrap(), at(41 * DAY_S)).unwrap();
    }
    let names = || -> Vec<String> { store.probes().unwrap().into_iter().map(|probe| probe.name).collect() };
    assert!(pass(store, limits(at(45 * DAY_S))).behind);
    assert_eq!(names(), ["mairie", "mairie"]);
    while pass(store, limits(at(45 * DAY_S))).behind {}
    assert_eq!(names(), ["erased", "mairie"], "a town hall has no time");
    assert_eq!(store.record_lines().unwrap().len(), 4);
}

#[test]
fn logs_tokens_and_places_of_invitations_go_by_their_time_and_no_sooner() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let entry = |at| AuditEntry {
        at,
        actor: "network 192.0.2.0/24".to_owned(),
        action: "enrol".to_owned(),
        outcome: "done".to_owned(),
        subject: String::new(),
    };
    store.audit(entry(at(100))).unwrap();
    store.audit(entry(at(30 * DAY_S))).unwrap();
    let made = NewInvitation {
        public_key: "key".to_owned(),
        name: "chez Mme Martin".to_owned(),
        site: Some("12 rue du Puits".to_owned()),
        commune: Some("23096".parse().unwrap()),
        position: None,
        replaces: None,
        created: at(200),
        expires: at(300),
    };
    store.invite(made, COMMAND).unwrap();
    let connection = Connection::open(bench.dir.path().join(STORE_FILE)).unwrap();
    for sql in ["DELETE FROM audit", "UPDATE invitation SET name = ''", "UPDATE invitation SET site = NULL"] {
        assert!(connection.execute(sql, []).is_err(), "{sql} was done");
    }
    let limits = KeptFrom { raw: at(0), hourly: at(0), log: at(20 * DAY_S) };
    let first = pass(store, limits);
    assert!(first.lines >= 2 && first.behind, "{first:?}");
    while pass(store, limits).behind {}
    assert_eq!(
        texts(&connection, "SELECT CAST (at_us / 86400000000 AS TEXT) FROM audit WHERE action = 'enrol'")
            .len(),
        1
    );
    let invitation = &store.invitations().unwrap()[0].made;
    assert_eq!((invitation.name.as_str(), &invitation.site, invitation.commune), ("", &None, None));
    assert_eq!(invitation.public_key, "key", "the code cannot be used again");
    assert!(connection.execute("DELETE FROM audit", []).is_err(), "what is not old enough stays");
}

#[test]
fn accounts_go_by_the_time_of_their_end_and_those_in_use_stay() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    for login in ["gone", "here"] {
        let made = NewAccount {
            login: login.to_owned(),
            role: Role::Administrator,
            territory: None,
            password: Some("a hash".to_owned()),
            openid: None,
            made: at(100),
        };
        store.add_account(made).unwrap();
    }
    let times = SessionTimes { idle: Duration::from_secs(3_600), most: Duration::from_secs(7_200) };
    store.begin_session("digest".to_owned(), 1, times, at(200)).unwrap();
    assert!(store.session("digest", times, at(300)).unwrap().is_some());
    assert!(
        store.session("digest", times, at(300 + 3_600)).unwrap().is_none(),
        "it was not used for an hour"
    );
    assert!(store.end_account("gone", at(400)).unwrap());
    assert!(
        store.begin_session("another".to_owned(), 1, times, at(500)).is_err(),
        "an account that has ended"
    );
    let connection = Connection::open(bench.dir.path().join(STORE_FILE)).unwrap();
    for sql in [
        "DELETE FROM account",
        "UPDATE account SET role = 'commune'",
        "UPDATE account SET ended_us = NULL WHERE no = 1",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql} was done");
    }
    let limits = KeptFrom { raw: at(0), hourly: at(0), log: at(20 * DAY_S) };
    while pass(store, limits).behind {}
    let left: Vec<String> = store.accounts().unwrap().into_iter().map(|account| account.made.login).collect();
    assert_eq!(left, ["here"]);
    assert_eq!(texts(&connection, "SELECT sha256 FROM session").len(), 0);
}
