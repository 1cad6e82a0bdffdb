//! Following the register that collectors share: what becomes of probes and invitations here, and what is noted of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{PROBE, at, batch, bench, minute, record};
use desserte_custody::EventKind;
use desserte_model::{ProbeId, SharedInvitation, SharedProbe};
use desserte_store::{
    COMMAND, Enrolment, HandedElsewhere, InvitationState, META_HOME, NewInvitation, RegisterNews, Store,
    StoreOptions,
};
use sha2::{Digest as _, Sha256};

const ONE: &str = "0123456789abcdef0123456789abcdef";
const OWN: u8 = 2;

fn id(text: &str) -> ProbeId {
    text.parse().unwrap()
}

fn probe(text: &str, home: u8, change: i64) -> SharedProbe {
    SharedProbe {
        id: id(text),
        public_key: format!("key of {text}"),
        name: "mairie".to_owned(),
        site: None,
        host: None,
        created: at(0),
        retired: None,
        home,
        change: Some(change),
    }
}

fn invitation(key: &str, change: i64) -> SharedInvitation {
    SharedInvitation {
        public_key: key.to_owned(),
        name: "Mairie de Guéret".to_owned(),
        site: None,
        commune: None,
        position: None,
        replaces: None,
        created: at(0),
        expires: at(86_400),
        withdrawn: None,
        used: None,
        change: Some(change),
    }
}

fn follow(store: &Store, change: i64, probes: &[SharedProbe], invitations: &[SharedInvitation]) {
    let (probes, invitations) = (probes.to_vec(), invitations.to_vec());
    store.follow_register(RegisterNews { change, probes, invitations, own: OWN, at: at(100) }).unwrap();
    assert_eq!(store.register_change().unwrap(), change);
}

fn homes(store: &Store) -> Vec<(String, Option<u8>, bool)> {
    let probes = store.probes_of_all().unwrap();
    probes.into_iter().map(|probe| (probe.id.to_string(), probe.home, probe.retired.is_some())).collect()
}

fn noted(store: &Store, probe: &str) -> Vec<EventKind> {
    let notes = store.notes().unwrap();
    notes.into_iter().filter(|one| one.note.probe == Some(id(probe))).map(|one| one.note.kind).collect()
}

#[test]
fn a_probe_of_another_collector_is_known_and_moves_and_none_of_it_is_noted_twice() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    store.set_meta(&format!("{META_HOME}{PROBE}"), "s3://histoire").unwrap();
    follow(store, 2, &[probe(ONE, 1, 2)], &[]);
    assert_eq!(store.probes().unwrap().len(), 1, "of this collector");
    assert_eq!(homes(store), [(PROBE.to_owned(), None, false), (ONE.to_owned(), Some(1), false)]);
    assert_eq!(noted(store, ONE), []);

    // Published by what is known of this collector's own, and by that alone.
    let (mine, codes) = store.unpublished(OWN).unwrap();
    assert_eq!((mine.len(), mine[0].id.clone(), mine[0].home, codes.len()), (1, id(PROBE), OWN, 0));

    for _ in 0..2 {
        follow(store, 5, &[probe(ONE, OWN, 4), probe(PROBE, 1, 5)], &[]);
        assert_eq!(homes(store), [(PROBE.to_owned(), Some(1), false), (ONE.to_owned(), None, false)]);
        assert_eq!((noted(store, ONE), noted(store, PROBE)), (vec![EventKind::Move], vec![EventKind::Move]));
    }
    assert_eq!(store.meta(&format!("{META_HOME}{PROBE}")).unwrap(), None);
    assert_eq!(store.unpublished(OWN).unwrap().0, []);
    // An earlier change that comes late changes nothing.
    follow(store, 5, &[probe(ONE, 1, 3)], &[]);
    assert_eq!(homes(store)[1].1, None);

    // Out of service by what another decided; its own probe, so that it is noted here.
    let over = SharedProbe { retired: Some(at(50)), ..probe(ONE, OWN, 6) };
    follow(store, 6, &[over], &[]);
    assert_eq!(homes(store)[1], (ONE.to_owned(), None, true));
    assert_eq!(noted(store, ONE), [EventKind::Move, EventKind::Retirement]);
    let told = store.audit_log(10).unwrap();
    assert_eq!(told.iter().filter(|entry| entry.actor == "register").count(), 3);
}

