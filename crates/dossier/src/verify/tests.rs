//! A whole bundle: what holds, what does not, and every kind of change.

use std::io::Cursor;

use desserte_custody::{BatchLeaf, Day, Leaf, PROOF_SCHEMA, seal};
use desserte_model::{BATCH_CONTENT_TYPE, BATCH_SCHEMA};
use desserte_signing::{ProbeKey, RequestTarget, sign_request};
use desserte_units::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::case::{Boundary, Custody, Place, PlaceKind, Sealed, Span};
use crate::request::{DeclaredProbe, Lang, Territory};
use crate::verdicts::samples::{campaign, contradiction};
use crate::verdicts::{ContradictionTold, Verdicts};

type Bundle = crate::Bundle<Cursor<Vec<u8>>>;

/// The check of an archive in memory.
fn check(archive: &[u8], pdf: Option<&[u8]>, trusted: &Trusted) -> Report {
    super::check(&mut Cursor::new(archive), pdf, trusted).unwrap()
}

fn archive(bundle: &mut Bundle) -> Vec<u8> {
    let mut octets = Vec::new();
    bundle.archive(&mut octets).unwrap();
    octets
}

const RECEIVED: Timestamp = Timestamp::from_unix_micros(1_795_350_000_000_000);
const RECORD: &str = r#"{"schema":"desserte-record/1"}"#;
const PATH: &str = "/api/v1/batches";

fn key() -> ProbeKey {
    ProbeKey::from_seed([3; 32])
}

fn batch() -> ProvenBatch {
    let key = key();
    let header = serde_json::json!({
        "schema": BATCH_SCHEMA, "batch": "0190a0b0-0000-7000-8000-000000000001", "probe": key.id(),
        "software": { "name": "probe", "version": "0" }, "anchors": [],
    });
    let body = format!("{header}\n{RECORD}\n").into_bytes();
    let target = RequestTarget {
        method: "POST",
        path: PATH,
        content_type: BATCH_CONTENT_TYPE,
        content_encoding: None,
    };
    let headers = sign_request(&key, &target, &body, RECEIVED);
    let head = serde_json::json!({
        "method": "POST", "path": PATH, "content-type": BATCH_CONTENT_TYPE, "content-encoding": null,
        "content-digest": headers.content_digest, "signature-input": headers.signature_input,
        "signature": headers.signature,
    });
    ProvenBatch {
        batch: "0190a0b0000070008000000000000001".to_owned(),
        public_key: key.public().to_string(),
        received_us: RECEIVED,
        signature: head.to_string(),
        body: ProvenBatch::encode(&body),
        record_sha256: Some(Hash::of(RECORD.as_bytes())),
    }
}

fn proof() -> Proof {
    let batch = batch();
    let head: serde_json::Value = serde_json::from_str(&batch.signature).unwrap();
    assert_eq!(head["method"], "POST");
    let body = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &batch.body).unwrap();
    let leaf = Leaf::Batch(BatchLeaf {
        batch: batch.batch.clone(),
        probe: key().id(),
        public_key: batch.public_key.clone(),
        received: batch.received_us,
        signature_sha256: Hash::of(batch.signature.as_bytes()),
        body_sha256: Hash::of(&body),
    });
    let day: Day = "2026-11-22".parse().unwrap();
    let yesterday = Leaf::Previous { day: day.yesterday().unwrap(), size: 4, root: Hash([9; 32]) };
    let tree = seal([yesterday, leaf]);
    Proof {
        schema: PROOF_SCHEMA.to_owned(),
        seal: tree.statement(day),
        index: 1,
        path: tree.path(1).unwrap(),
        batch: Some(batch),
        event: None,
    }
}

fn request() -> Request {
    Request {
        schema: REQUEST_SCHEMA.to_owned(),
        program: "desserte 0".to_owned(),
        method: "m".to_owned(),
        lang: Lang::Fr,
        kind: PlaceKind::Commune,
        code: "23096".to_owned(),
        from: "2026-11-22".to_owned(),
        to: "2026-11-23".to_owned(),
        uses: Vec::new(),
        public: false,
        demonstration: false,
        probes: vec![DeclaredProbe {
            probe: key().id().to_string(),
            public_key: key().public().to_string(),
            host: None,
            class_a: None,
        }],
        territory: Territory { sha256: Hash([5; 32]), vintage: "2026".to_owned() },
    }
}

