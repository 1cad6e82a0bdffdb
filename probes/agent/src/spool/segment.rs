//! One file of the spool: a head, then records in order.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::frame::{Frame, Kind, Piece, pieces};
use crate::files::sync_folder;

/// Where the probe's chain stands: what the next record will carry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Sequence of the next record.
    pub(crate) next_sequence: u64,
    /// SHA-256 of the record before it.
    pub(crate) previous_sha256: Option<String>,
}

/// What is known of a segment without reading it again.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
    pub(crate) bytes: u64,
    /// Sequences of its records; empty when it holds none.
    pub(crate) sequences: Range<u64>,
    /// When its newest record was stored, seconds since the epoch; 0 when that is unknown.
    pub(crate) newest_s: i64,
}

/// A damaged stretch of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) file: PathBuf,
    pub(crate) offset: usize,
    pub(crate) octets: Vec<u8>,
}

/// What reading a whole segment found.
pub(crate) struct Found {
    pub(crate) segment: Segment,
    pub(crate) head: Option<Head>,
    pub(crate) damage: Vec<Damage>,
    /// The segment without its damage.
    pub(crate) sound: Vec<u8>,
}

const EXTENSION: &str = "seg";

impl Segment {
    fn empty(folder: &Path, number: u64) -> Self {
        let path = folder.join(format!("{number:016x}.{EXTENSION}"));
        Self { path, number, bytes: 0, sequences: 0..0, newest_s: 0 }
    }

    /// Takes note of a record that stands in it.
    pub(crate) fn note(&mut self, frame: &Frame<'_>) {
        let next = frame.sequence.saturating_add(1);
        self.sequences = if self.sequences.is_empty() {
            frame.sequence..next
        } else {
            self.sequences.start.min(frame.sequence)..self.sequences.end.max(next)
        };
        self.newest_s = self.newest_s.max(frame.stored_s);
    }

    /// Records in it at or after `acknowledged_below`.
    pub(crate) fn waiting(&self, acknowledged_below: u64) -> u64 {
        self.sequences.end.saturating_sub(self.sequences.start.max(acknowledged_below))
    }
}

/// The segments of a folder, oldest first.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if let Ok(number) = u64::from_str_radix(name, 16) {
                found.push((number, path));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads a segment whole.
pub(crate) fn read(folder: &Path, number: u64, path: &Path) -> io::Result<Found> {
    let bytes = fs::read(path)?;
    let mut found = Found {
        segment: Segment { bytes: len(&bytes), path: path.to_owned(), ..Segment::empty(folder, number) },
        head: None,
        damage: Vec::new(),
        sound: Vec::new(),
    };
    for piece in pieces(&bytes) {
        match piece {
            Piece::Damaged(offset, octets) => {
                found.damage.push(Damage { file: path.to_owned(), offset, octets: octets.to_vec() });
            }
            Piece::Frame(frame) => {
                frame.encode(&mut found.sound);
                match frame.kind {
                    Kind::Head => found.head = later(found.head, serde_json::from_slice(frame.payload).ok()),
                    Kind::Record => {
                        found.segment.note(&frame);
                        let head = Head {
                            next_sequence: frame.sequence.saturating_add(1),
                            previous_sha256: Some(desserte_signing::record_sha256(frame.payload)),
                        };
                        found.head = later(found.head, Some(head));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The head that stands further along the chain.
pub(crate) fn later(a: Option<Head>, b: Option<Head>) -> Option<Head> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.next_sequence >= a.next_sequence { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// The segment that records are appended to.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) segment: Segment,
    file: File,
}

impl Writer {
    /// Begins a segment whose first octets say where the chain stands, so that older segments may go.
    pub(crate) fn create(folder: &Path, number: u64, head: &Head) -> io::Result<Self> {
        let mut segment = Segment::empty(folder, number);
        let payload = serde_json::to_vec(head)?;
        let mut bytes = Vec::new();
        Frame { kind: Kind::Head, sequence: head.next_sequence, stored_s: 0, payload: &payload }
            .encode(&mut bytes);
        let mut file = OpenOptions::new().append(true).create_new(true).open(&segment.path)?;
        let written =
            file.write_all(&bytes).and_then(|()| file.sync_all()).and_then(|()| sync_folder(folder));
        if let Err(error) = written {
            let _ = fs::remove_file(&segment.path);
            return Err(error);
        }
        segment.bytes = len(&bytes);
        Ok(Self { segment, file })
    }

    /// Goes on with a sound segment.
    pub(crate) fn resume(segment: Segment) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).open(&segment.path)?;
        Ok(Self { segment, file })
    }

    /// Appends one record and returns once it is on the disk.
    ///
    /// After an error the segment is cut back to what it held; where even that fails, the reader skips the torn frame.
    pub(crate) fn append(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(frame.encoded_len());
        frame.encode(&mut bytes);
        if let Err(error) = self.file.write_all(&bytes).and_then(|()| self.file.sync_data()) {
            let _ = self.file.set_len(self.segment.bytes);
            return Err(error);
        }
        self.segment.bytes += len(&bytes);
        self.segment.note(frame);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn replace_file(&mut self, file: File) {
        self.file = file;
    }
}

pub(crate) fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
