//! Batches, good and bad, against a real collector.

use desserte_e2e::{Collector, GUERET, Sender, octets, territory};
use desserte_model::RefusalReason;

#[tokio::test(flavor = "multi_thread")]
async fn good_records_are_kept_and_bad_ones_are_named_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let mut sender = Sender::new(1);
    collector.register(&sender.key.public().to_string(), "mairie");

    let good = octets(&sender.minute(GUERET));
    let in_the_sea = octets(&sender.minute((-8.0, 46.0)));
    let mut nowhere = serde_json::to_value(sender.minute(GUERET)).unwrap();
    nowhere["position"]["lon"] = serde_json::json!(1e300);
    let mut tomorrow = sender.minute(GUERET);
    tomorrow.clock.utc_us = tomorrow.clock.utc_us.map(|at| at.saturating_add_micros(86_400_000_000));
    let mut foreign = sender.minute(GUERET);
    foreign.probe = "00112233445566778899aabbccddeeff".parse().unwrap();
    let last = octets(&sender.minute(GUERET));
    let lines = vec![
        good.clone(),
        in_the_sea,
        nowhere.to_string().into_bytes(),
        octets(&tomorrow),
        octets(&foreign),
        b"{\"schema\":\"desserte-record/1\",\"position\":{\"lon\":NaN}}".to_vec(),
        b"{\"schema\":\"desserte-record/1\"}".to_vec(),
        last,
    ];
    let answer = sender.send(&base, &lines).await.unwrap();
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(answer.body["type"], "urn:desserte:problem:records-refused");
    let receipt = answer.receipt();
    assert_eq!((receipt.accepted, receipt.duplicate), (2, 0));
    let refused: Vec<_> = receipt.refused.iter().map(|refusal| (refusal.line, refusal.reason)).collect();
    assert_eq!(
        refused,
        [
            (3, RefusalReason::OutsideTerritory),
            (4, RefusalReason::PositionNotFinite),
            (5, RefusalReason::InTheFuture),
            (6, RefusalReason::ForeignProbe),
            (7, RefusalReason::PositionNotFinite),
            (8, RefusalReason::Malformed),
        ]
    );

    let again = sender.send(&base, std::slice::from_ref(&good)).await.unwrap();
    assert_eq!((again.status, again.receipt().accepted, again.receipt().duplicate), (200, 0, 1));

    let mut other: serde_json::Value = serde_json::from_slice(&good).unwrap();
    other["sequence"] = serde_json::json!(77);
    let reused = sender.send(&base, &[other.to_string().into_bytes()]).await.unwrap();
    assert_eq!(reused.receipt().refused[0].reason, RefusalReason::IdentifierReused);

    let metrics = collector.get("/metrics").await.unwrap();
    for reason in ["outside-territory", "in-the-future", "foreign-probe", "malformed", "identifier-reused"] {
        let line = metrics.lines().find(|line| line.contains(&format!("reason=\"{reason}\"")));
        assert!(line.is_some_and(|line| line.ends_with(" 1")), "{reason}: {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_nobody_registered_is_told_so_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let mut sender = Sender::new(2);
    let line = octets(&sender.minute(GUERET));
    let answer = sender.send(&base, std::slice::from_ref(&line)).await.unwrap();
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap_or_default().len() > 10, "{answer:?}");

    collector.register(&sender.key.public().to_string(), "école");
    let answer = sender.send(&base, &[line]).await.unwrap();
    assert_eq!((answer.status, answer.receipt().accepted), (200, 1), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_batch_get_a_problem_document() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let base = format!("http://{}", collector.address);
    let sender = Sender::new(3);
    collector.register(&sender.key.public().to_string(), "mairie");
    for (body, status) in [(Vec::new(), 400), (b"not a header\n".to_vec(), 400), (vec![b'x'; 9 << 20], 413)] {
        let length = body.len();
        let answer = sender.send_body(&base, body).await.unwrap();
        assert_eq!(answer.status, status, "{length} octets: {answer:?}");
        assert_eq!(answer.body["status"], status, "{answer:?}");
        assert!(answer.body["title"].is_string() && answer.body["type"].is_string(), "{answer:?}");
    }
}