fn case(seal: &Statement) -> Case {
    let sealed = Sealed {
        day: seal.day.to_string(),
        size: seal.size,
        root: seal.root.to_string(),
        stamps: Vec::new(),
    };
    Case {
        schema: CASE_SCHEMA.to_owned(),
        lang: Lang::Fr,
        public: false,
        demonstration: false,
        program: "desserte 0".to_owned(),
        method: "m".to_owned(),
        place: Place {
            kind: PlaceKind::Commune,
            code: "23096".to_owned(),
            name: "Guéret".to_owned(),
            population: None,
        },
        period: Span { from: "2026-11-22".to_owned(), last: "2026-11-22".to_owned(), days: 1 },
        uses: Vec::new(),
        area: Vec::new(),
        may_over_represent_centres: false,
        sites: Vec::new(),
        exclusions: Vec::new(),
        custody: Custody { proven: 1, unsealed: 0, records: 1, seals: vec![sealed] },
        parameters: Vec::new(),
        boundary: Boundary {
            sha256: Hash([5; 32]).to_string(),
            vintage: "2026".to_owned(),
            sources: Vec::new(),
        },
        seed: 33,
        drawings: Vec::new(),
        verdicts: Verdicts::default(),
        notices: Vec::new(),
        replies: Vec::new(),
        retests: Vec::new(),
    }
}

fn put(bundle: &mut Bundle, name: impl Into<String>, contents: impl AsRef<[u8]>) {
    bundle.put(name, contents.as_ref()).unwrap();
}

/// The words of a case as a bundle has them.
fn words(case: &Case) -> Vec<u8> {
    [serde_json::to_vec_pretty(&crate::words::document(case)).unwrap(), b"\n".to_vec()].concat()
}

/// A bundle that holds; `change` may spoil it before digests are taken.
fn bundle(change: impl FnOnce(&mut Bundle, &Proof)) -> Bundle {
    let proof = proof();
    let json = |value: serde_json::Value| value.to_string().into_bytes();
    let case = case(&proof.seal);
    let mut made = Bundle::default();
    let bundle = &mut made;
    put(bundle, part::REQUEST, json(serde_json::to_value(request()).unwrap()));
    put(bundle, part::DOCUMENT, words(&case));
    put(bundle, part::CASE, json(serde_json::to_value(case).unwrap()));
    put(bundle, part::PDF, b"%PDF-1.7 a dossier");
    put(bundle, part::FIGURES, b"level\n");
    put(bundle, format!("{}000001.json", part::PROOFS), json(serde_json::to_value(&proof).unwrap()));
    put(bundle, format!("{}{}.txt", part::SEALS, proof.seal.day), proof.seal.text().into_bytes());
    change(bundle, &proof);
    made
}

fn told(bundle: &mut Bundle, trusted: &Trusted) -> Vec<String> {
    let report = check(&archive(bundle), None, trusted);
    report.faults.iter().map(ToString::to_string).collect()
}

fn one_fault(change: impl FnOnce(&mut Bundle, &Proof), part: &str, what: &str) {
    let told = told(&mut bundle(change), &Trusted::default());
    assert!(
        told.iter().any(|told| told.starts_with(part) && told.contains(what)),
        "{part}, {what}: {told:?}"
    );
}

#[test]
fn a_bundle_that_holds_says_what_it_shows() {
    let (mut bundle, proof) = (bundle(|_, _| ()), proof());
    let trusted = Trusted {
        fingerprint: Some(bundle.fingerprint()),
        seals: vec![proof.seal],
        keys: vec![key().public().to_string()],
    };
    let pdf = bundle.get(part::PDF).unwrap();
    let report = check(&archive(&mut bundle), pdf.as_deref(), &trusted);
    assert_eq!(report.faults, []);
    assert_eq!(
        (report.proven, report.unsealed, report.sealed_days, report.days_known_elsewhere),
        (1, 0, 1, 1)
    );
    assert_eq!(report.fingerprint, trusted.fingerprint);
}

