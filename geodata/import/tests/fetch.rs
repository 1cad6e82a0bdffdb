//! Downloads, from a server on this machine.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};

use desserte_geodata::Manifest;
use desserte_geodata::fetch::{FetchError, fetch};

const BODY: &[u8] = b"{\"type\":\"FeatureCollection\",\"features\":[]}";
/// `sha256sum` of GNU coreutils 9.1 over `BODY`.
const SUM: &str = "ed778c73ea51338d6576fb5992b189f2b94d9f3d5e199f46c1af520d6b0b3e6c";

/// Serves `answers` requests, all with this status and body, and returns the address. The announced length may be
/// longer than the body: then the connection breaks off.
fn server(status: &'static str, body: &'static [u8], announced: usize, answers: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(answers) {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {announced}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body).unwrap();
        }
    });
    address
}

fn manifest(url: Option<&str>) -> Manifest {
    let url = url.map_or_else(String::new, |url| format!("url = '{url}/f.geojson'\n"));
    let text = format!(
        "title='T'\npublisher='P'\nlicence='L'\nvintage='2026'\nfile='f.geojson'\nsha256='{SUM}'\n{url}"
    );
    Manifest::parse("test", &text).unwrap()
}

fn get(manifest: &Manifest, dir: &std::path::Path, base: Option<&str>) -> Result<PathBuf, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(fetch(manifest, dir, base))
}

#[test]
fn a_file_with_the_right_checksum_is_kept_and_not_fetched_twice() {
    let dir = tempfile::tempdir().unwrap();
    // The server answers once: a second download would fail.
    let address = server("200 OK", BODY, BODY.len(), 1);
    let manifest = manifest(Some(&address));
    let path = get(&manifest, dir.path(), None).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), BODY);
    assert_eq!(get(&manifest, dir.path(), None).unwrap(), path);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing but the file is left");
}

#[test]
fn a_mirror_replaces_the_address() {
    let dir = tempfile::tempdir().unwrap();
    let address = server("200 OK", BODY, BODY.len(), 1);
    assert!(get(&manifest(None), dir.path(), Some(&format!("{address}/mirror/"))).is_ok());
}

#[test]
fn another_file_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let address = server("200 OK", b"changed", 7, 1);
    let error = get(&manifest(Some(&address)), dir.path(), None).unwrap_err();
    assert!(matches!(error, FetchError::WrongChecksum { .. }), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Serves `BODY` as a server that knows ranges, or not, and tells what was asked. The first `broken` answers break off
/// after ten octets.
fn server_of_parts(knows_ranges: bool, broken: usize, answers: usize) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (told, asked) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().take(answers).enumerate() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let lines: Vec<String> =
                lines.take_while(|line| !line.is_empty()).map(|line| line.to_ascii_lowercase()).collect();
            let range = lines.iter().find_map(|line| line.strip_prefix("range: bytes="));
            told.send(range.unwrap_or("whole").to_owned()).unwrap();
            let begin: usize = range
                .filter(|_| knows_ranges)
                .map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
            let whole = BODY.len();
            let status = match range {
                Some(_) if begin >= whole => {
                    "416 Range Not Satisfiable\r\ncontent-range: bytes */0".to_owned()
                }
                Some(_) if knows_ranges => {
                    format!("206 Partial Content\r\ncontent-range: bytes {begin}-{}/{whole}", whole - 1)
                }
                _ => "200 OK".to_owned(),
            };
            let rest = &BODY[begin.min(whole)..];
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", rest.len());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(if number < broken { &rest[..10] } else { rest }).unwrap();
        }
    });
    (address, asked)
}

fn files(dir: &std::path::Path) -> Vec<String> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_download_that_breaks_off_goes_on_from_there_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let address = server("200 OK", &BODY[..10], BODY.len(), 1);
    let error = get(&manifest(Some(&address)), dir.path(), None).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert_eq!(files(dir.path()), ["f.geojson.part"], "never under the name of the whole");
    let (address, asked) = server_of_parts(true, 0, 1);
    let path = get(&manifest(Some(&address)), dir.path(), None).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), BODY);
    assert_eq!(asked.recv().unwrap(), "10-");
    assert_eq!(files(dir.path()), ["f.geojson"]);
}

