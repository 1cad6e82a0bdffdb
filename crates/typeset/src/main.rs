//! `desserte-typeset`: a dossier's words and drawings in, a PDF out.
//!
//! Reads one job (JSON) from standard input and writes the PDF to standard output. Nothing else is read: no font of the system, no clock, no
//! network; the same job gives the same octets. The PDF is tagged, PDF/UA-1 and PDF/A-2a.
//!
//! It is a program of its own because Typst is heavy and only this needs it (docs/adr/0040-dossier.md).

mod job;
mod world;

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use job::{JOB_BYTES_MAX, Job};

/// Exit code of a job that could not be set.
const FAILURE: u8 = 1;
/// Exit code of a wrong command line, as all programs of Desserte have it.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 {
        say(
            "desserte-typeset takes no arguments: it reads a job from standard input and writes a PDF to standard output",
        );
        return ExitCode::from(USAGE);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("desserte-typeset: {error}"));
            ExitCode::from(FAILURE)
        }
    }
}

fn run() -> Result<(), job::Error> {
    let mut octets = Vec::new();
    std::io::stdin().lock().take(JOB_BYTES_MAX + 1).read_to_end(&mut octets).map_err(job::Error::Read)?;
    let pdf = world::set(Job::read(&octets)?)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&pdf).and_then(|()| out.flush()).map_err(job::Error::Write)
}

fn say(text: &str) {
    // There is nowhere else to say it.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
