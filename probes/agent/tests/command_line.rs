//! The program as it is typed: answers, exit codes, and what a first-time user meets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn probe(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desserte-probe"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("LANG", "fr_FR.UTF-8")
        .output()
        .expect("the program starts")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// A folder with the default file filled in, its state kept in the folder too.
fn configured() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let made = probe(folder.path(), &["init", "--config", "probe.toml"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let path = folder.path().join("probe.toml");
    let state = format!("state_dir = \"{}\"", folder.path().join("state").display());
    let configuration = fs::read_to_string(&path).expect("what was just written");
    let filled = configuration
        .replace("#state_dir = \"/var/lib/desserte-probe\"", &state)
        .replace("example.org", "desserte.test")
        .replace("#lon = 0.0", "lon = 1.87")
        .replace("#lat = 0.0", "lat = 46.17")
        .replace("192.0.2.1", "198.18.0.1")
        .replace("198.51.100.1", "198.18.0.2");
    fs::write(&path, filled).expect("the folder is writable");
    folder
}

#[test]
fn the_default_file_is_written_once_and_is_valid_when_filled_in() {
    let folder = configured();
    let checked = probe(folder.path(), &["check-config", "--config", "probe.toml"]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    assert!(text(&checked.stdout).contains("est une configuration valable"));
    assert!(text(&checked.stdout).contains("cible-1 (198.18.0.1)"), "{}", text(&checked.stdout));
    let again = probe(folder.path(), &["init", "--config", "probe.toml"]);
    assert_eq!(again.status.code(), Some(1), "an edited file is never overwritten");
    assert!(text(&again.stderr).contains("existe déjà, gardé ; ensuite :"), "{}", text(&again.stderr));
}

#[test]
fn a_misspelt_key_ends_with_64_and_names_the_closest_one() {
    let folder = configured();
    let path = folder.path().join("probe.toml");
    let wrong = fs::read_to_string(&path).unwrap().replace("megabytes = 20000", "megabyte = 20000");
    fs::write(&path, wrong).unwrap();
    for command in ["check-config", "run", "status", "key"] {
        let refused = probe(folder.path(), &[command, "--config", "probe.toml"]);
        assert_eq!(refused.status.code(), Some(64), "{command}");
        let message = text(&refused.stderr);
        let expected = match command {
            "run" => "`budget.megabyte`, did you mean `budget.megabytes`?",
            _ => "« budget.megabyte », vouliez-vous dire « budget.megabytes » ?",
        };
        assert!(message.contains(expected), "{command}: {message}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_64_and_help_with_0() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(probe(folder.path(), &["messure"]).status.code(), Some(64));
    assert_eq!(probe(folder.path(), &["status", "--lang", "de"]).status.code(), Some(64));
    assert_eq!(probe(folder.path(), &["--help"]).status.code(), Some(0));
}

#[test]
fn the_key_is_made_once_and_its_secret_half_is_never_shown() {
    let folder = configured();
    let first = probe(folder.path(), &["key", "--config", "probe.toml"]);
    let again = probe(folder.path(), &["key", "--config", "probe.toml"]);
    assert_eq!(first.stdout, again.stdout);
    let path = folder.path().join("state/probe.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let secret: String = fs::read(&path).unwrap().iter().map(|octet| format!("{octet:02x}")).collect();
    assert!(!text(&first.stdout).contains(&secret));
    assert!(text(&first.stdout).contains("public-key "));
}

#[test]
fn a_probe_that_never_ran_says_so_in_the_language_asked_for() {
    let folder = configured();
    let french = probe(folder.path(), &["status", "--config", "probe.toml"]);
    assert_eq!(french.status.code(), Some(2));
    assert!(text(&french.stdout).contains("La sonde n’a encore jamais démarré ici."));
    let english = probe(folder.path(), &["status", "--config", "probe.toml", "--lang", "en"]);
    assert!(text(&english.stdout).contains("The probe has never been started here."));
    let json = probe(folder.path(), &["status", "--config", "probe.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["verdict"]["findings"][0]["code"], "never_started");
}

#[test]
fn the_untouched_example_is_refused_by_check_config_and_run() {
    let folder = tempfile::tempdir().unwrap();
    probe(folder.path(), &["init", "--config", "probe.toml"]);
    for command in ["check-config", "run"] {
        let refused = probe(folder.path(), &[command, "--config", "probe.toml"]);
        assert_eq!(refused.status.code(), Some(64), "{command}");
        let message = text(&refused.stderr);
        for key in ["collector", "site.lon", "site.lat", "servers[0].url", "targets[1].host"] {
            assert!(message.contains(key), "{command}, {key}: {message}");
        }
    }
}

#[test]
fn a_budget_below_the_reserves_ends_with_64_and_names_the_least() {
    let folder = configured();
    let path = folder.path().join("probe.toml");
    let small = fs::read_to_string(&path).unwrap().replace("megabytes = 20000", "megabytes = 50");
    fs::write(&path, small).unwrap();
    for command in ["check-config", "run"] {
        let refused = probe(folder.path(), &[command, "--config", "probe.toml"]);
        assert_eq!(refused.status.code(), Some(64), "{command}");
    }
    let refused = probe(folder.path(), &["check-config", "--config", "probe.toml"]);
    assert!(
        text(&refused.stderr).contains("la plus petite valeur acceptée est"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn statut_is_another_name_of_status() {
    let folder = configured();
    let answer = probe(folder.path(), &["statut", "--config", "probe.toml"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stdout).contains("jamais démarré"), "{}", text(&answer.stdout));
}