#[test]
fn a_download_goes_on_by_itself_as_long_as_something_comes() {
    let dir = tempfile::tempdir().unwrap();
    let (address, asked) = server_of_parts(true, 3, 4);
    assert!(get(&manifest(Some(&address)), dir.path(), None).is_ok());
    assert_eq!(asked.iter().collect::<Vec<_>>(), ["whole", "10-", "20-", "30-"]);
}

#[test]
fn what_is_left_of_another_edition_is_replaced() {
    for (knows_ranges, left, expected) in [
        (true, &b"other text"[..], vec!["10-", "whole"]),
        (true, BODY, vec!["42-"]),
        (false, &BODY[..10], vec!["10-"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f.geojson.part"), left).unwrap();
        let (address, asked) = server_of_parts(knows_ranges, 0, expected.len());
        let path = get(&manifest(Some(&address)), dir.path(), None).unwrap();
        assert_eq!(std::fs::read(path).unwrap(), BODY);
        assert_eq!(asked.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_refusal_an_absent_network_and_an_absent_address_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let gone = server("404 Not Found", b"", 0, 1);
    let error = get(&manifest(Some(&gone)), dir.path(), None).unwrap_err();
    assert!(matches!(error, FetchError::Refused { status: 404, .. }), "{error}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&manifest(Some(&format!("http://{closed}"))), dir.path(), None).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("--communes"), "says what to do: {error}");

    let error = get(&manifest(None), dir.path(), None).unwrap_err();
    assert!(matches!(error, FetchError::NoAddress { .. }), "{error}");
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_desserte-geodata")).args(arguments).output().unwrap()
}

#[test]
fn the_program_tells_a_wrong_command_line_from_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let fixture = |name: &str| format!("{}/../fixtures/traps/{name}", env!("CARGO_MANIFEST_DIR"));
    let (out, outlines) = (path("t.dst"), fixture("france-geojson.geojson"));
    let cases: [(&[&str], i32); 7] = [
        (&["--help"], 0),
        (&["import", "--out", &out], 64),
        (&["import", "--communes", &outlines, "--out", &out], 64), // no vintage
        (&["import", "--communes", &outlines, "--vintage", "26", "--out", &out], 64),
        (&["import", "--communes", "absent.geojson", "--vintage", "2026", "--out", &out], 1),
        (&["info", &outlines], 1),
        (&["import", "--communes", &outlines, "--vintage", "2026", "--out", "/absent/t.dst"], 1),
    ];
    for (arguments, code) in cases {
        let output = program(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn the_program_makes_a_departement_up_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("t.dst").display().to_string();
    let output = program(&["synthetic", "--out", &out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(program(&["info", &out]).stdout).unwrap();
    assert!(text.starts_with("TERRITOIRE FICTIF"), "{text}");
}

#[test]
fn the_program_imports_reports_and_describes() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let fixture = |name: &str| format!("{}/../fixtures/traps/{name}", env!("CARGO_MANIFEST_DIR"));
    let (out, report) = (path("t.dst"), path("r.json"));
    let (outlines, populations) = (fixture("france-geojson.geojson"), fixture("populations-reference.csv"));
    let arguments = ["import", "--communes", &outlines, "--populations", &populations, "--vintage", "2026"];
    let output = program(&[&arguments[..], &["--out", &out, "--report", &report]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        text.starts_with("Communes : 2 (COG 2026)") && text.contains("communes sans population connue"),
        "{text}"
    );
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["schema"], "desserte-import-report/1");
    assert_eq!(report["counts"]["inhabitants"], 12_734);
    assert_eq!(report["counts"]["communes_without_population"], 1);
    assert_eq!(report["findings_by_kind"]["population_orphan"], 1);
    let info = program(&["info", &out, "--lang", "en"]);
    let text = String::from_utf8(info.stdout).unwrap();
    assert!(text.starts_with("Communes: 2 (COG 2026)") && text.contains("licence not known"), "{text}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no half file is left");
}
