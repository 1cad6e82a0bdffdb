//! Probes that are enrolled over the network: what is let in, what is refused, and what is written down of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Answer, Running, exchange, get, key, now, start, start_in};
use desserte_collector::{Config, DEFAULT_CONFIG};
use desserte_model::{EnrolmentRequest, EnrolmentStep, LonLat};
use desserte_signing::{InvitationCode, ProbeKey, apply};
use desserte_store::{COMMAND, NewInvitation, Store, StoreOptions};
use desserte_units::Timestamp;

const PATH: &str = "/api/v1/enrolments";

fn code(n: u8) -> ProbeKey {
    InvitationCode::from_octets([n; 7]).key()
}

fn store(running: &Running) -> Store {
    Store::open(running.dir.path(), StoreOptions::default()).unwrap()
}

fn invite(running: &Running, n: u8, hours: i64) {
    let created = now();
    let expires = Timestamp::from_unix_secs(created.as_unix_secs() + hours * 3_600);
    let new = NewInvitation {
        public_key: code(n).public().to_string(),
        name: "Mairie".to_owned(),
        site: Some("salle du conseil".to_owned()),
        commune: Some("99018".parse().unwrap()),
        position: Some(LonLat::new(1.5, 46.5).unwrap()),
        replaces: None,
        created,
        expires,
    };
    store(running).invite(new, COMMAND).unwrap();
}

fn send(running: &Running, body: &[u8]) -> Answer {
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    exchange(running.address, &request)
}

fn ask(running: &Running, request: &EnrolmentRequest) -> Answer {
    send(running, &serde_json::to_vec(request).unwrap())
}

fn outcomes(running: &Running) -> Vec<String> {
    let log = store(running).audit_log(10_000).unwrap();
    log.into_iter().filter(|entry| entry.action == "enrol").map(|entry| entry.outcome).collect()
}

#[test]
fn a_code_tells_its_site_enrols_one_probe_and_gives_it_what_it_needs() {
    let text = "[[locate.servers]]\nmachine = \"a\"\nws = \"ws://a.example\"\nwss = \"wss://a.example:4443\"\n\
                [[enrolment.targets]]\nid = \"t1\"\nhost = \"t1.example\"\n";
    let config: Config = desserte_boot::config::parse(text, DEFAULT_CONFIG, "test").unwrap();
    let running = start_in(&std::env::temp_dir(), config);
    invite(&running, 1, 1);
    let asked = ask(&running, &apply(EnrolmentStep::Ask, &code(1), &key(2)));
    assert_eq!(asked.status, 200, "{}", asked.body);
    let told = asked.json();
    assert_eq!((told["name"].as_str(), told["enrolled"].as_bool()), (Some("Mairie"), Some(false)));
    assert_eq!((told["commune"].as_str(), told["commune_name"].is_string()), (Some("99018"), true));
    assert_eq!(told["servers"], serde_json::json!(["wss://a.example:4443"]));
    assert_eq!(told["targets"], serde_json::json!([{"id": "t1", "host": "t1.example"}]));
    assert_eq!(told["position"], serde_json::json!({"lon": 1.5, "lat": 46.5}));
    assert!(store(&running).probe(&key(2).id()).unwrap().is_none(), "asking enrols nobody");

    let take = apply(EnrolmentStep::Take, &code(1), &key(2));
    for _ in 0..2 {
        let answer = ask(&running, &take);
        assert_eq!(
            (answer.status, answer.json()["enrolled"].as_bool()),
            (200, Some(true)),
            "{}",
            answer.body
        );
    }
    let probes = get(running.address, "/api/v1/probes");
    let listed = probes.json()["probes"].as_array().unwrap().clone();
    let own = listed.iter().find(|probe| probe["id"] == key(2).id().as_str()).unwrap();
    assert_eq!(own["state"], "waiting");
    assert!(!probes.body.contains("conseil"), "the public learns no site: {}", probes.body);

    for step in [EnrolmentStep::Ask, EnrolmentStep::Take] {
        let answer = ask(&running, &apply(step, &code(1), &key(3)));
        assert_eq!((answer.status, answer.kind().as_str()), (403, "code-used"));
        assert!(!answer.body.contains("Mairie"), "{}", answer.body);
    }
    assert_eq!(outcomes(&running), ["done", "done", "code-used", "code-used"]);
}

