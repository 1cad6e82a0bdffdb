//! A history in an S3-compatible object store (moto's server, tests/interop/s3): real collectors, a real server, an independent reader.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod cluster;
mod register;
mod storage;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, GUERET, octets, program, territory};

use self::storage::{PATIENCE, Probe, SECRET, Storage, all_are_there, answers, desserte, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_killed_while_it_hands_over_to_an_object_store_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(storage) = Storage::start(folder.path()).await else { return };
    let data = folder.path().join("collector");
    storage.name_in(&data, "");
    let territory = territory(folder.path());
    let mut collector = Collector::start(folder.path(), &territory, &["--flush-every", "1"]).await;
    let mut probe = Probe::of(&collector, 1);
    probe.send(5).await;
    all_are_there(&storage, &[&probe]).await;

    // Ended while the storage holds what it was sent, and carries it out when nobody waits for it any more: each file and each entry of
    // a log in turn.
    for step in 0..4 {
        storage.hold(step).await;
        probe.send(5).await;
        storage.wait_until_held(&collector).await;
        collector.process.kill();
        collector.restart().await;
        probe.send(5).await;
        all_are_there(&storage, &[&probe]).await;
    }

    // Carried out and answered as if not, then not carried out: more than a client repeats by itself.
    for (kind, count) in [("lose", 3), ("refuse", 40)] {
        probe.send(5).await;
        storage.fault(kind, count).await;
        probe.send(5).await;
        let begun = Instant::now();
        while storage.left(kind).await > 0 {
            assert!(begun.elapsed() < PATIENCE, "{}", collector.process.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        all_are_there(&storage, &[&probe]).await;
    }
    let log = collector.process.log();
    assert!(
        log.contains("the history was not kept; trying again") && log.contains("nothing is lost"),
        "{log}"
    );
    assert!(log.contains("s3://histoire/creuse/1/") && !log.contains(SECRET), "{log}");

    answers(&data, &[&probe]);
    assert!(desserte(&data, &["lake", "rollup"]).contains("days computed"));
    assert!(desserte(&data, &["lake", "compact"]).contains("small files became"));
    answers(&data, &[&probe]);
    assert!(!data.join("lake").exists(), "nothing of it on this machine");

    // A backup says where the rest is.
    let copy = folder.path().join("copy");
    let told = Command::new(program("desserte"))
        .args(["backup", "--data"])
        .arg(&data)
        .arg("--out")
        .arg(&copy)
        .output()
        .unwrap();
    assert!(told.status.success(), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stderr).contains("s3://histoire/creuse/1"), "{told:?}");
    assert!(copy.join("history.toml").is_file() && !copy.join("lake").exists());
    assert!(collector.process.terminate().success());
    answers(&data, &[&probe]);
}

/// Everything that an answer says, in an order of its own.
fn whole(data: &Path) -> String {
    let sql =
        "SELECT probe, sequence, state, rtt_median_us, month FROM latency_minute ORDER BY probe, sequence";
    desserte(data, &["query", sql, "--format", "csv"])
}

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_write_one_history_and_one_is_killed_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let Some(storage) = Storage::start(folder.path()).await else { return };
    let territory = territory(folder.path());
    let ([mut one, two], mut probes) = storage.two_collectors(folder.path(), &territory).await;
    storage.control(&format!("of/{}", key(&one.data))).await;
    for step in 0..4 {
        storage.hold(step).await;
        for probe in &mut probes {
            probe.send(5).await;
        }
        storage.wait_until_held(&one).await;
        one.process.kill();
        // The other goes on, into the same tables.
        for probe in &mut probes[1..] {
            probe.send(3).await;
        }
        one.restart().await;
        probes[0].send(2).await;
    }
    all_are_there(&storage, &probes.each_ref()).await;
    for collector in [&one, &two] {
        answers(&collector.data, &probes.each_ref());
    }
    assert_eq!(whole(&one.data), whole(&two.data));

    // Upkeep by either, and the same again.
    assert!(desserte(&two.data, &["lake", "compact"]).contains("small files became"));
    assert!(desserte(&one.data, &["lake", "rollup"]).contains("up to number"));
    for collector in [&one, &two] {
        answers(&collector.data, &probes.each_ref());
    }
    assert_eq!(whole(&one.data), whole(&two.data));

    // A probe belongs to one of them: its batch is no batch at the other, and it cannot be made known there by mistake.
    let lines = [octets(&probes[0].sender.minute(GUERET))];
    let answer = probes[0].sender.send(&format!("http://{}", two.address), &lines).await.unwrap();
    assert!((400..500).contains(&answer.status), "{answer:?}");
    let public = probes[0].sender.key.public().to_string();
    for (words, expected) in [
        (vec!["probe", "add", "--public-key", &public, "--name", "mairie"], "belongs to collector 1"),
        (vec!["rebuild"], "1 other collectors write s3://histoire/creuse"),
    ] {
        let told =
            Command::new(program("desserte")).args(words).arg("--data").arg(&two.data).output().unwrap();
        let text = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(!told.status.success() && text.contains(expected), "{text}");
    }
}
