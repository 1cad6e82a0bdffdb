//! Two collectors that share a register in PostgreSQL (docs/spec/registry.md), one of which is lost.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use desserte_e2e::{Collector, GUERET, Postgres, Sender, client, octets, program, territory};
use desserte_model::EnrolmentStep;
use desserte_signing::{InvitationLink, ProbeKey, apply};

use crate::storage::{PATIENCE, Storage, all_are_there, answers, desserte};

fn asked(data: &Path, words: &[&str]) -> Output {
    Command::new(program("desserte")).args(words).arg("--data").arg(data).output().unwrap()
}

/// What a command that must fail says.
fn refused(data: &Path, words: &[&str]) -> String {
    let output = asked(data, words);
    assert!(!output.status.success(), "{words:?} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn base(collector: &Collector) -> String {
    format!("http://{}", collector.address)
}

/// Makes a code at a collector; gives the key that grows from it.
fn invited(collector: &Collector, name: &str) -> ProbeKey {
    let words = ["probe", "invite", "--name", name, "--commune", "23096", "--collector", &base(collector)];
    let sheet = desserte(&collector.data, &words);
    let address = sheet.split('\'').nth(1).unwrap();
    InvitationLink::parse(address).unwrap().code.key()
}

/// Asks a collector to enrol a probe; gives status and kind of the answer.
async fn enrol(collector: &Collector, code: &ProbeKey, probe: &Sender) -> (u16, String) {
    let request = apply(EnrolmentStep::Take, code, &probe.key);
    let url = format!("{}/api/v1/enrolments", base(collector));
    let answer = client().post(url).json(&request).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.unwrap();
    (status, body["type"].as_str().unwrap_or_default().to_owned())
}

/// Waits until a probe stands in a collector's list as another's.
async fn is_listed(collector: &Collector, probe: &Sender, words: &str) {
    let (begun, id) = (Instant::now(), probe.key.id());
    loop {
        let list = desserte(&collector.data, &["probe", "list"]);
        if list.lines().any(|line| line.starts_with(id.as_str()) && line.contains(words)) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{id} is not {words:?}: {list}{}", collector.process.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The status of an answer, with its kind.
async fn sent(probe: &Sender, collector: &Collector, lines: &[Vec<u8>]) -> (u16, String) {
    let answer = probe.send(&base(collector), lines).await.unwrap();
    (answer.status, answer.body["type"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn collectors_that_share_a_register_take_each_others_codes_and_one_takes_over_when_another_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(storage) = Storage::start(folder.path()).await else { return };
    let Some(mut server) = Postgres::start(folder.path(), &[]) else { return };
    let territory = territory(folder.path());
    // Each has probes before there is a register.
    let ([mut one, mut two], mut probes) = storage.two_collectors(folder.path(), &territory).await;
    for probe in &mut probes {
        probe.send(3).await;
    }
    for collector in [&mut one, &mut two] {
        let text = format!("connection = \"{}\"\n", server.connection("postgres"));
        std::fs::write(collector.data.join("registry.toml"), text).unwrap();
        assert!(desserte(&collector.data, &["registry", "init"]).contains("y sont"));
        assert!(collector.process.terminate().success(), "{}", collector.process.log());
        collector.restart().await;
    }
    is_listed(&two, &probes[0].sender, "(collector 1)").await;
    is_listed(&one, &probes[1].sender, "(collector 2)").await;
    let other = "urn:desserte:problem:other-collector".to_owned();
    let line = octets(&Sender::new(1).minute(GUERET));
    assert_eq!(sent(&probes[0].sender, &two, &[line]).await, (403, other.clone()));

    // A code made at one is taken at the other, once.
    let code = invited(&one, "Mairie de Guéret");
    let (new, late) = (Sender::new(41), Sender::new(42));
    assert_eq!(enrol(&two, &code, &new).await.0, 200);
    assert_eq!(enrol(&one, &code, &new).await.0, 200, "its answer was lost");
    for collector in [&one, &two] {
        let used = "urn:desserte:problem:code-used".to_owned();
        assert_eq!(enrol(collector, &code, &late).await, (403, used));
    }
    is_listed(&one, &new, "Mairie de Guéret (collector 2)").await;
    probes[2].send(2).await;

    // PostgreSQL is gone: what is measured is taken in, nothing else is changed.
    let code = invited(&two, "Mairie de Bourganeuf");
    server.kill();
    probes[0].send(4).await;
    let away = "urn:desserte:problem:unavailable".to_owned();
    assert_eq!(enrol(&one, &code, &late).await, (503, away));
    let id = probes[1].sender.key.id();
    for words in [vec!["probe", "retire", id.as_str()], vec!["registry", "status"]] {
        let told = refused(&two.data, &words);
        assert!(told.contains("cannot be reached") && told.contains("is taken in meanwhile"), "{told}");
    }
    server.begin();
    assert_eq!(enrol(&one, &code, &late).await.0, 200);
    is_listed(&two, &late, "(collector 1)").await;

    // One is lost after it acknowledged and handed over; the acknowledgement of the last batch was lost as well.
    let last: Vec<_> = (0..5).map(|_| probes[0].sender.minute(GUERET)).collect();
    probes[0].send_made(&last).await;
    all_are_there(&storage, &probes.each_ref()).await;
    one.process.kill();
    let begun = Instant::now();
    let take_over = ["registry", "take-over", "1", "--yes"];
    assert!(refused(&two.data, &take_over).contains("is not lost"));
    let told = loop {
        let output = asked(&two.data, &take_over);
        if output.status.success() {
            break String::from_utf8_lossy(&output.stdout).into_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "{}", String::from_utf8_lossy(&output.stderr));
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    assert!(told.contains("2 sondes du collecteur 1") && told.contains("12 enregistrements"), "{told}");
    probes[0].move_to(&two);
    let again: Vec<_> = last.iter().map(octets).collect();
    let repeated = probes[0].sender.send(&base(&two), &again).await.unwrap().receipt();
    assert_eq!((repeated.accepted, repeated.duplicate), (0, 5), "{repeated:?}");
    probes[0].send(5).await;
    all_are_there(&storage, &probes.each_ref()).await;
    answers(&two.data, &probes.each_ref());
    let notes = desserte(&two.data, &["custody", "notes"]);
    assert!(notes.contains("from collector 1 to this one"), "{notes}");

    // It comes back, and takes nothing of them.
    one.restart().await;
    is_listed(&one, &probes[0].sender, "(collector 2)").await;
    let line = octets(&probes[0].sender.minute(GUERET));
    assert_eq!(sent(&probes[0].sender, &one, &[line]).await, (403, other));
    let status = desserte(&one.data, &["registry", "status", "--lang", "en"]);
    assert!(
        status.contains("Collector 1 (this one): seen") && status.contains("probes in service: 0"),
        "{status}"
    );
    for collector in [&mut one, &mut two] {
        assert!(collector.process.terminate().success(), "{}", collector.process.log());
    }
}