#[test]
fn what_is_over_here_stays_over_and_is_published() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    store.set_meta(&format!("{META_HOME}{PROBE}"), "s3://histoire").unwrap();
    let made = NewInvitation {
        public_key: "k".to_owned(),
        name: "Mairie de Guéret".to_owned(),
        site: None,
        commune: None,
        position: None,
        replaces: None,
        created: at(0),
        expires: at(86_400),
    };
    store.invite(made, COMMAND).unwrap();
    follow(store, 2, &[probe(PROBE, OWN, 1)], &[invitation("k", 2)]);
    assert_eq!(store.unpublished(OWN).unwrap(), (vec![], vec![]));
    assert!(store.retire_probe(&id(PROBE), at(10)).unwrap());
    assert!(store.withdraw_invitation(1, COMMAND, at(10)).unwrap());

    // The register was set back from a copy of before.
    follow(store, 1, &[probe(PROBE, OWN, 1)], &[]);
    follow(store, 1, &[], &[invitation("k", 1)]);
    assert_eq!(store.invitations().unwrap()[0].state(at(20)), InvitationState::Withdrawn);
    let (_, codes) = store.unpublished(OWN).unwrap();
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert_eq!(codes[0].withdrawn, Some(at(10)));
    assert!(homes(store)[0].2);
}

#[test]
fn a_code_that_was_taken_elsewhere_is_used_here() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    follow(store, 1, &[], &[invitation("k", 1)]);
    let used = SharedInvitation { used: Some((at(60), id(ONE))), ..invitation("k", 2) };
    follow(store, 2, &[probe(ONE, 1, 2)], &[used]);
    let asked = |probe: &str| Enrolment {
        invitation: "k".to_owned(),
        probe: id(probe),
        public_key: format!("key of {probe}"),
        actor: COMMAND.to_owned(),
        at: at(70),
    };
    store.enrol(asked("fedcba9876543210fedcba9876543210")).unwrap().unwrap_err();
    assert_eq!(store.enrol(asked(ONE)).unwrap().unwrap().used, Some((at(60), id(ONE))));
}

#[test]
fn what_was_decided_and_not_written_down_here_is_made_up_for_with_its_note() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    follow(store, 1, &[], &[invitation("k", 1)]);
    // This collector was stopped after the register had said yes.
    let used = SharedInvitation { used: Some((at(60), id(ONE))), ..invitation("k", 2) };
    follow(store, 2, &[probe(ONE, OWN, 2)], &[used]);
    assert_eq!(homes(store)[1], (ONE.to_owned(), None, false));
    assert_eq!(noted(store, ONE), [EventKind::Install]);
    assert_eq!(store.invitations().unwrap()[0].used, Some((at(60), id(ONE))));
    assert_eq!(store.unpublished(OWN).unwrap(), (vec![], vec![]));
}

#[test]
fn what_a_lost_collector_had_handed_over_is_known_when_it_comes_again() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let records: Vec<_> = (0..6).map(|n| record(n, Some(at(60)), minute(true))).collect();
    let handed = batch(records[..4].to_vec());
    let known = handed.records.iter().map(|record| HandedElsewhere {
        id: *record.record.id.as_uuid().as_bytes(),
        sha256: Sha256::digest(&record.octets).into(),
    });
    store.note_elsewhere(known.collect()).unwrap();
    store.continue_chain(&id(PROBE), 3).unwrap();
    let receipt = store.ingest(batch(records[2..].to_vec())).unwrap();
    assert_eq!((receipt.duplicate, receipt.accepted, receipt.refused.len()), (2, 2, 0));
    let chain = store.probes().unwrap()[0].chain.unwrap();
    assert_eq!((chain.missing, chain.forks), (0, 0), "{chain:?}");
}