#[test]
fn whatever_is_forged_is_refused_and_leaves_one_line() {
    let running = start();
    invite(&running, 1, 1);
    invite(&running, 2, 0);
    let good = apply(EnrolmentStep::Take, &code(1), &key(2));
    let thief = apply(EnrolmentStep::Take, &key(9), &key(9));
    let with = |change: &dyn Fn(&mut EnrolmentRequest)| {
        let mut request = good.clone();
        change(&mut request);
        serde_json::to_vec(&request).unwrap()
    };
    let cases: [(&str, Vec<u8>, u16, &str); 13] = [
        ("no JSON", b"{".to_vec(), 400, "malformed-enrolment"),
        ("nothing", vec![], 400, "malformed-enrolment"),
        ("not UTF-8", vec![0xff; 100], 400, "malformed-enrolment"),
        ("too long", vec![b' '; 5_000], 413, "batch-too-large"),
        ("another version", with(&|r| r.schema.push('x')), 400, "malformed-enrolment"),
        ("a key that is none", with(&|r| r.probe.clear()), 400, "malformed-enrolment"),
        (
            "a key swapped on the way",
            with(&|r| {
                r.probe.clone_from(&thief.probe);
                r.probe_signature.clone_from(&thief.probe_signature);
            }),
            401,
            "bad-signature",
        ),
        (
            "a key of another probe",
            with(&|r| r.probe_signature.clone_from(&thief.probe_signature)),
            401,
            "bad-signature",
        ),
        ("a question made a request", with(&|r| r.step = EnrolmentStep::Ask), 401, "bad-signature"),
        ("an empty signature", with(&|r| r.invitation_signature.clear()), 401, "bad-signature"),
        (
            "an invitation's key without its code",
            with(&|r| r.invitation_signature.clone_from(&thief.invitation_signature)),
            401,
            "bad-signature",
        ),
        ("a code that nobody made", serde_json::to_vec(&thief).unwrap(), 403, "unknown-code"),
        (
            "a code whose time is over",
            serde_json::to_vec(&apply(EnrolmentStep::Take, &code(2), &key(2))).unwrap(),
            403,
            "code-expired",
        ),
    ];
    // More than one address may make, so that the thirteen are judged by what they are.
    let config: Config =
        desserte_boot::config::parse("[enrolment]\nrefused_per_address = 0\n", DEFAULT_CONFIG, "test")
            .unwrap();
    let generous = start_in(&std::env::temp_dir(), config);
    invite(&generous, 1, 1);
    invite(&generous, 2, 0);
    for (count, (what, body, status, kind)) in cases.iter().enumerate() {
        let answer = send(&generous, body);
        assert_eq!((answer.status, answer.kind().as_str()), (*status, *kind), "{what}: {}", answer.body);
        assert_eq!(outcomes(&generous).len(), count + 1, "{what} leaves one line");
    }
    assert_eq!(store(&generous).probes().unwrap().len(), 1, "nobody was enrolled");
    drop(running);
}

#[test]
fn guesses_at_speed_are_turned_away_and_a_right_code_with_them() {
    let running = start();
    invite(&running, 1, 1);
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let guess = |n: u8| {
            let running = &running;
            move || ask(running, &apply(EnrolmentStep::Ask, &ProbeKey::from_seed([n; 32]), &key(2))).status
        };
        let threads: Vec<_> = (100..160).map(|n| scope.spawn(guess(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let judged = answers.iter().filter(|&&status| status == 403).count();
    assert_eq!(judged, 10, "{answers:?}");
    assert_eq!(answers.iter().filter(|&&status| status == 429).count(), 50);
    let right = ask(&running, &apply(EnrolmentStep::Take, &code(1), &key(2)));
    assert_eq!((right.status, right.kind().as_str()), (429, "too-many-requests"));
    assert!(right.head.contains("retry-after: "), "{}", right.head);
    let outcomes = outcomes(&running);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "unknown-code").count(), 10);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "turned-away").count(), 1, "{outcomes:?}");
}

#[test]
fn the_audit_log_names_networks_not_addresses() {
    let running = start();
    ask(&running, &apply(EnrolmentStep::Ask, &key(8), &key(2)));
    let log = store(&running).audit_log(10).unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.actor.as_str(), last.outcome.as_str()), ("network 127.0.0.0/24", "unknown-code"));
}

#[test]
fn whoever_follows_the_address_of_a_code_reads_what_it_is_for() {
    let running = start();
    let page = get(running.address, "/enroler");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("desserte-probe enrol"), "{}", page.body);
    assert!(get(running.address, "/enroler?lang=en").body.contains("for a probe"));
}
