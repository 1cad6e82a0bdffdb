//! How far records were acknowledged, in a file of its own beside the segments.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::segment::Head;
use crate::slots::{Held, Slots};

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
    /// Reads it; a new or damaged file is a cursor at the start.
    pub(super) fn open(folder: &Path) -> io::Result<(Slots, Self)> {
        let (slots, held) = Slots::open(&folder.join(FILE))?;
        Ok((slots, Self::of(held)))
    }

    /// Reads it without touching the file.
    pub(super) fn peek(folder: &Path) -> io::Result<Self> {
        Slots::peek(&folder.join(FILE)).map(Self::of)
    }

    fn of(held: Held) -> Self {
        match held {
            Held::State(state) => serde_json::from_slice(&state).unwrap_or_default(),
            Held::Nothing | Held::Emptied | Held::Damaged => Self::default(),
        }
    }

    /// Stores it whole, on a full disk too.
    pub(super) fn store(&self, slots: &mut Slots) -> io::Result<()> {
        slots.store(&serde_json::to_vec(self)?)
    }
}
