//! Reading a spool without touching it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cursor::Cursor;
use super::frame::{Kind, Piece, pieces};
use super::segment;

/// What reading every record found.
#[derive(Debug, Default)]
pub(crate) struct Checkup {
    pub(crate) segments: usize,
    pub(crate) records: u64,
    /// Records that wait for their receipt.
    pub(crate) waiting: u64,
    pub(crate) dropped: u64,
    /// What is wrong: where, and what.
    pub(crate) faults: Vec<(PathBuf, String)>,
}

#[derive(Deserialize)]
struct Link {
    sequence: u64,
    #[serde(default)]
    previous_sha256: Option<String>,
}

/// Reads every record of the spool in `folder` and follows the chain.
pub(crate) fn check(folder: &Path) -> io::Result<Checkup> {
    let cursor = Cursor::peek(folder)?;
    let mut found = Checkup { dropped: cursor.dropped_records, ..Checkup::default() };
    let mut before: Option<(u64, String)> = None;
    for (_, path) in segment::list(folder)? {
        found.segments += 1;
        for piece in pieces(&fs::read(&path)?) {
            let frame = match piece {
                Piece::Frame(frame) if frame.kind == Kind::Record => frame,
                Piece::Frame(_) => continue,
                Piece::Damaged(offset, octets) => {
                    let what = format!("{} damaged bytes at {offset}", octets.len());
                    found.faults.push((path.clone(), what));
                    continue;
                }
            };
            found.records += 1;
            found.waiting += u64::from(frame.sequence >= cursor.acknowledged_below);
            match serde_json::from_slice::<Link>(frame.payload) {
                Ok(link) => {
                    let fault = broken(&link, before.as_ref());
                    found.faults.extend(fault.map(|what| (path.clone(), what)));
                }
                Err(error) => {
                    found.faults.push((path.clone(), format!("record {}: {error}", frame.sequence)))
                }
            }
            before = Some((frame.sequence, desserte_signing::record_sha256(frame.payload)));
        }
    }
    Ok(found)
}

fn broken(link: &Link, before: Option<&(u64, String)>) -> Option<String> {
    let (sequence, hash) = before?;
    if link.sequence != sequence + 1 {
        Some(format!("the chain goes from {sequence} to {}", link.sequence))
    } else if link.previous_sha256.as_deref() != Some(hash) {
        Some(format!("record {} does not follow record {sequence}", link.sequence))
    } else {
        None
    }
}
