//! Setting the PDF by `desserte-typeset`, a program of its own.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow, bail};
use desserte_dossier::Document;
use serde_json::json;

/// The program's name.
const PROGRAM: &str = "desserte-typeset";

/// Octets of a PDF that are read at the most: as many as a part of a bundle may have.
const PDF_BYTES_MAX: u64 = desserte_dossier::limits::PART_OCTETS_MAX as u64;

/// Octets of complaints that are read.
const COMPLAINT_BYTES_MAX: u64 = 16 * 1024;

/// The PDF of a document and its drawings.
pub(super) fn set(
    program: Option<&Path>,
    document: &Document,
    drawings: &BTreeMap<String, String>,
) -> anyhow::Result<Vec<u8>> {
    let program = match program {
        Some(program) => program.to_owned(),
        None => beside()?,
    };
    let job = serde_json::to_vec(&json!({ "document": document, "drawings": drawings }))?;
    let mut child = Command::new(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| {
            format!(
                "cannot start {}, which sets the PDF: build it with `cargo build --manifest-path crates/typeset/Cargo.toml`, put it \
                 beside this program, or name it with --typeset",
                program.display()
            )
        })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // It reads the whole job before it writes, and closes its input if it does not want it: what it then says is the better text.
    let fed = stdin.context("no way into the program")?.write_all(&job);
    let (mut pdf, mut complaint) = (Vec::new(), String::new());
    stdout.context("no way out of the program")?.take(PDF_BYTES_MAX).read_to_end(&mut pdf)?;
    stderr.context("no way out of the program")?.take(COMPLAINT_BYTES_MAX).read_to_string(&mut complaint)?;
    let status = child.wait()?;
    if !status.success() {
        bail!("{}: {}", program.display(), complaint.trim());
    }
    fed.context("cannot hand the words over")?;
    Ok(pdf)
}

fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let folder = own.parent().ok_or_else(|| anyhow!("this program has no folder"))?;
    Ok(folder.join(PROGRAM))
}
