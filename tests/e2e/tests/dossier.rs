//! A dossier is built, checked and made again by the real programs, and before programs that are not ours.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use desserte_e2e::{can, has_program, program};

/// Bits flipped, beside those in the check's own tests: each costs reading a whole bundle.
const FLIPS: usize = 20;

/// Runs a program that must end with `code`, and gives all that it said.
fn run(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {said}");
    said
}

/// A store of made-up records, each day of it sealed.
struct Scene {
    folder: tempfile::TempDir,
    commune: String,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder, commune: String::new() };
        scene.desserte(&["demo-data", "--out", "data", "--seed", "40"], 0);
        scene.desserte(&["custody", "seal", "--data", "data"], 0);
        let probes = scene.desserte(&["probe", "list", "--data", "data"], 0);
        // Identifier, state, last heard, commune.
        let commune = probes.lines().nth(1).unwrap().split_whitespace().nth(3).unwrap().to_owned();
        Self { commune, ..scene }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn desserte(&self, words: &[&str], code: i32) -> String {
        run(Command::new(program("desserte")).args(words).current_dir(self.folder.path()), code)
    }

    fn tool(&self, name: impl AsRef<OsStr>, words: &[&str]) -> String {
        run(Command::new(name).args(words).current_dir(self.folder.path()), 0)
    }

    fn build(&self, more: &[&str], code: i32) -> String {
        let period = ["dossier", "build", "--data", "data", "--from", "2026-10-01", "--to", "2026-10-15"];
        self.desserte(&[&period, more].concat(), code)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Puts a file with one bit changed in the place of another.
    fn flip(&self, from: &str, to: &str, bit: usize) {
        let mut octets = self.read(from);
        octets[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(self.path(to), octets).unwrap();
    }
}

#[test]
fn a_dossier_is_built_checked_made_again_and_answered() {
    let python = std::env::var_os("DESSERTE_PYTHON");
    let tools = ["openssl", "sha256sum", "pdfinfo", "pdftotext", "qpdf"].into_iter().all(has_program);
    if !can("openssl, sha256sum, poppler-utils and qpdf", tools)
        || !can("the Python environment that `cargo xtask test` makes", python.is_some())
    {
        return;
    }
    let scene = Scene::new();
    a_seal_is_time_stamped(&scene);
    let told = scene.build(&["--commune", &scene.commune, "--out", "one"], 0);
    assert!(told.contains("empreinte"), "{told}");
    scene.build(&["--commune", &scene.commune, "--out", "elsewhere/two"], 0);
    for file in ["dossier.pdf", "dossier.zip"] {
        assert!(scene.read(&format!("one/{file}")) == scene.read(&format!("elsewhere/two/{file}")), "{file}");
    }

    the_pdf_is_read_by_others(&scene);
    the_bundle_is_read_by_others(&scene, python.as_ref().unwrap());
    the_time_stamp_is_verified_from_the_bundle(&scene);
    every_change_is_named(&scene);

    let rebuild =
        ["dossier", "rebuild", "one/dossier.zip", "--territory", "data/territoire.dst", "--out", "again"];
    let told = scene.desserte(&rebuild, 0);
    assert!(told.contains("Refait à l’identique"), "{told}");
    assert!(scene.read("again/dossier.pdf") == scene.read("one/dossier.pdf"));

    the_other_side_replies(&scene);
}

/// The day whose seal is time-stamped.
const STAMPED: &str = "2026-10-10";

/// Has a seal time-stamped by an authority of the test, before the dossier is built.
fn a_seal_is_time_stamped(scene: &Scene) {
    let openssl = |words: &str| scene.tool("openssl", &words.split(' ').collect::<Vec<_>>());
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=CA");
    openssl("req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA");
    std::fs::write(scene.path("usage"), "extendedKeyUsage=critical,timeStamping\n").unwrap();
    openssl(
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 2 -extfile usage",
    );
    let settings = "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_cert = tsa.pem\ncerts = ca.pem\nsigner_key = tsa.key\n\
        signer_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\ness_cert_id_alg = sha256\n";
    std::fs::write(scene.path("tsa.cnf"), settings).unwrap();
    std::fs::write(scene.path("serial"), "01\n").unwrap();
    let of_day = ["--data", "data", "--day", STAMPED];
    scene.desserte(&[&["custody", "stamp-request"][..], &of_day, &["--out", "question.tsq"]].concat(), 0);
    openssl("ts -reply -queryfile question.tsq -config tsa.cnf -out answer.tsr");
    let keep = [&["custody", "stamp-keep"][..], &of_day, &["--authority", "Autorité d’essai", "answer.tsr"]];
    scene.desserte(&keep.concat(), 0);
}

/// OpenSSL verifies the answer over the seal, both as the bundle has them.
fn the_time_stamp_is_verified_from_the_bundle(scene: &Scene) {
    let verify = |day: &str, code| {
        let seal = format!("unpacked/evidence/seals/{day}.txt");
        let answer = format!("unpacked/evidence/stamps/{STAMPED}-000001.tsr");
        let words =
            ["ts", "-verify", "-data", &seal, "-in", &answer, "-CAfile", "ca.pem", "-untrusted", "tsa.pem"];
        run(Command::new("openssl").args(words).current_dir(scene.folder.path()), code)
    };
    assert!(verify(STAMPED, 0).contains("Verification: OK"));
    assert!(verify("2026-10-11", 1).contains("FAILED"));
}

fn the_pdf_is_read_by_others(scene: &Scene) {
    let info = scene.tool("pdfinfo", &["one/dossier.pdf"]);
    let tagged = info.lines().any(|line| line.starts_with("Tagged:") && line.ends_with("yes"));
    assert!(tagged, "{info}");
    scene.tool("qpdf", &["--check", "one/dossier.pdf"]);
    let text = scene.tool("pdftotext", &["-layout", "one/dossier.pdf", "-"]);
    for wanted in [
        "Ce qui a été mesuré",
        "Ce que cela ne dit pas",
        "DÉMONSTRATION",
        "Ce qui a été écarté",
        &scene.commune,
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let structure = scene.tool("pdfinfo", &["-struct", "one/dossier.pdf"]);
    for wanted in ["Document", "H1", "Table", "Figure"] {
        assert!(structure.contains(wanted), "{wanted}");
    }
}

fn the_bundle_is_read_by_others(scene: &Scene, python: &OsStr) {
    scene.tool(python, &["-m", "zipfile", "-e", "one/dossier.zip", "unpacked"]);
    let sums = run(
        Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
            .current_dir(scene.path("unpacked")),
        0,
    );
    assert_eq!(sums, "");
    let proof = "unpacked/evidence/proofs/000001.json";
    let kept: serde_json::Value = serde_json::from_slice(&scene.read(proof)).unwrap();
    let day = kept["seal"]["day"].as_str().unwrap();
    // The seal as its operator publishes it, not the one of the bundle.
    let seal = scene.desserte(&["custody", "statement", "--data", "data", "--day", day], 0);
    std::fs::write(scene.path("seal.txt"), &seal).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/custody/verify.py");
    let record = scene.tool(python, &[script.to_str().unwrap(), proof, "seal.txt"]);
    assert!(record.starts_with("{\"schema\":"), "{record}");
    let told = scene.desserte(&["dossier", "verify", "one", "--seal", "seal.txt", "--lang", "en"], 0);
    assert!(told.contains("The dossier holds") && told.contains("1 of which were held"), "{told}");
}

fn every_change_is_named(scene: &Scene) {
    std::fs::create_dir(scene.path("changed")).unwrap();
    let verify = |code| scene.desserte(&["dossier", "verify", "changed", "--lang", "en"], code);
    let copy = || {
        for file in ["dossier.pdf", "dossier.zip"] {
            std::fs::copy(scene.path("one").join(file), scene.path("changed").join(file)).unwrap();
        }
    };
    copy();
    verify(0);
    for number in 0..FLIPS {
        for file in ["dossier.pdf", "dossier.zip"] {
            let (from, to) = (format!("one/{file}"), format!("changed/{file}"));
            let bits = 8 * scene.read(&from).len();
            // Spread over the whole file, and odd, so that bits of every weight are met.
            scene.flip(&from, &to, (bits / FLIPS * number + 977 * number + 3) % bits);
            let told = verify(2);
            assert!(file == "dossier.zip" || told.contains("dossier.pdf: the file beside"), "{told}");
            copy();
        }
    }
    std::fs::remove_file(scene.path("changed/dossier.pdf")).unwrap();
    assert!(verify(1).contains("cannot read"));
}

fn the_other_side_replies(scene: &Scene) {
    std::fs::write(scene.path("reply.txt"), "La ligne a été réparée le 3 novembre.\n").unwrap();
    let bundle = "one/dossier.zip";
    scene.desserte(&["dossier", "reply-text", bundle, "--text", "reply.txt", "--out", "signed.txt"], 0);
    scene.tool("openssl", &["genpkey", "-algorithm", "ed25519", "-out", "operator.pem"]);
    scene.tool(
        "openssl",
        &["pkeyutl", "-sign", "-rawin", "-inkey", "operator.pem", "-in", "signed.txt", "-out", "reply.sig"],
    );
    scene.tool(
        "openssl",
        &["pkey", "-in", "operator.pem", "-pubout", "-outform", "DER", "-out", "operator.der"],
    );
    scene.tool("openssl", &["base64", "-in", "operator.der", "-out", "operator.b64"]);
    // The last 32 of the 44 octets are the key: from the 17th letter of the Base64 on.
    let key = String::from_utf8(scene.read("operator.b64")).unwrap().trim()[16..].to_owned();
    let reply = |text: &str, code| {
        scene.desserte(
            &[
                "dossier",
                "reply",
                bundle,
                "--text",
                text,
                "--operator",
                "Opérateur d’exemple",
                "--received",
                "2026-11-20",
                "--key",
                &key,
                "--signature",
                "reply.sig",
                "--outcome",
                "amended",
                "--because",
                "la coupure du 3 est retirée",
                "--territory",
                "data/territoire.dst",
                "--out",
                "answered",
            ],
            code,
        )
    };
    std::fs::write(scene.path("other.txt"), "Rien à dire.\n").unwrap();
    assert!(reply("other.txt", 2).contains("signature"));
    reply("reply.txt", 0);
    scene.desserte(&["dossier", "verify", "answered"], 0);
    let text = scene.tool("pdftotext", &["-layout", "answered/dossier.pdf", "-"]);
    assert!(
        text.contains("La ligne a été réparée le 3 novembre.") && text.contains("constat modifié"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_told_is_said_in_clear_text() {
    let scene = Scene::new();
    let commune = scene.commune.as_str();
    let told = scene.build(&["--commune", "23096", "--out", "out"], 64);
    assert!(told.contains("n’est pas une commune de ce territoire"), "{told}");
    let told = scene.build(&["--commune", "Guéret", "--out", "out"], 64);
    assert!(told.contains("code INSEE"), "{told}");
    let told = scene.build(&["--commune", commune, "--territory", "nowhere.dst", "--out", "out"], 64);
    assert!(told.contains("desserte-geodata import"), "{told}");
    let told = scene.build(&["--commune", commune, "--use", "yodelling", "--out", "out"], 64);
    assert!(told.contains("telework"), "{told}");
    let told = scene.build(&["--commune", commune, "--typeset", "/nowhere", "--out", "out"], 1);
    assert!(told.contains("crates/typeset"), "{told}");
    assert!(!scene.path("out/dossier.zip").exists());

    // A period without a probe gives a dossier that says so, and that holds.
    let empty = [
        "dossier",
        "build",
        "--data",
        "data",
        "--commune",
        commune,
        "--from",
        "2025-01-01",
        "--to",
        "2025-02-01",
    ];
    let told = scene.desserte(&[&empty[..], &["--out", "empty", "--lang", "en"]].concat(), 0);
    assert!(told.contains("holds no figure"), "{told}");
    let told = scene.desserte(&["dossier", "verify", "empty", "--lang", "en"], 0);
    assert!(told.contains("The dossier holds"), "{told}");
}
