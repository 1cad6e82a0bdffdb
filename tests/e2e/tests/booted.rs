//! The packages on machines that boot: services as systemd starts them, closed as their units say, from an installation to an active
//! probe, and a probe that is kept up to date.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells what it measured"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{
    Machine, PACKAGED, Publisher, SERVE_OVER_TLS, can, certificate, has_program, is_root, program, shared,
    territory, update_python,
};

/// Guéret.
const COMMUNE: &str = "23096";
const PLACE: &str = "1.8705,46.1585";

const SETTINGS: &str = r#"
[[enrolment.targets]]
id = "cible-1"
host = "127.0.0.1"
[[enrolment.targets]]
id = "cible-2"
host = "127.0.0.2"
[[locate.servers]]
machine = "mesure-1"
wss = "wss://127.0.0.1:4443"
lon = 1.87
lat = 46.16
city = "Guéret"
country = "FR"
capacity_mbit = 1000
"#;

const LIST: [&str; 9] =
    ["runuser", "-u", "desserte", "--", "desserte", "probe", "list", "--data", "/var/lib/desserte"];

const MINUTES: Duration = Duration::from_secs(300);

fn packages(out: &Path) {
    let tool = program("desserte-xtask");
    let mut pack = Command::new(&tool);
    pack.args(["packages", "--version", PACKAGED, "--compression", "none", "--out"]).arg(out);
    assert!(pack.arg("--programs").arg(tool.parent().unwrap()).status().unwrap().success());
}

/// Puts a file where the machine sees it.
fn give(given: &Path, name: &str, text: &str) {
    fs::write(given.join(name), text).unwrap();
}

#[test]
#[ignore = "boots a machine; cargo xtask boot runs it"]
fn packages_become_an_active_probe_that_is_kept_up_to_date() {
    let tools = ["systemd-nspawn", "dpkg-deb", "nsenter", "pgrep", "openssl", "strip"];
    if !can("root, systemd-nspawn and Debian's tools", is_root() && tools.iter().all(|t| has_program(t)))
        || !can("python-tuf", update_python().is_some())
        || shared().is_none()
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path();
    packages(&given.join("packages"));
    let _ = territory(given);
    let _ = certificate(given, "127.0.0.1");
    give(given, "collector.toml", SETTINGS);
    let machine = Machine::boot(given);

    // Whoever runs the collector, by docs/en/operate.md.
    let begun = Instant::now();
    machine.said(&["sh", "-c", "dpkg --install --force-depends /given/packages/desserte-*.deb"]);
    machine.said(&["install", "-o", "desserte", "/given/territory.dst", "/var/lib/desserte/territoire.dst"]);
    machine.said(&["cp", "/given/collector.toml", "/etc/desserte/collector.toml"]);
    machine.said(&["install", "-D", "-m", "644", "/given/server.pem", "/etc/desserte/server/cert.pem"]);
    machine.said(&["install", "-m", "600", "/given/server.key", "/etc/desserte/server/key.pem"]);
    machine.said(&["systemctl", "enable", "--now", "desserte-collector", "desserte-server"]);
    machine.wait_for(&["curl", "--silent", "--fail", "http://127.0.0.1:8080/readyz"], "", MINUTES);
    let data = ["--data", "/var/lib/desserte", "--collector", "http://127.0.0.1:8080"];
    let invite =
        ["desserte", "probe", "invite", "--name", "Mairie", "--commune", COMMUNE, "--position", PLACE];
    let sheet = machine.said(&[&["runuser", "-u", "desserte", "--"], invite.as_slice(), &data].concat());
    let code = sheet.split('\'').nth(1).unwrap_or_else(|| panic!("no address in {sheet}"));

    // Whoever hosts the probe. The authority of these certificates is nobody's, so that it is named first.
    machine.said(&["desserte-probe", "init"]);
    machine.said(&["install", "-m", "644", "/given/ca.pem", "/etc/desserte/ca.pem"]);
    let own_authority = "s|^#ca_file|ca_file|";
    machine.said(&["sed", "-i", own_authority, "/etc/desserte/probe.toml"]);
    machine.said(&["desserte-probe", "enrol", code, "--yes"]);
    machine.said(&["systemctl", "enable", "--now", "desserte-probe"]);
    machine.wait_for(&LIST, "  active  ", MINUTES);
    eprintln!("from packages to an active probe: {:.1?}", begun.elapsed());
    // Minutes are told after they have passed.
    machine.wait_for(&["desserte-probe", "status"], "Tout va bien", MINUTES);
    machine.wait_for(&["desserte-probe", "status"], "la ligne répond", MINUTES);

    // Releases: one that works, one that ends.
    let publisher = Publisher::new(given);
    publisher.add(&publisher.real("0.1.1"), "0.1.1", "1000");
    give(given, "serve.py", SERVE_OVER_TLS);
    let serve =
        ["python3", "/given/serve.py", "/given/repository", "8443", "/given/server.pem", "/given/server.key"];
    machine.said(&[&["systemd-run", "--unit=releases", "--"], serve.as_slice()].concat());
    machine.said(&["desserte-update", "init"]);
    machine.said(&["cp", "/given/repository/metadata/1.root.json", "/etc/desserte/update-root.json"]);
    let settings = "s|^repository = .*|repository = \"https://127.0.0.1:8443/\"|; s|^#ca_file|ca_file|; s|^#come_up_s.*|come_up_s = 20|; \
                    s|^#steady_s.*|steady_s = 5|";
    machine.said(&["sed", "-i", settings, "/etc/desserte/update.toml"]);
    machine.said(&["systemctl", "enable", "--now", "desserte-update.timer", "desserte-update-restart.path"]);
    let status = ["desserte-update", "status", "--lang", "en"];
    machine.said(&["systemctl", "start", "desserte-update.service"]);
    let said = machine.said(&status);
    assert!(said.contains("In service: version 0.1.1"), "{said}\n{}", machine.journal());
    publisher.add(&publisher.script("0.1.2", "exit 1"), "0.1.2", "1000");
    let begun = Instant::now();
    machine.said(&["systemctl", "start", "desserte-update.service"]);
    let said = machine.said(&status);
    assert!(said.contains("Refused: version 0.1.2, it did not come up"), "{said}\n{}", machine.journal());
    assert!(said.contains("In service: version 0.1.1"), "{said}");
    machine.wait_for(&["systemctl", "is-active", "desserte-probe"], "active", MINUTES);
    eprintln!("a release that ends, until the earlier one ran again: {:.1?}", begun.elapsed());

    // Nothing else ended or was refused anything.
    for unit in ["desserte-collector", "desserte-server"] {
        let restarts = machine.said(&["systemctl", "show", "--property=NRestarts,ActiveState", unit]);
        assert!(
            restarts.contains("NRestarts=0") && restarts.contains("ActiveState=active"),
            "{unit}: {restarts}"
        );
    }
    machine.said(&["systemctl", "restart", "desserte-probe"]);
    machine.wait_for(&["pgrep", "--full", "versions/0.1.1/desserte-probe"], "", MINUTES);
    let purge =
        ["dpkg", "--purge", "desserte-update", "desserte-probe", "desserte-server", "desserte-collector"];
    machine.said(&purge);
    let left = machine.run(&["pgrep", "--exact", "desserte.*"]);
    assert!(!left.status.success(), "{}", String::from_utf8_lossy(&left.stdout));
}
