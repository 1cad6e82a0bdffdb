//! What a hostile or broken sender can do to a collector, and to the others who use it.

use std::io::Write as _;
use std::net::TcpStream;

use desserte_e2e::{Collector, GUERET, Sender, now, octets, territory};
use desserte_model::{BATCH_SCHEMA, BatchHeader, BatchId, BootAnchor, BootId, ClockSource, Software};
use desserte_signing::encode_batch;
use desserte_units::Monotonic;
use uuid::Uuid;

fn header(sender: &Sender, anchors: Vec<BootAnchor>) -> BatchHeader {
    BatchHeader {
        schema: BATCH_SCHEMA.to_owned(),
        batch: BatchId::from_uuid(Uuid::new_v4()),
        probe: sender.key.id(),
        anchors,
        software: Software { name: "hostile".to_owned(), version: "1".to_owned() },
    }
}

fn anchor(boot: BootId) -> BootAnchor {
    BootAnchor {
        boot,
        monotonic_us: Monotonic::ORIGIN,
        utc_us: now(),
        source: ClockSource::Collector,
        uncertainty_us: 1_000,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_cannot_be_is_kept_undated_and_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let (mut hostile, mut honest) = (Sender::new(20), Sender::new(21));
    for (sender, name) in [(&hostile, "hostile"), (&honest, "honest")] {
        collector.register(&sender.key.public().to_string(), name);
    }
    let boot = BootId::from_uuid(Uuid::new_v4());
    let body = encode_batch(&header(&hostile, vec![anchor(boot)]), []).unwrap();
    assert_eq!(hostile.send_body(&base, body).await.unwrap().status, 200);

    // Ten years, and all that 64 bits hold, after the anchor: no anchor of this batch tells, the kept one would.
    for monotonic in [10 * 365 * 86_400_000_000, u64::MAX] {
        let mut record = hostile.minute(GUERET);
        record.clock.boot = boot;
        record.clock.monotonic_us = Monotonic::from_micros(monotonic);
        record.clock.utc_us = None;
        record.clock.source = ClockSource::Unsynchronised;
        let answer = hostile.send(&base, &[octets(&record)]).await.unwrap();
        assert_eq!((answer.status, answer.receipt().accepted), (200, 1), "{answer:?}");
        let good = honest.minute(GUERET);
        assert_eq!(honest.send(&base, &[octets(&good)]).await.unwrap().status, 200);
    }
    let probes = collector.json("/api/v1/probes").await.unwrap();
    assert!(!probes.to_string().contains("2036"), "an impossible time is shown: {probes}");
    assert!(collector.process.terminate().success(), "{}", collector.process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_and_texts_beyond_any_honest_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let mut sender = Sender::new(22);
    collector.register(&sender.key.public().to_string(), "mairie");

    let anchors = (0..65).map(|_| anchor(BootId::from_uuid(Uuid::new_v4()))).collect();
    let body = encode_batch(&header(&sender, anchors), []).unwrap();
    assert_eq!(sender.send_body(&base, body).await.unwrap().status, 400);

    let mut wordy = sender.minute(GUERET);
    wordy.software.version = "9".repeat(1_000);
    let answer = sender.send(&base, &[octets(&wordy)]).await.unwrap();
    assert_eq!((answer.status, answer.receipt().refused.len()), (422, 1), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_only_claim_a_probe_take_none_of_its_places() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let mut sender = Sender::new(23);
    collector.register(&sender.key.public().to_string(), "mairie");
    let claim = format!(
        "POST /api/v1/batches HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-length: 1000000\r\n\
         content-digest: sha-256=:AAAA:\r\nsignature: desserte=:AAAA:\r\nsignature-input: desserte=(\"@method\" \
         \"@path\" \"content-type\" \"content-digest\");created=1;keyid=\"{}\";alg=\"ed25519\";\
         tag=\"desserte-batch-1\"\r\n\r\n",
        sender.key.id()
    );
    let mut open = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(collector.address).unwrap();
        stream.write_all(claim.as_bytes()).unwrap();
        open.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let record = sender.minute(GUERET);
    let answer = sender.send(&base, &[octets(&record)]).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    drop(open);
}
