//! Verdicts on what is declared come with a dossier, and the other side is heard to the end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use desserte_e2e::{can, has_program, program};

struct Scene {
    folder: tempfile::TempDir,
    commune: String,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut scene = Self { folder, commune: String::new() };
        scene.desserte("demo-data --out data --seed 40", 0);
        scene.desserte("custody seal --data data", 0);
        let probes = scene.desserte("probe list --data data", 0);
        // Identifier, state, last heard, commune.
        probes.lines().nth(1).unwrap().split_whitespace().nth(3).unwrap().clone_into(&mut scene.commune);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program with words of which none has a space, and gives all that it said.
    fn desserte(&self, words: &str, code: i32) -> String {
        let mut command = Command::new(program("desserte"));
        command.args(words.split(' ')).current_dir(self.folder.path());
        let output = command.output().unwrap();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words}: {said}");
        said
    }

    fn build(&self, words: &str, code: i32) -> String {
        let words = format!(
            "dossier build --data data --commune {} --from 2026-10-01 --to 2026-10-15 {words}",
            self.commune
        );
        self.desserte(&words, code)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn text_of(&self, pdf: &str) -> String {
        let output = Command::new("pdftotext").arg("-layout").arg(self.path(pdf)).arg("-").output().unwrap();
        assert!(output.status.success());
        // Spaces that no line is broken at, and lines, are spaces.
        let text = String::from_utf8(output.stdout).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Thirty tests on six days in the scene's commune, of which many failed, and thirty elsewhere.
    fn tests(&self) -> String {
        let mut table = "ok,cell,commune,probe,day,class,zone\n".to_owned();
        for (commune, failures) in [(self.commune.as_str(), 20), ("99999", 0)] {
            for test in 0..60 {
                let ok = i32::from(test >= failures);
                let day = 2 + test % 6;
                let _ = writeln!(table, "{ok},{commune},{commune},p{test},2026-10-{day:02}T10:00:00,A,oui");
            }
        }
        table + "0,99999,99999,p1,2026-10-03,A,\n"
    }

    /// The verdicts, from the real commands.
    fn verdicts(&self) {
        self.write("tests.csv", &self.tests());
        self.write("zone.dso", "the declared area, whatever it is");
        let study = "contradiction tests.csv --success ok --cell cell --cluster probe --cluster day --declared zone --commune commune --day day \
            --class class --coverage zone.dso --declaration Opérateur,4G:page<10s --required 0.95 --json";
        self.write("contradiction.json", &self.desserte(study, 0));
        let plan = self.desserte("campaign plan --from 2026-10-02", 0);
        let mut table = "time,rate,wired,alone\n".to_owned();
        for line in plan.lines().skip(1) {
            let (date, times) = line.split_once("  ").unwrap();
            for time in times.split("  ") {
                let _ = writeln!(table, "{date}T{time}:00,42.5,1,1");
            }
        }
        self.write("campaign.csv", &table);
        let check = format!(
            "campaign check campaign.csv --time time --rate rate --wired wired --alone alone --maximum 100 --unit Mbit/s --line Mairie --json \
             --commune {}",
            self.commune
        );
        self.write("campaign.json", &self.desserte(&check, 0));
    }
}

#[test]
fn verdicts_come_with_a_dossier_and_are_judged_again_by_whoever_checks_it() {
    if !can("poppler-utils", has_program("pdftotext")) {
        return;
    }
    let scene = Scene::new();
    scene.verdicts();
    scene.build("--contradiction contradiction.json --campaign campaign.json --out one", 0);
    let text = scene.text_of("one/dossier.pdf");
    for wanted in [
        "les essais contredisent la maille jugée ici, non la carte entière",
        "Campagne d’essais : la ligne est en dessous de ce que dit son contrat.",
        "Combien d’échecs il faut, au moins, pour contredire une maille jugée seule",
        // The row of 95 % in the domain rules, section 10.
        "95,0 % 3 4 5 6 10 16 34 63",
        "A 60, B 0, C 0",
        "hors de la couverture déclarée 1",
        "Tous les essais (30), dont 30 comptent",
        "zone.dso, SHA-256",
        "Opérateur,4G:page<10s",
        "Aucun avis n’a été consigné",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    scene.desserte("dossier verify one", 0);
    let told =
        scene.desserte("dossier rebuild one/dossier.zip --territory data/territoire.dst --out again", 0);
    assert!(told.contains("Refait à l’identique"), "{told}");

    // Without verdicts the dossier says that there are none.
    scene.build("--out none --lang en", 0);
    let text = scene.text_of("none/dossier.pdf");
    assert!(text.contains("holds no declared coverage against tests"), "{text}");
    assert!(text.contains("No campaign of tests on one line comes with this dossier"), "{text}");
}

#[test]
fn a_verdict_of_another_place_period_or_rule_or_one_that_was_altered_is_refused() {
    let scene = Scene::new();
    scene.verdicts();
    let good = std::fs::read_to_string(scene.path("contradiction.json")).unwrap();
    let campaign = std::fs::read_to_string(scene.path("campaign.json")).unwrap();
    let refused = |option: &str, text: &str, wanted: &str| {
        scene.write("bad.json", text);
        let told = scene.build(&format!("--{option} bad.json --out out"), 64);
        assert!(told.contains(wanted), "{wanted}: {told}");
    };
    let commune = &scene.commune;
    refused("contradiction", &good.replace(&format!("[\"{commune}\"]"), "[\"99999\"]"), "un autre lieu");
    refused("contradiction", &good.replace("\"failures\":20", "\"failures\":2"), "altered");
    refused(
        "contradiction",
        &good.replacen("value = 0.05", "value = 0.5", 1),
        "is called \"contradiction-1\"",
    );
    refused("contradiction", &good.replace("2026-10-07", "2026-11-07"), "hors de la période");
    refused("contradiction", &campaign, "ce n’est pas un verdict");
    refused("campaign", &campaign.replace(&format!("\"{commune}\""), "\"99999\""), "un autre lieu");
    refused("campaign", &campaign.replace(&format!("\"{commune}\""), "null"), "refaites-le avec --commune");
    refused("campaign", &campaign.replacen("42.5", "95.5", 1), "altered");
    refused("campaign", "{}", "ce n’est pas un verdict");
    let told = scene.build("--public --campaign campaign.json --out out", 64);
    assert!(told.contains("--public"), "{told}");
}

#[test]
fn the_other_side_is_told_replies_measures_together_and_the_dossier_says_what_became_of_the_claim() {
    if !can("openssl and poppler-utils", has_program("openssl") && has_program("pdftotext")) {
        return;
    }
    let scene = Scene::new();
    scene.build("--out claim", 0);
    scene.desserte("dossier notice claim/dossier.zip --operator Opérateur --sent 2026-11-02 --territory data/territoire.dst --out told", 0);
    let letter = std::fs::read_to_string(scene.path("told/avis.txt")).unwrap();
    assert!(letter.contains("jusqu’au 2026-12-02"), "{letter}");
    let verified = scene.desserte("dossier verify told", 0);
    let fingerprint = verified.lines().find_map(|line| line.strip_prefix("Empreinte ")).unwrap();
    assert!(letter.contains(fingerprint), "{letter}");
    assert!(
        scene
            .text_of("told/dossier.pdf")
            .contains("Opérateur : averti le 2 novembre 2026, réponse attendue jusqu’au 2 décembre 2026.")
    );

    scene.write("reply.txt", "Nous contestons, et demandons une mesure faite ensemble.\n");
    scene.desserte("dossier reply-text told/dossier.zip --text reply.txt --out signed.txt", 0);
    let openssl = |words: &str| {
        let output =
            Command::new("openssl").args(words.split(' ')).current_dir(scene.folder.path()).output().unwrap();
        assert!(output.status.success(), "{words}");
    };
    openssl("genpkey -algorithm ed25519 -out operator.pem");
    openssl("pkeyutl -sign -rawin -inkey operator.pem -in signed.txt -out reply.sig");
    openssl("pkey -in operator.pem -pubout -outform DER -out operator.der");
    openssl("base64 -in operator.der -out operator.b64");
    let key = std::fs::read_to_string(scene.path("operator.b64")).unwrap().trim()[16..].to_owned();
    let reply = |bundle: &str, code| {
        scene.desserte(
            &format!(
                "dossier reply {bundle} --text reply.txt --operator Opérateur --received 2026-11-20 --key {key} --signature reply.sig --territory \
                 data/territoire.dst --out replied"
            ),
            code,
        )
    };
    // The reply is to the dossier that was handed over, not to the one before it.
    assert!(reply("claim/dossier.zip", 2).contains("signature"));
    reply("told/dossier.zip", 0);

    let retest = |with: &str, code| {
        scene.desserte(
            &format!(
                "dossier retest replied/dossier.zip --retest {with} --together-with Opérateur --outcome withdrawn --because panne_réparée \
                 --territory data/territoire.dst --out ended"
            ),
            code,
        )
    };
    assert!(retest("claim/dossier.zip", 64).contains("commence après le 2026-10-01"));
    let later = format!(
        "dossier build --data data --commune {} --from 2026-10-16 --to 2026-10-31 --out later",
        scene.commune
    );
    scene.desserte(&later, 0);
    retest("later/dossier.zip", 0);
    scene.desserte("dossier verify ended", 0);
    let text = scene.text_of("ended/dossier.pdf");
    for wanted in [
        "L’autre partie (Opérateur) s’est exprimée ; suite donnée : constat retiré.",
        "Nous contestons, et demandons une mesure faite ensemble.",
        "Nouvelle mesure faite ensemble, du 16 octobre 2026 au 30 octobre 2026",
        "constat retiré : panne_réparée",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let told =
        scene.desserte("dossier rebuild ended/dossier.zip --territory data/territoire.dst --out again", 0);
    assert!(told.contains("Refait à l’identique"), "{told}");
}
