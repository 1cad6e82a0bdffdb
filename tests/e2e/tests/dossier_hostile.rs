//! Archives that no honest program writes are refused, within little memory and in little time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{can, has_program, program};

/// Octets that the program may ask the system for, its own text not counted. An honest bundle of a year takes a fifth of it.
const MEMORY_OCTETS: u64 = 256 * 1024 * 1024;

/// Longest that one archive may take, on a machine that does other things too.
const LONGEST: Duration = Duration::from_secs(60);

/// Letters of a line that is told at the most: what a stranger wrote is quoted, not passed on.
const LINE_LETTERS_MAX: usize = 1_000;

/// The exit code for "the answer is no": not one for a program that fell over, nor for a file that could not be read.
const REFUSED: i32 = 2;

#[test]
fn archives_that_no_honest_program_writes_are_refused_within_bounded_memory() {
    let python = std::env::var_os("DESSERTE_PYTHON");
    if !can("prlimit (util-linux)", has_program("prlimit"))
        || !can("the Python environment that `cargo xtask test` makes", python.is_some())
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/dossier/hostile.py");
    let made = Command::new(python.unwrap()).arg(script).arg(folder.path()).status().unwrap();
    assert!(made.success());
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 30, "{files:?}");
    let mut wrong = Vec::new();
    for file in &files {
        let begun = Instant::now();
        let output = Command::new("prlimit")
            .arg(format!("--data={MEMORY_OCTETS}"))
            .arg(program("desserte"))
            .args(["dossier", "verify", "--lang", "en"])
            .arg(file)
            .output()
            .unwrap();
        let took = begun.elapsed();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        let plain = said
            .lines()
            .all(|line| line.chars().count() < LINE_LETTERS_MAX && !line.chars().any(char::is_control));
        if output.status.code() != Some(REFUSED) || took > LONGEST || !plain || said.is_empty() {
            let head: String = said.chars().take(500).collect();
            wrong.push(format!("{}: {:?} after {took:?}: {head} {complaint}", file.display(), output.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
