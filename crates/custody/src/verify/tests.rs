use desserte_model::{BATCH_CONTENT_TYPE, BATCH_SCHEMA};
use desserte_signing::{ProbeKey, sign_request};
use desserte_units::Timestamp;

use super::*;
use crate::day::Day;
use crate::proof::PROOF_SCHEMA;
use crate::tree::seal;

const RECEIVED: Timestamp = Timestamp::from_unix_micros(1_795_350_000_000_000);
const RECORDS: [&str; 2] =
    [r#"{"schema":"desserte-record/1","first":true}"#, r#"{"schema":"desserte-record/1"}"#];

fn signed_batch(key: &ProbeKey) -> ProvenBatch {
    let header = serde_json::json!({
        "schema": BATCH_SCHEMA,
        "batch": "0190a0b0-0000-7000-8000-000000000001",
        "probe": key.id(),
        "software": { "name": "probe", "version": "0" },
        "anchors": [],
    });
    let body = format!("{header}\n{}\n{}\n", RECORDS[0], RECORDS[1]).into_bytes();
    let target = RequestTarget {
        method: "POST",
        path: "/api/v1/batches",
        content_type: BATCH_CONTENT_TYPE,
        content_encoding: None,
    };
    let headers = sign_request(key, &target, &body, RECEIVED);
    let head = serde_json::json!({
        "method": "POST",
        "path": "/api/v1/batches",
        "content-type": BATCH_CONTENT_TYPE,
        "content-encoding": null,
        "content-digest": headers.content_digest,
        "signature-input": headers.signature_input,
        "signature": headers.signature,
    });
    ProvenBatch {
        batch: "0190a0b0000070008000000000000001".to_owned(),
        public_key: key.public().to_string(),
        received_us: RECEIVED,
        signature: head.to_string(),
        body: ProvenBatch::encode(&body),
        record_sha256: Some(Hash::of(RECORDS[1].as_bytes())),
    }
}

fn leaf_of(batch: &ProvenBatch) -> Leaf {
    check_batch(batch, None, &mut Verdict::default()).unwrap()
}

fn day() -> Day {
    "2026-11-22".parse().unwrap()
}

fn proof() -> (Proof, ProbeKey) {
    let key = ProbeKey::from_seed([3; 32]);
    let batch = signed_batch(&key);
    let other = signed_batch(&ProbeKey::from_seed([4; 32]));
    let yesterday = Leaf::Previous { day: day().yesterday().unwrap(), size: 4, root: Hash([9; 32]) };
    let tree = seal([yesterday, leaf_of(&other), leaf_of(&batch), leaf_of(&other), leaf_of(&other)]);
    let proof = Proof {
        schema: PROOF_SCHEMA.to_owned(),
        seal: tree.statement(day()),
        index: 2,
        path: tree.path(2).unwrap(),
        batch: Some(batch),
        event: None,
    };
    (proof, key)
}

#[test]
fn a_proof_shows_the_record_it_was_asked_for() {
    let (proof, key) = proof();
    let text = serde_json::to_vec(&proof).unwrap();
    let verdict = verify(&Proof::read(&text).unwrap(), Some(&proof.seal), Some(&key.public().to_string()));
    assert_eq!(verdict.faults, []);
    assert_eq!(verdict.record.as_deref(), Some(RECORDS[1].as_bytes()));
    assert_eq!(verdict.records, 2);
}

#[test]
fn every_flipped_bit_of_a_proof_is_noticed() {
    let (proof, key) = proof();
    let key = key.public().to_string();
    let text = serde_json::to_vec(&proof).unwrap();
    for bit in 0..text.len() * 8 {
        let mut changed = text.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(read) = Proof::read(&changed) else { continue };
        let verdict = verify(&read, Some(&proof.seal), Some(&key));
        let is_the_same = read == proof;
        assert!(is_the_same || !verdict.faults.is_empty(), "bit {} of octet {}", bit % 8, bit / 8);
    }
}

#[test]
fn each_part_that_was_changed_is_named() {
    let (good, key) = proof();
    let key = key.public().to_string();
    let faults = |change: &dyn Fn(&mut Proof)| {
        let mut proof = good.clone();
        change(&mut proof);
        verify(&proof, Some(&good.seal), Some(&key)).faults
    };
    let batch = |change: &dyn Fn(&mut ProvenBatch)| faults(&|proof| change(proof.batch.as_mut().unwrap()));

    assert!(matches!(faults(&|proof| proof.seal.size += 1)[..], [Fault::Seal { part: "the size", .. }, ..]));
    assert!(matches!(faults(&|proof| proof.index = 1)[..], [Fault::Path { .. }]));
    assert!(matches!(faults(&|proof| proof.path[0] = Hash([0; 32]))[..], [Fault::Path { .. }]));
    assert!(matches!(faults(&|proof| proof.batch = None)[..], [Fault::Subject]));
    assert!(matches!(batch(&|batch| batch.record_sha256 = Some(Hash([0; 32])))[..], [Fault::Record(_)]));
    let later = Timestamp::from_unix_micros(RECEIVED.as_unix_micros() + 1);
    assert!(matches!(batch(&|batch| batch.received_us = later)[..], [Fault::Path { .. }]));
    let body = ProvenBatch::encode(b"{}\n");
    assert!(matches!(
        batch(&|batch| batch.body.clone_from(&body))[..],
        [Fault::Signature(_), Fault::Unreadable { part: "the body", .. }, Fault::Path { .. }]
    ));
    let stranger = ProbeKey::from_seed([5; 32]).public().to_string();
    assert!(matches!(
        batch(&|batch| batch.public_key.clone_from(&stranger))[..],
        [Fault::Key { .. }, Fault::Signature(_), Fault::Path { .. }]
    ));
}

#[test]
fn a_note_is_proven_word_for_word() {
    let event = ProvenEvent {
        number: 1,
        kind: "move".to_owned(),
        probe: Some(ProbeKey::from_seed([3; 32]).id().to_string()),
        happened_us: RECEIVED,
        noted_us: RECEIVED,
        text: "Sonde déplacée dans la salle du conseil".to_owned(),
    };
    let tree = seal([check_event(&event).unwrap()]);
    let mut proof = Proof {
        schema: PROOF_SCHEMA.to_owned(),
        seal: tree.statement(day()),
        index: 0,
        path: Vec::new(),
        batch: None,
        event: Some(event),
    };
    assert_eq!(verify(&proof, Some(&proof.seal), None).faults, []);
    proof.event.as_mut().unwrap().text.push('.');
    assert!(matches!(verify(&proof, None, None).faults[..], [Fault::Path { .. }]));
}

#[test]
fn a_body_that_unpacks_without_end_is_refused_within_bounds() {
    use std::io::Write as _;
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..70 {
        bomb.write_all(&vec![0; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let head = Head {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        content_type: String::new(),
        content_encoding: Some("gzip".to_owned()),
        content_digest: String::new(),
        signature_input: String::new(),
        signature: String::new(),
    };
    assert!(unpack(&head, &bomb).unwrap_err().contains("more than"));
}