#[test]
fn what_is_changed_with_its_digests_is_found_too() {
    let proofs = "evidence/proofs/000001.json";
    one_fault(
        |bundle, _| {
            let mut proof = proof();
            proof.path[0] = Hash([1; 32]);
            put(bundle, proofs, serde_json::to_vec(&proof).unwrap());
        },
        proofs,
        "does not lead to the root",
    );
    one_fault(
        |bundle, _| {
            let mut proof = proof();
            proof.batch.as_mut().unwrap().body = ProvenBatch::encode(b"another body");
            put(bundle, proofs, serde_json::to_vec(&proof).unwrap());
        },
        proofs,
        "signature does not cover this body",
    );
    one_fault(
        |bundle, _| {
            let mut seal = proof().seal;
            seal.root = Hash([1; 32]);
            put(bundle, "evidence/seals/2026-11-22.txt", seal.text().into_bytes());
        },
        proofs,
        "another seal",
    );
    one_fault(
        |bundle, _| {
            let mut case = case(&proof().seal);
            case.custody.records = 9;
            put(bundle, part::CASE, serde_json::to_vec(&case).unwrap());
        },
        part::DOCUMENT,
        "do not follow from the facts",
    );
    one_fault(
        |bundle, _| {
            let mut request = request();
            request.probes.clear();
            put(bundle, part::REQUEST, serde_json::to_vec(&request).unwrap());
        },
        proofs,
        "declares no probe with its key",
    );
    one_fault(
        |bundle, _| put(bundle, "evidence/proofs/000002.json", serde_json::to_vec(&proof()).unwrap()),
        "evidence/proofs/000002.json",
        "stands twice",
    );
    one_fault(|bundle, _| put(bundle, "replies/1.json", b"{}"), "replies/1.json", "it is no reply");
    one_fault(|bundle, _| put(bundle, part::CASE, b"{\"schema\":1}"), part::CASE, "cannot be read");
}

/// A bundle with verdicts; `change` may spoil what is told of them.
fn with_verdicts(change: impl FnOnce(&mut Case)) -> Vec<String> {
    let made = bundle(|bundle, proof| {
        let (coverage, line) = (contradiction("23096", 12), campaign("23096", "2026-11-22", 3));
        put(bundle, part::CONTRADICTION, serde_json::to_vec(&coverage).unwrap());
        put(bundle, part::CAMPAIGN, serde_json::to_vec(&line).unwrap());
        let mut case = case(&proof.seal);
        let told = ContradictionTold::of(&coverage, vec!["23096".to_owned()]);
        case.verdicts = Verdicts { contradiction: Some(told), campaign: Some(line) };
        change(&mut case);
        put(bundle, part::DOCUMENT, words(&case));
        put(bundle, part::CASE, serde_json::to_vec(&case).unwrap());
    });
    let mut made = made;
    told(&mut made, &Trusted::default())
}

#[test]
fn verdicts_are_judged_again_and_facts_have_to_tell_what_follows() {
    assert_eq!(with_verdicts(|_| ()), Vec::<String>::new());
    let fault = |change: fn(&mut Case)| with_verdicts(change).join("\n");
    let told = fault(|case| case.verdicts.contradiction = None);
    assert!(told.starts_with("case.json: what it tells of verdicts/contradiction.json"), "{told}");
    let told = fault(|case| case.verdicts.contradiction.as_mut().unwrap().study.cells[0].failures = 1);
    assert!(told.contains("verdicts/contradiction.json"), "{told}");
    let told = fault(|case| case.verdicts.campaign = None);
    assert!(told.contains("verdicts/campaign.json"), "{told}");
    let told = fault(|case| "2026-11-21".clone_into(&mut case.period.last));
    assert!(told.contains("of this place and period"), "{told}");
    let told = fault(|case| "23008".clone_into(&mut case.place.code));
    assert!(told.contains("of this place and period"), "{told}");
    one_fault(
        |bundle, _| {
            let mut study = contradiction("23096", 12);
            study.cells[0].counts[29].1 = 1;
            put(bundle, part::CONTRADICTION, serde_json::to_vec(&study).unwrap());
        },
        part::CONTRADICTION,
        "does not follow",
    );
}

#[test]
fn a_part_that_no_dossier_has_is_named_and_a_stranger_is_quoted_briefly() {
    one_fault(|bundle, _| put(bundle, "notes/x.json", b"{}"), "notes/x.json", "no dossier has such a part");
    let long = format!("{{\"\u{1b}[2J{}\":1}}", "a".repeat(100_000));
    let told = told(&mut bundle(|bundle, _| put(bundle, "notices/1.json", &long)), &Trusted::default());
    let fault = told.iter().find(|told| told.starts_with("notices/1.json")).unwrap();
    assert!(fault.chars().count() < 500 && !fault.chars().any(char::is_control), "{fault}");
}

#[test]
fn a_body_that_unpacks_to_more_than_any_batch_is_named_and_counted() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1024 * 1024];
    (0..65).for_each(|_| std::io::Write::write_all(&mut bomb, &zeros).unwrap());
    let mut batch = batch();
    batch.body = ProvenBatch::encode(&bomb.finish().unwrap());
    batch.signature = batch.signature.replace("\"content-encoding\":null", "\"content-encoding\":\"gzip\"");
    assert_eq!(desserte_custody::verify_batch(&batch).unpacked, 64 * 1024 * 1024);
    let name = "evidence/unsealed/000002.json";
    one_fault(
        |bundle, _| put(bundle, name, serde_json::to_vec(&batch).unwrap()),
        name,
        "unpacked it has more than 67108864 octets",
    );
}

