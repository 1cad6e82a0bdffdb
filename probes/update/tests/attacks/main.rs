//! The attacks that the specification of TUF names (1.0.33, section 1.5.2), each as a case, against repositories made by python-tuf.
//!
//! The updater has looked at an honest repository; then it meets what an attacker gives out. Nothing of it may be taken, and what was kept
//! must still be good for the honest repository afterwards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cut;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use desserte_update::disk::{Disk, OnDisk};
use desserte_update::remote::{Pace, Remote};
use desserte_update::repository::{Listed, Source};
use desserte_update::state::Place;
use desserte_update::update::chain;
use server::{Behaviour, Server};
use tempfile::TempDir;

/// A pace that a test has time for.
const PACE: Pace =
    Pace { stall: Duration::from_millis(400), answer: Duration::from_secs(2), slowest_bytes_per_s: 100_000 };

/// The repositories, made once.
fn scenarios() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = std::env::var_os("DESSERTE_UPDATE_PYTHON")
            .expect("`cargo xtask test` makes a Python with python-tuf");
        let output = Command::new(python)
            .arg(top.join("tests/interop/update/scenarios.py"))
            .arg(folder.path())
            .arg(top.join("packaging/update/publish.py"))
            .arg(std::env::consts::ARCH)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder
    });
    made.path()
}

/// An updater before an attack.
struct Victim {
    folder: TempDir,
    root: Vec<u8>,
    before: PathBuf,
    after: PathBuf,
}

impl Victim {
    /// One that has looked at what an honest publisher gave out.
    async fn of(name: &str) -> Self {
        let scenario = scenarios().join(name);
        let before = scenario.join("before");
        let root = std::fs::read(before.join("metadata/1.root.json")).unwrap();
        let victim =
            Self { folder: tempfile::tempdir().unwrap(), root, before, after: scenario.join("after") };
        victim.honest().await;
        victim
    }

    async fn honest(&self) -> Listed {
        let (looked, _) = self.look(&self.before, Behaviour::Honest).await;
        looked.unwrap()
    }

    /// Looks at a folder as a server gives it out; tells what was refused, and what was asked for.
    async fn look(&self, folder: &Path, behaviour: Behaviour) -> (Result<Listed, String>, Vec<String>) {
        self.look_with(&OnDisk, folder, behaviour).await
    }

    /// The same, on another disk.
    async fn look_with(
        &self,
        disk: &dyn Disk,
        folder: &Path,
        behaviour: Behaviour,
    ) -> (Result<Listed, String>, Vec<String>) {
        let server = Server::start(folder, behaviour).await;
        let remote = Remote::new(None, PACE).unwrap();
        remote.allow(600_000, 8192);
        let place = Place::new(self.folder.path());
        let address = server.address();
        let source = Source { address: &address, root: &self.root, place: &place, disk };
        let looked = source.look(&remote).await.map_err(|error| chain(&error));
        (looked, server.asked())
    }

    /// Looks at the attack, which must be refused in words that hold `why`; the honest repository is then still good, unless what was kept is
    /// newer than it.
    async fn refuses(&self, why: &str) {
        let (looked, _) = self.look(&self.after, Behaviour::Honest).await;
        let said = looked.map(|listed| listed.releases()).unwrap_err();
        assert!(said.contains(why), "{said}");
        self.honest().await;
    }

    /// Looks at the attack, whose list is good; its program must be refused.
    async fn refuses_program(&self, version: &str, behaviour: Behaviour) -> String {
        let server = Server::start(&self.after, behaviour).await;
        let remote = Remote::new(None, PACE).unwrap();
        remote.allow(600_000, 0);
        let place = Place::new(self.folder.path());
        let address = server.address();
        let source = Source { address: &address, root: &self.root, place: &place, disk: &OnDisk };
        let listed = source.look(&remote).await.unwrap();
        let releases = listed.releases();
        let release = releases.iter().find(|release| release.about.version.to_string() == version).unwrap();
        remote.allow(100_000, release.bytes);
        let error = listed.program(release).await.unwrap_err();
        assert!(remote.used() <= 200_000, "{} octets", remote.used());
        chain(&error)
    }
}

fn versions(listed: &Listed) -> Vec<String> {
    let mut versions: Vec<String> = listed.releases().iter().map(|r| r.about.version.to_string()).collect();
    versions.sort_unstable();
    versions
}

#[tokio::test]
async fn no_attack_an_honest_repository_is_read_again_and_again_and_a_newer_one_too() {
    let victim = Victim::of("newer").await;
    assert_eq!(versions(&victim.honest().await), ["0.2.0"]);
    let (newer, _) = victim.look(&victim.after, Behaviour::Honest).await;
    assert_eq!(versions(&newer.unwrap()), ["0.2.0", "0.3.0"]);
}

