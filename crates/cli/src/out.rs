//! What people read: results on standard output, complaints on standard error.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use desserte_boot::exit;

/// A command that did not do its work, with the code to end with.
pub(crate) struct Failure {
    pub(crate) error: anyhow::Error,
    pub(crate) code: u8,
}

/// What a command gives.
pub(crate) type Outcome = Result<(), Failure>;

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), code: exit::FAILURE }
    }
}

impl Failure {
    /// The command line or the configuration is wrong.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), code: exit::USAGE }
    }

    /// The answer is no.
    pub(crate) fn no(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), code: exit::NOT_WELL }
    }
}

/// The file that is written first, beside the one that is asked for.
pub(crate) fn part_of(out: &Path) -> Result<PathBuf, Failure> {
    let mut name =
        out.file_name().ok_or_else(|| Failure::usage(anyhow!("--out has no file name")))?.to_owned();
    name.push(".part");
    Ok(out.with_file_name(name))
}

/// Writes a file whole or not at all.
pub(crate) fn written_whole(
    out: &Path,
    write: impl FnOnce(&mut dyn std::io::Write) -> anyhow::Result<()>,
) -> Outcome {
    let part = part_of(out)?;
    let all = || -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(&part)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(std::fs::rename(&part, out)?)
    };
    let written = all();
    if written.is_err() {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
    }
    Ok(written.with_context(|| format!("cannot write {}", out.display()))?)
}

/// Prints a line.
pub(crate) fn line(text: &str) -> Outcome {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to standard output")?;
    Ok(())
}

/// Says beside the result what was done.
pub(crate) fn note(text: &str) {
    // The result does not depend on it.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    // There is nowhere else to say it.
    let _ = writeln!(std::io::stderr().lock(), "desserte: {error:#}");
}

/// A bar for long work, on a terminal only: `what` is counted.
pub(crate) fn progress(what: &str) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(0);
    // The pattern is ours and right; without it the plain bar does.
    if let Ok(style) = indicatif::ProgressStyle::with_template(&format!(
        "{{msg}} {{bar:30}} {{pos}}/{{len}} {what} {{elapsed}}"
    )) {
        bar.set_style(style);
    }
    bar
}