#[test]
fn a_bundle_is_held_against_what_the_verifier_knows() {
    let mut bundle = bundle(|_, _| ());
    let other = Statement { root: Hash([1; 32]), ..proof().seal };
    let said = told(&mut bundle, &Trusted { seals: vec![other], ..Trusted::default() });
    assert!(said[0].starts_with("evidence/seals/2026-11-22.txt: its root is"), "{said:?}");
    let said = told(&mut bundle, &Trusted { keys: vec!["AAAA".to_owned()], ..Trusted::default() });
    assert!(said[0].contains("none of those it was held against"), "{said:?}");
    let said = told(&mut bundle, &Trusted { fingerprint: Some(Hash([1; 32])), ..Trusted::default() });
    assert!(said[0].starts_with("SHA256SUMS: the dossier's fingerprint is"), "{said:?}");
}

#[test]
fn a_file_beside_the_bundle_that_differs_is_named() {
    let report = check(&archive(&mut bundle(|_, _| ())), Some(b"%PDF-1.7 b dossier"), &Trusted::default());
    assert_eq!(report.faults.len(), 1);
    assert_eq!(
        report.faults[0].to_string(),
        "dossier.pdf: the file beside the bundle differs from the one within it, from octet 9 on"
    );
}

/// Every one of so many bits, chosen by a seed, flipped alone. `DESSERTE_FLIPS` sets how many.
#[test]
fn flipped_bits_are_found_and_a_part_is_named() {
    let flips: usize = std::env::var("DESSERTE_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let mut bundle = bundle(|_, _| ());
    let (archive, pdf) = (archive(&mut bundle), bundle.get(part::PDF).unwrap().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..flips {
        let bit = random.random_range(0..8 * (archive.len() + pdf.len()));
        let (mut archive_changed, mut pdf_changed) = (archive.clone(), pdf.clone());
        let place = bit / 8;
        if place < archive.len() {
            archive_changed[place] ^= 1 << (bit % 8);
        } else {
            pdf_changed[place - archive.len()] ^= 1 << (bit % 8);
        }
        let report = check(&archive_changed, Some(&pdf_changed), &Trusted::default());
        assert!(!report.faults.is_empty(), "bit {bit} was not noticed");
        assert!(report.faults.iter().all(|fault| !fault.part.is_empty()));
    }
}

/// The same with a dossier that was built: `DESSERTE_DOSSIER` names its directory, `DESSERTE_FLIPS` how many bits, `DESSERTE_FLIPS_AFTER` how
/// many of the draw were flipped before, so that a long run can be made in pieces. Without a directory there is none.
#[test]
fn flipped_bits_of_a_dossier_that_was_built_are_found_and_a_part_is_named() {
    let Some(folder) = std::env::var_os("DESSERTE_DOSSIER").map(std::path::PathBuf::from) else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let flips = number("DESSERTE_FLIPS").unwrap_or(300);
    let after = number("DESSERTE_FLIPS_AFTER").unwrap_or(0);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (mut archive, mut pdf) = (read("dossier.zip"), read("dossier.pdf"));
    assert_eq!(check(&archive, Some(&pdf), &Trusted::default()).faults, []);
    let names: BTreeSet<String> = find(&mut Cursor::new(&archive)).unwrap().0.into_keys().collect();
    let mut random = ChaCha8Rng::seed_from_u64(10_000);
    let flip = |octets: &mut [u8], place: usize, bit: usize| octets[place] ^= 1 << bit;
    for drawn in 0..after + flips {
        let (place, bit) = (random.random_range(0..archive.len() + pdf.len()), random.random_range(0..8));
        if drawn < after {
            continue;
        }
        let faults = if let Some(place) = place.checked_sub(archive.len()) {
            flip(&mut pdf, place, bit);
            let faults = check(&archive, Some(&pdf), &Trusted::default()).faults;
            flip(&mut pdf, place, bit);
            faults
        } else {
            flip(&mut archive, place, bit);
            // Nothing but the archive itself has to be looked at: what is wrong is found before anything is read of it.
            let faults = find(&mut Cursor::new(&archive)).unwrap().1.into_list();
            flip(&mut archive, place, bit);
            faults
        };
        // A changed name in the list of digests is told too, as a part that is not there.
        let named = |fault: &Fault| {
            names.contains(&fault.part)
                || ["the archive", "the header", "what stands"]
                    .iter()
                    .any(|place| fault.part.starts_with(place))
        };
        assert!(faults.iter().any(named), "octet {place}, bit {bit}: {faults:?}");
    }
}
