//! What was received is sealed when its day is over; proofs hold before programs that are not ours.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use desserte_e2e::{Collector, GUERET, Sender, can, client, has_program, octets, program, territory};

const DAY_US: i64 = 86_400_000_000;

/// Runs a program that must end with `code`, and gives what it printed.
fn run(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let (out, beside) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{command:?}: {out}{beside}");
    out
}

fn desserte(words: &[&str], code: i32) -> String {
    run(Command::new(program("desserte")).args(words), code)
}

/// Lets everything have been received two days ago: the day of the test is not over.
fn let_two_days_pass(data: &Path) {
    let connection = rusqlite::Connection::open(data.join("collector.sqlite")).unwrap();
    let trigger: String = connection
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'batch_is_unchanged'", [], |row| row.get(0))
        .unwrap();
    let back = 2 * DAY_US;
    connection
        .execute_batch(&format!(
            "DROP TRIGGER batch_is_unchanged; UPDATE batch SET received_us = received_us - {back}; {trigger}"
        ))
        .unwrap();
}

fn path_of(folder: &Path, name: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_proven_before_programs_that_are_not_ours() {
    let python = std::env::var_os("DESSERTE_PYTHON");
    if !can("the Python environment that `cargo xtask test` makes", python.is_some())
        || !can("openssl", has_program("openssl"))
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let territory = territory(folder.path());
    let mut collector = Collector::start(folder.path(), &territory, &[]).await;
    let base = format!("http://{}", collector.address);
    let mut sender = Sender::new(41);
    collector.register(&sender.key.public().to_string(), "mairie");
    let records: Vec<_> = (0..5).map(|_| sender.minute(GUERET)).collect();
    for record in &records {
        let answer = sender.send(&base, &[octets(record)]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    collector.process.kill();
    let_two_days_pass(&collector.data);
    collector.restart().await;

    let data = collector.data.to_str().unwrap().to_owned();
    let wanted = records[3].id.to_string();
    let (proof, proof_text) = path_of(folder.path(), "preuve.json");
    // The running collector seals by itself; whoever does not wait for it does the same by hand.
    desserte(&["custody", "seal", "--data", &data], 0);
    desserte(&["custody", "prove", "--data", &data, "--record", &wanted, "--out", &proof_text], 0);
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&proof).unwrap()).unwrap();
    let day = kept["seal"]["day"].as_str().unwrap();

    let listed = collector.json("/api/v1/seals").await.unwrap();
    assert_eq!(listed["seals"][0]["root"], kept["seal"]["root"]);
    let published = collector.get(&format!("/api/v1/seals/{day}")).await.unwrap();
    let (seal, seal_text) = path_of(folder.path(), "sceau.txt");
    std::fs::write(&seal, &published).unwrap();
    let missing = client().get(format!("{base}/api/v1/seals/2020-01-01")).send().await.unwrap();
    assert_eq!(missing.status().as_u16(), 404);

    let key = sender.key.public().to_string();
    let told = desserte(&["custody", "verify", &proof_text, "--seal", &seal_text, "--key", &key], 0);
    assert!(told.contains("n’a pas été modifié"), "{told}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/custody/verify.py");
    let check = |proof: &str, code| {
        run(Command::new(python.as_ref().unwrap()).arg(&script).args([proof, &seal_text]), code)
    };
    assert_eq!(check(&proof_text, 0).as_bytes(), octets(&records[3]));

    let (changed, changed_text) = path_of(folder.path(), "autre.json");
    let later = kept["batch"]["received_us"].as_i64().unwrap() + 1;
    let text = std::fs::read_to_string(&proof).unwrap();
    std::fs::write(&changed, text.replace(&kept["batch"]["received_us"].to_string(), &later.to_string()))
        .unwrap();
    check(&changed_text, 1);
    let told = desserte(&["custody", "verify", &changed_text, "--seal", &seal_text, "--lang", "en"], 2);
    assert!(told.contains("does not lead to the root"), "{told}");

    stamp(folder.path(), &data, day, &seal);
    collector.process.kill();
}

/// Has the seal time-stamped by an authority of the test, and lets OpenSSL verify the answer that was kept.
fn stamp(folder: &Path, data: &str, day: &str, seal: &Path) {
    let openssl = |words: &[&str]| run(Command::new("openssl").args(words).current_dir(folder), 0);
    openssl(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-subj", "/CN=CA",
    ]);
    openssl(&[
        "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA",
    ]);
    std::fs::write(folder.join("usage"), "extendedKeyUsage=critical,timeStamping\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "tsa.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "tsa.pem",
        "-days",
        "2",
        "-extfile",
        "usage",
    ]);
    std::fs::write(
        folder.join("tsa.cnf"),
        "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_cert = tsa.pem\ncerts = ca.pem\nsigner_key = tsa.key\n\
         signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\ness_cert_id_alg = sha256\n",
    )
    .unwrap();
    std::fs::write(folder.join("serial"), "01\n").unwrap();
    let (_, request) = path_of(folder, "question.tsq");
    desserte(&["custody", "stamp-request", "--data", data, "--day", day, "--out", &request], 0);
    openssl(&["ts", "-reply", "-queryfile", &request, "-config", "tsa.cnf", "-out", "answer.tsr"]);
    let (_, answer) = path_of(folder, "answer.tsr");
    let keep =
        ["custody", "stamp-keep", "--data", data, "--day", day, "--authority", "Autorité d’essai", &answer];
    assert!(desserte(&keep, 0).contains("says that it saw the seal"));
    let seal = seal.to_str().unwrap();
    openssl(&[
        "ts",
        "-verify",
        "-data",
        seal,
        "-in",
        "answer.tsr",
        "-CAfile",
        "ca.pem",
        "-untrusted",
        "tsa.pem",
    ]);
    assert!(desserte(&["custody", "list", "--data", data], 0).contains("Autorité d’essai"));

    std::fs::write(seal, "other octets").unwrap();
    let other = Command::new("openssl")
        .args([
            "ts",
            "-verify",
            "-data",
            seal,
            "-in",
            "answer.tsr",
            "-CAfile",
            "ca.pem",
            "-untrusted",
            "tsa.pem",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(!other.status.success(), "a stamp must not fit another seal");
}
