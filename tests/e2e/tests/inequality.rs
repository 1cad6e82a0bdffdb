//! Our figures of inequality and of how sure they are, against implementations that are not ours.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use desserte_e2e::{can, program};
use desserte_equity::wilson;
use serde_json::json;

/// The interpreter that has PySAL, SciPy and NumPy, if there is one.
fn python() -> Option<OsString> {
    let python = std::env::var_os("DESSERTE_STATISTICS_PYTHON");
    let there = can("the Python environment for statistics that `cargo xtask test` makes", python.is_some());
    python.filter(|_| there)
}

/// Runs a script of `tests/interop/equity`, which ends with 1 if a number is off.
fn check(script: &str, arguments: &[OsString], input: &str) {
    let Some(python) = python() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/equity");
    let mut child = Command::new(python)
        .arg(folder.join(script))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}{}", said(&output.stdout), said(&output.stderr));
}

#[test]
fn indices_and_their_intervals_are_those_of_pysal_scipy_and_numpy() {
    check("compare.py", &[program("desserte").into()], "");
}

#[test]
fn morans_index_and_its_rarity_are_those_of_esda_and_of_shuffles_made_again() {
    check("neighbours.py", &[program("desserte").into()], "");
}

#[test]
fn intervals_of_proportions_are_those_of_scipy() {
    let cases: Vec<_> = [(3, 30), (27, 30), (0, 10), (10, 10), (1, 2), (417, 5_000)]
        .into_iter()
        .flat_map(|(successes, count)| [0.8, 0.95, 0.999].map(|level| (successes, count, level)))
        .map(|(successes, count, level)| {
            let found = wilson(f64::from(successes), f64::from(count), level).unwrap();
            json!({ "successes": successes, "count": count, "level": level, "low": found.low, "high": found.high })
        })
        .collect();
    check("proportions.py", &[], &json!(cases).to_string());
}
