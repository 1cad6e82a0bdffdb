//! Invitations: used once, for a time, by one probe; everything that happens leaves a line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{PROBE, at, bench};
use desserte_custody::EventKind;
use desserte_model::ProbeId;
use desserte_store::{
    COMMAND, Enrolment, EnrolmentRefusal, InvitationState, NewInvitation, OPEN_INVITATIONS_MAX, Standing,
    Store, StoreError, StoreOptions,
};

const ONE: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const DAY: i64 = 86_400;

fn id(text: &str) -> ProbeId {
    text.parse().unwrap()
}

fn new(key: &str) -> NewInvitation {
    NewInvitation {
        public_key: key.to_owned(),
        name: "Mairie de Guéret".to_owned(),
        site: Some("salle du conseil".to_owned()),
        commune: Some("23096".parse().unwrap()),
        position: Some(desserte_model::LonLat::new(1.87, 46.16).unwrap()),
        replaces: None,
        created: at(0),
        expires: at(14 * DAY),
    }
}

fn enrol(store: &Store, key: &str, probe: &str, seconds: i64) -> Result<i64, EnrolmentRefusal> {
    let asked = Enrolment {
        invitation: key.to_owned(),
        probe: id(probe),
        public_key: format!("key of {probe}"),
        actor: "network 192.0.2.0/24".to_owned(),
        at: at(seconds),
    };
    store.enrol(asked).unwrap().map(|invitation| invitation.number)
}

fn outcomes(store: &Store, action: &str) -> Vec<String> {
    let log = store.audit_log(1_000).unwrap();
    log.into_iter().filter(|entry| entry.action == action).map(|entry| entry.outcome).collect()
}

#[test]
fn a_code_enrols_one_probe_once() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    let number = store.invite(new("k"), COMMAND).unwrap();
    assert_eq!(store.invitation("k").unwrap().unwrap().made, new("k"));
    assert_eq!(enrol(store, "k", ONE, 60), Ok(number));
    let probe = store.probe(&id(ONE)).unwrap().unwrap();
    assert_eq!((probe.name.as_str(), probe.site.as_deref()), ("Mairie de Guéret", Some("salle du conseil")));
    assert_eq!(probe.standing(at(61)), Standing::Waiting);
    // The answer was lost on its way: the same probe asks again, and nothing changes.
    assert_eq!(enrol(store, "k", ONE, 70), Ok(number));
    assert_eq!(enrol(store, "k", OTHER, 80), Err(EnrolmentRefusal::Used));
    assert!(store.probe(&id(OTHER)).unwrap().is_none());
    assert_eq!(store.probes().unwrap().len(), 2);
    let notes = store.notes().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!((notes[0].note.kind, notes[0].note.probe.clone()), (EventKind::Install, Some(id(ONE))));
    assert_eq!(outcomes(store, "enrol"), ["done", "done", "code-used"]);
    let used = &store.invitations().unwrap()[0];
    assert_eq!((used.state(at(0)), used.used.clone()), (InvitationState::Used, Some((at(60), id(ONE)))));
}

#[test]
fn what_is_unknown_late_or_taken_back_enrols_nobody_and_is_written_down() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    assert_eq!(enrol(store, "nothing", ONE, 1), Err(EnrolmentRefusal::UnknownCode));
    store.invite(new("late"), COMMAND).unwrap();
    assert_eq!(enrol(store, "late", ONE, 14 * DAY), Err(EnrolmentRefusal::Expired));
    let back = store.invite(new("back"), COMMAND).unwrap();
    assert!(store.withdraw_invitation(back, COMMAND, at(5)).unwrap());
    assert!(!store.withdraw_invitation(back, COMMAND, at(6)).unwrap());
    assert_eq!(enrol(store, "back", ONE, 10), Err(EnrolmentRefusal::Withdrawn));
    store.invite(new("known"), COMMAND).unwrap();
    assert_eq!(enrol(store, "known", PROBE, 10), Err(EnrolmentRefusal::InService));
    assert!(store.retire_probe(&id(PROBE), at(20)).unwrap());
    assert_eq!(enrol(store, "known", PROBE, 30), Err(EnrolmentRefusal::Retired));
    assert_eq!(store.notes().unwrap()[0].note.kind, EventKind::Retirement);
    assert_eq!(
        outcomes(store, "enrol"),
        ["unknown-code", "code-expired", "code-withdrawn", "already-enrolled", "probe-retired"]
    );
    assert_eq!(store.probes().unwrap().len(), 1);
}

#[test]
fn a_probe_that_takes_the_place_of_another_ends_its_service() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    store.declare_host(&id(PROBE), desserte_store::Host::PublicBuilding).unwrap();
    let replaces = Some(id(PROBE));
    store.invite(NewInvitation { replaces, ..new("k") }, COMMAND).unwrap();
    enrol(store, "k", ONE, 60).unwrap();
    assert_eq!(store.probe(&id(PROBE)).unwrap().unwrap().retired, Some(at(60)));
    assert_eq!(store.hosts().unwrap().get(ONE), Some(&desserte_store::Host::PublicBuilding));
    let kinds: Vec<_> =
        store.notes().unwrap().into_iter().map(|note| (note.note.kind, note.note.probe)).collect();
    assert_eq!(kinds, [(EventKind::KeyChange, Some(id(PROBE))), (EventKind::KeyChange, Some(id(ONE)))]);
    let unknown = NewInvitation { replaces: Some(id(OTHER)), ..new("k2") };
    assert!(matches!(store.invite(unknown, COMMAND), Err(StoreError::UnknownProbe(_))));
}

#[test]
fn a_move_is_noted_with_where_from_and_where_to() {
    let bench = bench(StoreOptions::default());
    let store = &bench.store;
    assert!(store.move_probe(&id(PROBE), "école".to_owned(), at(5)).unwrap());
    assert!(!store.move_probe(&id(ONE), "école".to_owned(), at(5)).unwrap());
    assert_eq!(store.probe(&id(PROBE)).unwrap().unwrap().site.as_deref(), Some("école"));
    let notes = store.notes().unwrap();
    assert_eq!((notes[0].note.kind, notes[0].note.text.ends_with("to école")), (EventKind::Move, true));
}

#[test]
fn no_more_invitations_are_open_than_the_reckoning_allows() {
    let bench = bench(StoreOptions::default());
    for n in 0..OPEN_INVITATIONS_MAX {
        bench.store.invite(new(&n.to_string()), COMMAND).unwrap();
    }
    assert!(matches!(bench.store.invite(new("one more"), COMMAND), Err(StoreError::TooManyInvitations(_))));
    // Once the others have expired there is room again.
    let later = NewInvitation { created: at(15 * DAY), expires: at(16 * DAY), ..new("one more") };
    bench.store.invite(later, COMMAND).unwrap();
}

#[test]
fn the_audit_log_and_used_invitations_cannot_be_changed() {
    let bench = bench(StoreOptions::default());
    bench.store.invite(new("k"), COMMAND).unwrap();
    enrol(&bench.store, "k", ONE, 1).unwrap();
    let file = rusqlite::Connection::open(bench.dir.path().join(desserte_store::STORE_FILE)).unwrap();
    for statement in [
        "DELETE FROM audit",
        "UPDATE audit SET outcome = 'done'",
        "DELETE FROM invitation",
        "UPDATE invitation SET used_us = NULL",
    ] {
        assert!(file.execute(statement, []).is_err(), "{statement}");
    }
}