#[tokio::test]
async fn arbitrary_software_installation() {
    let said = Victim::of("arbitrary_program").await.refuses_program("0.2.0", Behaviour::Honest).await;
    assert!(said.contains("mismatch"), "{said}");
    Victim::of("arbitrary_list").await.refuses("threshold").await;
}

#[tokio::test]
async fn rollback() {
    let victim = Victim::of("rollback").await;
    assert_eq!(versions(&victim.honest().await), ["0.2.0", "0.3.0"]);
    victim.refuses("previously fetched").await;
    // With the stolen keys of the machines that sign each day.
    Victim::of("rollback_stolen_timestamp").await.refuses("is less than").await;
    Victim::of("rollback_stolen_snapshot").await.refuses("is greater than").await;
}

#[tokio::test]
async fn fast_forward_is_recovered_from_by_replacing_the_keys() {
    let victim = Victim::of("fast_forward").await;
    let (recovered, _) = victim.look(&victim.after, Behaviour::Honest).await;
    assert_eq!(versions(&recovered.unwrap()), ["0.2.0"]);
}

#[tokio::test]
async fn indefinite_freeze() {
    for role in ["timestamp", "snapshot", "targets", "root"] {
        let victim = Victim::of(&format!("freeze_{role}")).await;
        let (looked, _) = victim.look(&victim.after, Behaviour::Honest).await;
        let said = looked.map(|listed| listed.releases()).unwrap_err();
        assert!(said.contains("expired"), "{role}: {said}");
    }
}

#[tokio::test]
async fn endless_data() {
    let victim = Victim::of("honest_again").await;
    for path in ["/metadata/timestamp.json", "/metadata/2.root.json"] {
        let (looked, _) = victim.look(&victim.after, Behaviour::Endless(path)).await;
        // A root without end is as good as none: the one that is kept goes on being trusted.
        let said = looked.map(|listed| versions(&listed));
        let refused = said.as_ref().is_err_and(|said| said.contains("sends more than"));
        assert!(refused || path.contains("root") && said.is_ok(), "{path}: {said:?}");
    }
    let said = victim.refuses_program("0.2.0", Behaviour::Endless("/targets/")).await;
    assert!(said.contains("sends more than"), "{said}");
}

#[tokio::test]
async fn slow_retrieval() {
    let victim = Victim::of("honest_again").await;
    let begun = Instant::now();
    let (looked, _) = victim.look(&victim.after, Behaviour::Stalls("/metadata/timestamp.json")).await;
    let said = looked.map(|listed| versions(&listed)).unwrap_err();
    assert!(said.contains("too slowly"), "{said}");
    let (looked, _) = victim.look(&victim.after, Behaviour::Trickles("/metadata/timestamp.json")).await;
    let said = looked.map(|listed| versions(&listed)).unwrap_err();
    assert!(said.contains("too slowly"), "{said}");
    // A tenth of a second between octets never stalls; only the time of the whole answer ends it.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn extraneous_dependencies() {
    // A release is one static program: whatever else a server offers is not asked for.
    let victim = Victim::of("newer").await;
    let (looked, asked) = victim.look(&victim.after, Behaviour::Honest).await;
    assert_eq!(versions(&looked.unwrap()), ["0.2.0", "0.3.0"]);
    let expected = ["2.root.json", "timestamp.json", "3.snapshot.json", "3.targets.json"];
    assert_eq!(asked, expected.map(|name| format!("/metadata/{name}")));
}

#[tokio::test]
async fn mix_and_match() {
    Victim::of("mix_and_match").await.refuses("version").await;
}

#[tokio::test]
async fn wrong_software_installation() {
    let said = Victim::of("wrong_software").await.refuses_program("0.3.0", Behaviour::Honest).await;
    assert!(said.contains("mismatch"), "{said}");
}

#[tokio::test]
async fn malicious_mirrors_preventing_updates() {
    let victim = Victim::of("mirror").await;
    victim.refuses("parse").await;
    let (looked, _) = victim.look(&victim.after, Behaviour::Answers(503)).await;
    let said = looked.map(|listed| versions(&listed)).unwrap_err();
    assert!(said.contains("503"), "{said}");
    assert_eq!(versions(&victim.honest().await), ["0.2.0"], "another mirror is as good as ever");
}

#[tokio::test]
async fn vulnerability_to_key_compromises() {
    for name in ["one_key_of_two", "revoked_keys", "stolen_root_key"] {
        Victim::of(name).await.refuses("threshold").await;
    }
    Victim::of("one_key_twice").await.refuses("Duplicate key").await;
    let victim = Victim::of("rotated").await;
    let (looked, _) = victim.look(&victim.after, Behaviour::Honest).await;
    assert_eq!(
        versions(&looked.unwrap()),
        ["0.2.0", "0.3.0"],
        "keys that are replaced in the open are followed"
    );
}
