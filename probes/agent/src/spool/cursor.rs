//! How far records were acknowledged, in a file of its own beside the segments.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frame::{Frame, Kind, Piece, pieces};
use super::segment::Head;
use crate::files;

const FILE: &str = "acknowledged";

/// What is known beside the records themselves. Losing it costs a repeated upload and a count, never a record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Records before this sequence need not be sent.
    pub(super) acknowledged_below: u64,
    /// Records dropped unsent since installation.
    pub(super) dropped_records: u64,
    /// Where the chain stood, should every segment be lost.
    pub(super) head: Option<Head>,
}

impl Cursor {
    /// Reads it; a missing or damaged file is a cursor at the start.
    pub(super) fn read(folder: &Path) -> Self {
        let octets = fs::read(folder.join(FILE)).unwrap_or_default();
        let found = pieces(&octets).find_map(|piece| match piece {
            Piece::Frame(frame) if frame.kind == Kind::Cursor => serde_json::from_slice(frame.payload).ok(),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Stores it whole.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let payload = serde_json::to_vec(self)?;
        let mut octets = Vec::new();
        let sequence = self.acknowledged_below;
        Frame { kind: Kind::Cursor, sequence, stored_s: 0, payload: &payload }.encode(&mut octets);
        files::replace(&folder.join(FILE), &octets, files::PRIVATE_MODE)
    }
}
