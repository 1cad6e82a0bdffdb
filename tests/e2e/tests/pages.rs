//! The pages as a reader has them: in Debian's Chromium, with axe-core.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells what it measured"
)]

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use desserte_e2e::{
    Collector, MeasurementServer, Program, can, free_port, has_program, is_root, program, settled,
};
use desserte_netlab::link::LinkConfig;
use desserte_netlab::stalls::judge;
use desserte_netlab::{Lab, Shape};
use desserte_territory::Territory;
use desserte_units::BitRate;
use serde_json::Value;

/// Third numbers of the addresses of emulated lines: no other test's.
const SUBNET: u8 = 74;
const RESIDENT_SUBNET: u8 = 75;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/pages")
}

fn tools() -> bool {
    project().join("node_modules/axe-core").is_dir() && has_program("node") && has_program("chromium")
}

/// Runs a reader to the end; each of its checks holds, and there are as many as there should be.
fn node(script: &str, words: &[&str], checks: usize) {
    let output = Command::new("node").arg(project().join(script)).args(words).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{errors}");
    let report: Value = serde_json::from_str(&told).unwrap();
    assert!(report["checks"].as_array().unwrap().len() >= checks, "{told}");
}

/// A collector's data with something on every page.
fn demonstration(folder: &Path) -> PathBuf {
    let data = folder.join("collector");
    let made = Command::new(program("desserte")).args(["demo-data", "--out"]).arg(&data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    data
}

/// Two communes of the demonstration with a median each.
async fn two_measured(collector: &Collector) -> [String; 2] {
    let all = collector.json("/api/v1/departements/99").await.unwrap();
    let communes = all["communes"].as_array().unwrap().iter();
    let measured = communes.filter(|commune| commune["download"]["state"] == "measured");
    let codes: Vec<String> =
        measured.map(|commune| commune["commune"]["code"].as_str().unwrap().to_owned()).collect();
    [codes[0].clone(), codes[1].clone()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_finds_compares_prints_and_nothing_is_in_the_way() {
    if !can("node, chromium and what `cargo xtask test` installs beside them", tools()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = demonstration(folder.path());
    let collector = Collector::start(folder.path(), &data.join("territoire.dst"), &[]).await;
    let [commune, other] = two_measured(&collector).await;
    node("run.mjs", &[&format!("http://{}/", collector.address), "99", &commune, &other], 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_were_asked_to_be_kept_are_read_without_a_network_and_bear_their_date() {
    if !can("node, chromium and what `cargo xtask test` installs beside them", tools()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = demonstration(folder.path());
    let collector = Collector::start(folder.path(), &data.join("territoire.dst"), &[]).await;
    let [commune, _] = two_measured(&collector).await;
    node("offline.mjs", &[&format!("http://{}/", collector.address), "99", &commune], 20);
}

/// The line that the pages are made for: 1 Mbit/s, and 150 ms there and back.
#[tokio::test(flavor = "multi_thread")]
async fn first_content_comes_within_two_seconds_on_a_poor_line() {
    let need = "root, node, chromium and what `cargo xtask test` installs beside them";
    if !can(need, is_root() && tools()) {
        return;
    }
    let way = LinkConfig {
        delay: Duration::from_millis(75),
        ..LinkConfig::of(BitRate::from_mbit_per_s(1.0).unwrap())
    };
    let mut lab = Lab::new("dspage", SUBNET).unwrap();
    let line = lab.emulated_line("house", &way, &way, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = demonstration(folder.path());
    let territory = data.join("territoire.dst");
    let collector = Collector::start_at(IpAddr::V4(line.gateway), folder.path(), &territory, &[]).await;
    let [commune, other] = two_measured(&collector).await;
    let base = format!("http://{}/", collector.address);
    let script = project().join("timing.mjs");
    let paths = [
        "/".to_owned(),
        format!("/commune/{commune}"),
        format!("/commune/{commune}/usages"),
        "/departement/99".to_owned(),
        "/epci/999000001".to_owned(),
        format!("/comparer?a={commune}&b={other}"),
        "/donnees-ouvertes".to_owned(),
        "/hors-ligne".to_owned(),
    ];
    settled(judge(|| {
        let told = line.command("node").arg(&script).arg(&base).args(&paths).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let seen: Value = serde_json::from_slice(&told.stdout).unwrap();
        // Not sooner than the way there and back twice: for the connection and for the page.
        let first = |path: &String| seen[path]["first_content_ms"].as_f64().unwrap();
        assert!(paths.iter().all(|path| first(path) >= 300.0), "{seen}");
        eprintln!("  {seen}");
        if paths.iter().all(|path| first(path) < 2_000.0) { Ok(()) } else { Err(seen.to_string()) }
    }));
}

/// Down and up of the resident's line, Mbit/s.
const RESIDENT: [u64; 2] = [20, 5];

/// A resident behind a line of known rates tests it, gives the test and takes it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_resident_tests_the_line_gives_the_test_and_takes_it_back() {
    let need = "root, node, chromium and what `cargo xtask test` installs beside them";
    if !can(need, is_root() && tools()) {
        return;
    }
    let mut lab = Lab::new("dsresi", RESIDENT_SUBNET).unwrap();
    let [down, up] = RESIDENT.map(Shape::from_mbit_per_s);
    let line = lab.line("flat", down, up).unwrap();
    let here = IpAddr::V4(line.gateway);
    let folder = tempfile::tempdir().unwrap();
    let data = demonstration(folder.path());
    let server = MeasurementServer::start(folder.path(), here, &[]);
    let configuration = folder.path().join("collector.toml");
    let text = format!("[[locate.servers]]\nmachine = \"test\"\nws = \"ws://{}\"\n", server.address);
    std::fs::write(&configuration, text).unwrap();
    let words = ["--config", configuration.to_str().unwrap()];
    let collector = Collector::start_at(here, folder.path(), &data.join("territoire.dst"), &words).await;
    let [commune, _] = two_measured(&collector).await;
    let base = format!("http://{}/", collector.address);
    settled(judge(|| {
        let told =
            line.command("node").arg(project().join("tester.mjs")).args([&base, &commune]).output().unwrap();
        let report = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success(), "{report}{}", String::from_utf8_lossy(&told.stderr));
        let seen: Value = serde_json::from_slice(&told.stdout).unwrap();
        let told = ["download_mbit", "upload_mbit"].map(|name| seen[name].as_f64().unwrap());
        eprintln!("  {told:?} Mbit/s on a line of {RESIDENT:?}");
        // The page cuts nothing off and adds nothing; headers of messages and the unsteady rest take a few per cent.
        let near = |told: f64, line: Shape| {
            (0.90..=1.0).contains(&(told * 1e6 / line.tcp_goodput_bits_per_second()))
        };
        if near(told[0], down) && near(told[1], up) { Ok(()) } else { Err(seen.to_string()) }
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_is_zoomed_to_a_commune_by_pointer_and_keyboard() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/collector/maplibre/node_modules/maplibre-gl/dist");
    let need = "node, chromium and what `cargo xtask test` installs beside them";
    if !can(need, tools() && library.is_dir()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = demonstration(folder.path());
    let territory = data.join("territoire.dst");
    let tiles = folder.path().join("tuiles.pmtiles");
    let made = Command::new(program("desserte"))
        .args(["territory", "tiles"])
        .arg(&territory)
        .arg("--out")
        .arg(&tiles)
        .output();
    assert!(made.unwrap().status.success());
    let configuration = folder.path().join("collector.toml");
    let text = format!("[map]\ntiles = '{}'\nlibrary = '{}'\n", tiles.display(), library.display());
    std::fs::write(&configuration, text).unwrap();
    let words = ["--config", configuration.to_str().unwrap()];
    let collector = Collector::start(folder.path(), &territory, &words).await;
    let [commune, _] = two_measured(&collector).await;
    let outlines = Territory::open(&territory).unwrap();
    let middle = outlines.outline(commune.parse().unwrap()).unwrap().point_inside().unwrap();
    let base = format!("http://{}/", collector.address);
    node("zoom.mjs", &[&base, "99", &middle.lon().to_string(), &middle.lat().to_string()], 13);
}

/// A provider of identities of another make (tests/interop/requirements.txt), and its address.
fn provider(folder: &Path) -> Option<(Program, String)> {
    let python = std::env::var_os("DESSERTE_PYTHON").map(PathBuf::from)?;
    let port = free_port();
    let log = folder.join("provider.log");
    let process = Program::start(
        Command::new(python)
            .args(["-m", "oidc_provider_mock", "--require-nonce", "true", "--port"])
            .arg(port.to_string()),
        &log,
    );
    Some((process, format!("http://127.0.0.1:{port}")))
}

/// An account, made as its administrator makes it; what the command printed.
fn account(data: &Path, words: &[&str]) -> String {
    let output = Command::new(program("desserte"))
        .args(["account", "add", "--data"])
        .arg(data)
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_with_a_password_and_through_a_provider() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider(folder.path());
    if !can("node, chromium, the Python environment of interop", tools() && provider.is_some()) {
        return;
    }
    let (_provider, issuer) = provider.unwrap();
    let data = demonstration(folder.path());
    // The collector has to be known at the provider by its address, so that it begins on a port that is free now.
    let listen = format!("127.0.0.1:{}", free_port());
    let config = folder.path().join("collector.toml");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "the provider takes any, and none it does not\n").unwrap();
    let text = format!(
        "[login]\naddress = \"http://{listen}\"\n[login.openid]\nissuer = \"{issuer}\"\nname = \"l'essai\"\nclient_id = \"desserte\"\nclient_secret_file = \"{}\"\n",
        secret.display()
    );
    std::fs::write(&config, text).unwrap();
    let password = account(&data, &["--login", "Operateur", "--role", "administrator"]);
    let told = account(
        &data,
        &["--login", "jeanne", "--role", "departement", "--territory", "99", "--openid", "jeanne-at-home"],
    );
    assert!(told.contains("OpenID"), "{told}");
    let more = ["--config", config.to_str().unwrap(), "--listen", &listen];
    let collector = Collector::start(folder.path(), &data.join("territoire.dst"), &more).await;
    let base = format!("http://{listen}/");
    let [commune, _] = two_measured(&collector).await;
    node("administration.mjs", &[&base, "operateur", &password, &commune, "jeanne-at-home", "somebody"], 25);
}
