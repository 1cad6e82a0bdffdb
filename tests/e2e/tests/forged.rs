//! Forged, replayed, cross-probe, expired and downgraded requests, each against a real collector: refused, nothing kept, never a 5xx.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use desserte_e2e::{BATCHES, Collector, GUERET, Sender, client, now, octets, territory};
use desserte_model::{BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BatchId, Software};
use desserte_signing::{ProbeKey, RequestTarget, SignatureHeaders, encode_batch, sign_request};
use desserte_units::Timestamp;
use uuid::Uuid;

const TARGET: RequestTarget<'static> =
    RequestTarget { method: "POST", path: BATCHES, content_type: BATCH_CONTENT_TYPE, content_encoding: None };

struct Request {
    path: &'static str,
    content_type: &'static str,
    headers: SignatureHeaders,
    body: Vec<u8>,
}

fn batch(of: &ProbeKey, lines: &[Vec<u8>]) -> Vec<u8> {
    let header = BatchHeader {
        schema: BATCH_SCHEMA.to_owned(),
        batch: BatchId::from_uuid(Uuid::new_v4()),
        probe: of.id(),
        anchors: vec![],
        software: Software { name: "forger".to_owned(), version: "1".to_owned() },
    };
    encode_batch(&header, lines.iter().map(Vec::as_slice)).unwrap()
}

/// A right request, made wrong in one place by `change`.
fn request(sender: &mut Sender, change: impl FnOnce(&mut Request)) -> Request {
    let line = octets(&sender.minute(GUERET));
    let body = batch(&sender.key, &[line]);
    let headers = sign_request(&sender.key, &TARGET, &body, now());
    let mut request = Request { path: BATCHES, content_type: BATCH_CONTENT_TYPE, headers, body };
    change(&mut request);
    request
}

async fn send(base: &str, request: &Request) -> (u16, serde_json::Value) {
    let answer = client()
        .post(format!("{base}{}", request.path))
        .header("content-type", request.content_type)
        .header("content-digest", &request.headers.content_digest)
        .header("signature-input", &request.headers.signature_input)
        .header("signature", &request.headers.signature)
        .body(request.body.clone())
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

fn kept(collector: &Collector) -> i64 {
    let store = rusqlite::Connection::open(collector.data.join("collector.sqlite")).unwrap();
    store.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_forged_expired_downgraded_or_another_s_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let (mut sender, other, stranger) = (Sender::new(70), Sender::new(71), ProbeKey::from_seed([72; 32]));
    for (key, name) in [(&sender.key, "mairie"), (&other.key, "école")] {
        collector.register(&key.public().to_string(), name);
    }

    let old = Timestamp::from_unix_secs(now().as_unix_secs() - 3_600);
    let future = Timestamp::from_unix_secs(now().as_unix_secs() + 3_600);
    let input = |request: &mut Request, from: &str, to: &str| {
        assert!(request.headers.signature_input.contains(from));
        request.headers.signature_input = request.headers.signature_input.replace(from, to);
    };
    type Change<'a> = Box<dyn FnOnce(&mut Request) + 'a>;
    let resigned = |at: Timestamp, target: RequestTarget<'static>, key: &ProbeKey| -> Change<'static> {
        let key = ProbeKey::from_seed(key.seed());
        Box::new(move |request: &mut Request| {
            request.headers = sign_request(&key, &target, &request.body, at);
        })
    };
    let cases: Vec<(&str, u16, Change<'_>)> = vec![
        ("a key that nobody registered", 401, resigned(now(), TARGET, &stranger)),
        ("another probe's key over this probe's batch", 403, resigned(now(), TARGET, &other.key)),
        ("an hour old", 401, resigned(old, TARGET, &sender.key)),
        ("an hour ahead", 401, resigned(future, TARGET, &sender.key)),
        (
            "signed for another method",
            401,
            resigned(now(), RequestTarget { method: "GET", ..TARGET }, &sender.key),
        ),
        (
            "signed for another path",
            401,
            resigned(now(), RequestTarget { path: "/api/v1/time", ..TARGET }, &sender.key),
        ),
        (
            "signed as packed, sent as it is",
            401,
            resigned(now(), RequestTarget { content_encoding: Some("gzip"), ..TARGET }, &sender.key),
        ),
        ("another body under the signature", 401, Box::new(|request| request.body.push(b'\n'))),
        (
            "a digest of the new body, not signed",
            401,
            Box::new(|request| {
                request.body.push(b'\n');
                request.headers.content_digest = desserte_signing::content_digest(&request.body);
            }),
        ),
        (
            "a signature of zeros",
            401,
            Box::new(|request| request.headers.signature = format!("desserte=:{}==:", "A".repeat(86))),
        ),
        ("no algorithm named", 401, Box::new(|request| input(request, ";alg=\"ed25519\"", ""))),
        (
            "a weaker algorithm named",
            401,
            Box::new(|request| input(request, "\"ed25519\"", "\"hmac-sha256\"")),
        ),
        (
            "a tag of another purpose",
            401,
            Box::new(|request| input(request, "desserte-batch-1", "desserte-batch-0")),
        ),
        ("fewer parts covered", 401, Box::new(|request| input(request, " \"content-digest\"", ""))),
        ("another label", 401, Box::new(|request| input(request, "desserte=", "sig1="))),
        ("the other probe's name over this signature", 401, {
            let (own, others) = (sender.key.id(), other.key.id());
            Box::new(move |request| input(request, own.as_str(), others.as_str()))
        }),
        ("another type of content", 415, Box::new(|request| request.content_type = "text/plain")),
    ];
    for (what, wanted, change) in cases {
        let (status, body) = send(&base, &request(&mut sender, change)).await;
        assert_eq!(status, wanted, "{what}: {body}");
        assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{what}: {body}");
    }
    assert_eq!(kept(&collector), 0);
    assert!(collector.process.terminate().success(), "{}", collector.process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_again_changes_nothing_and_a_record_of_another_probe_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let (mut sender, mut other) = (Sender::new(73), Sender::new(74));
    for (key, name) in [(&sender.key, "mairie"), (&other.key, "école")] {
        collector.register(&key.public().to_string(), name);
    }
    let right = request(&mut sender, |_| {});
    assert_eq!(send(&base, &right).await.0, 200);
    let (status, receipt) = send(&base, &right).await;
    assert_eq!(
        (status, receipt["duplicate"].as_u64(), receipt["accepted"].as_u64()),
        (200, Some(1), Some(0))
    );
    assert_eq!(kept(&collector), 1);

    // A whole record of the other probe, which it has not sent yet, in a batch of this one.
    let stolen = octets(&other.minute(GUERET));
    let (status, body) = send(
        &base,
        &request(&mut sender, |request| {
            request.body = batch(&ProbeKey::from_seed([73; 32]), std::slice::from_ref(&stolen));
            request.headers = sign_request(&ProbeKey::from_seed([73; 32]), &TARGET, &request.body, now());
        }),
    )
    .await;
    assert_eq!(
        (status, body["receipt"]["refused"][0]["reason"].as_str()),
        (422, Some("foreign-probe")),
        "{body}"
    );
    assert_eq!(kept(&collector), 1);
    // Its owner can still send it.
    assert_eq!(other.send(&base, &[stolen]).await.unwrap().status, 200);
}
