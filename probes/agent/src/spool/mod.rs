//! The probe's own log of records that wait for their receipt (docs/adr/0006-probe-spool.md).
//!
//! A record counts as stored once it is on the disk. The log is append-only files of checked frames: what a power cut
//! or a worn card damages is set aside and reported, and everything else is read on. It is bounded in octets and in
//! age; the oldest go first, and are counted. When the disk refuses, records wait in a bounded memory instead.

mod check;
mod cursor;
mod frame;
mod segment;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use check::check;
use cursor::Cursor;
use frame::{Frame, Kind, PAYLOAD_BYTES_MAX, Piece, pieces};
pub(crate) use segment::{Damage, Head};
use segment::{Segment, Writer, len};

use crate::files;
use crate::slots::Slots;

/// Damaged stretches kept for study; more are only reported.
const QUARANTINE_FILES_MAX: usize = 32;

/// How much the spool may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Octets on disk.
    pub(crate) disk_bytes: u64,
    /// Seconds that a record may wait.
    pub(crate) age_s: i64,
    /// Octets of one segment: what is deleted at once when the spool is full, and read at once for an upload.
    pub(crate) segment_bytes: u64,
    /// Octets kept in memory while the disk refuses.
    pub(crate) memory_bytes: usize,
}

/// Why the spool cannot take a record or be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    #[error("opening the spool in {}", folder.display())]
    Open {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("a record of {bytes} bytes is longer than the spool takes")]
    RecordTooLong { bytes: usize },
}

/// Where an appended record is now.
#[derive(Debug)]
pub(crate) enum Stored {
    /// On the disk: it survives a power cut.
    Durable,
    /// In memory only, because of this.
    InMemory(io::Error),
}

/// Records to send, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Octets of each record.
    pub(crate) records: Vec<Vec<u8>>,
    /// Every record before this sequence is in `records`, was acknowledged before, or cannot be read any more.
    pub(crate) below: u64,
}

/// What the spool holds, for people and for records of health.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) memory_records: u64,
    pub(crate) dropped_records: u64,
}

/// The spool of one probe. Only one process may have it open; the caller holds the lock.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    limits: Limits,
    closed: VecDeque<Segment>,
    writer: Option<Writer>,
    next_number: u64,
    memory: VecDeque<(u64, i64, Vec<u8>)>,
    memory_bytes: usize,
    head: Head,
    cursor: Cursor,
    cursor_file: Slots,
}

impl Spool {
    /// Opens the spool, sets damage aside and returns it with what it found.
    pub(crate) fn open(folder: &Path, limits: Limits) -> Result<(Self, Vec<Damage>), SpoolError> {
        let failed = |source| SpoolError::Open { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let (cursor_file, cursor) = Cursor::open(folder).map_err(failed)?;
        let mut head = cursor.head.clone();
        let mut closed = VecDeque::new();
        let mut damage = Vec::new();
        let mut intact = true;
        for (number, path) in segment::list(folder).map_err(failed)? {
            let mut found = segment::read(folder, number, &path).map_err(failed)?;
            head = segment::later(head, found.head);
            intact = found.damage.is_empty();
            if !intact {
                quarantine(folder, number, &found.damage);
                // If the rewrite fails the damage stays where it is, and every reader steps over it.
                if files::replace(&path, &found.sound, files::PRIVATE_MODE).is_ok() {
                    found.segment.bytes = len(&found.sound);
                }
                damage.append(&mut found.damage);
            }
            closed.push_back(found.segment);
        }
        let next_number = closed.back().map_or(0, |newest: &Segment| newest.number + 1);
        let resumable = closed.back().is_some_and(|newest| intact && newest.bytes < limits.segment_bytes);
        let writer = if resumable { closed.pop_back() } else { None }.map(Writer::resume);
        let mut spool = Self {
            folder: folder.to_owned(),
            limits,
            closed,
            writer: writer.transpose().map_err(failed)?,
            next_number,
            memory: VecDeque::new(),
            memory_bytes: 0,
            head: head.unwrap_or_default(),
            cursor,
            cursor_file,
        };
        spool.delete_acknowledged();
        Ok((spool, damage))
    }

    /// What the next record carries of the chain.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Appends the next record of the chain. `now_s` is the calendar, where it is known.
    pub(crate) fn append(&mut self, octets: Vec<u8>, now_s: Option<i64>) -> Result<Stored, SpoolError> {
        if octets.len() > PAYLOAD_BYTES_MAX {
            return Err(SpoolError::RecordTooLong { bytes: octets.len() });
        }
        let sequence = self.head.next_sequence;
        self.head = Head {
            next_sequence: sequence.saturating_add(1),
            previous_sha256: Some(desserte_signing::record_sha256(&octets)),
        };
        self.memory_bytes += octets.len();
        self.memory.push_back((sequence, now_s.unwrap_or(0), octets));
        match self.flush() {
            Ok(()) => Ok(Stored::Durable),
            Err(error) => {
                self.bound_memory();
                Ok(Stored::InMemory(error))
            }
        }
    }

    /// Writes what waits in memory, oldest first, as far as the disk lets it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while let Some((sequence, stored_s, octets)) = self.memory.front() {
            let (sequence, stored_s, length) = (*sequence, *stored_s, octets.len());
            self.make_room(length)?;
            let Some((_, _, octets)) = self.memory.front() else { break };
            let frame = Frame { kind: Kind::Record, sequence, stored_s, payload: octets };
            let Some(writer) = &mut self.writer else { break };
            if let Err(error) = writer.append(&frame) {
                // Whatever is wrong with this file, the next attempt starts another.
                self.close_writer();
                return Err(error);
            }
            self.memory.pop_front();
            self.memory_bytes -= length;
        }
        Ok(())
    }

    /// Reads the oldest records, one at least where there is any.
    pub(crate) fn waiting(&self, records_max: usize, bytes_max: usize) -> io::Result<Waiting> {
        let mut waiting = Waiting { records: Vec::new(), below: self.cursor.acknowledged_below };
        let mut bytes = 0;
        let mut full = |waiting: &mut Waiting, sequence: u64, octets: &[u8]| {
            let fits = waiting.records.len() < records_max
                && (waiting.records.is_empty() || bytes + octets.len() <= bytes_max);
            if fits {
                bytes += octets.len();
                waiting.below = waiting.below.max(sequence.saturating_add(1));
                waiting.records.push(octets.to_vec());
            }
            !fits
        };
        for segment in self.closed.iter().chain(self.writer.as_ref().map(|writer| &writer.segment)) {
            if segment.waiting(self.cursor.acknowledged_below) == 0 {
                continue;
            }
            let octets = fs::read(&segment.path)?;
            for piece in pieces(&octets) {
                let Piece::Frame(frame) = piece else { continue };
                let sent = frame.sequence < self.cursor.acknowledged_below || frame.kind != Kind::Record;
                if !sent && full(&mut waiting, frame.sequence, frame.payload) {
                    return Ok(waiting);
                }
            }
            waiting.below = waiting.below.max(segment.sequences.end);
        }
        for (sequence, _, octets) in &self.memory {
            if full(&mut waiting, *sequence, octets) {
                break;
            }
        }
        Ok(waiting)
    }

    /// Forgets the records before `below`: the collector has them, or has refused them for good.
    ///
    /// A failure to store this is harmless: they would be sent again, and the collector knows them by their names.
    pub(crate) fn acknowledge(&mut self, below: u64) -> io::Result<()> {
        self.cursor.acknowledged_below = self.cursor.acknowledged_below.max(below);
        while self.memory.front().is_some_and(|(sequence, ..)| *sequence < below) {
            if let Some((_, _, octets)) = self.memory.pop_front() {
                self.memory_bytes -= octets.len();
            }
        }
        let stored = self.store_cursor();
        self.delete_acknowledged();
        // Room may have come free for what waited in memory.
        let flushed = self.flush();
        stored.and(flushed)
    }

    /// Drops records older than the limit. Without a calendar nothing ages.
    pub(crate) fn expire(&mut self, now_s: Option<i64>) {
        let Some(now_s) = now_s else { return };
        let oldest_kept = now_s.saturating_sub(self.limits.age_s);
        while self.closed.front().is_some_and(|old| (1..oldest_kept).contains(&old.newest_s)) {
            self.drop_oldest();
        }
    }

    /// What the spool holds.
    pub(crate) fn stats(&self) -> Stats {
        let below = self.cursor.acknowledged_below;
        let segments = || self.closed.iter().chain(self.writer.as_ref().map(|writer| &writer.segment));
        let memory_records = u64::try_from(self.memory.len()).unwrap_or(u64::MAX);
        Stats {
            records: segments().map(|segment| segment.waiting(below)).sum::<u64>() + memory_records,
            bytes: self.disk_bytes() + u64::try_from(self.memory_bytes).unwrap_or(u64::MAX),
            memory_records,
            dropped_records: self.cursor.dropped_records,
        }
    }

    fn disk_bytes(&self) -> u64 {
        let open = self.writer.as_ref().map_or(0, |writer| writer.segment.bytes);
        self.closed.iter().map(|segment| segment.bytes).sum::<u64>() + open
    }

    /// Rolls to a new segment when the current one is full, and deletes the oldest when the spool is.
    fn make_room(&mut self, length: usize) -> io::Result<()> {
        let full = |writer: &Writer| writer.segment.bytes >= self.limits.segment_bytes;
        if self.writer.as_ref().is_some_and(full) {
            self.close_writer();
        }
        if self.writer.is_none() {
            let writer = Writer::create(&self.folder, self.next_number, &self.head)?;
            self.next_number += 1;
            self.writer = Some(writer);
        }
        let needed = u64::try_from(length).unwrap_or(u64::MAX);
        while self.disk_bytes().saturating_add(needed) > self.limits.disk_bytes && !self.closed.is_empty() {
            self.drop_oldest();
        }
        Ok(())
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.closed.pop_front() {
            self.cursor.dropped_records += oldest.waiting(self.cursor.acknowledged_below);
            self.cursor.acknowledged_below = self.cursor.acknowledged_below.max(oldest.sequences.end);
            let _ = fs::remove_file(&oldest.path);
            // If the count cannot be stored, the disk is at fault and the next change stores it.
            let _ = self.store_cursor();
        }
    }

    fn bound_memory(&mut self) {
        while self.memory_bytes > self.limits.memory_bytes {
            let Some((_, _, octets)) = self.memory.pop_front() else { break };
            self.memory_bytes -= octets.len();
            self.cursor.dropped_records += 1;
        }
    }

    fn close_writer(&mut self) {
        self.closed.extend(self.writer.take().map(|writer| writer.segment));
    }

    fn delete_acknowledged(&mut self) {
        // The newest segment, closed or open, stays: it says where the chain stands.
        let keep = usize::from(self.writer.is_none());
        while self.closed.len() > keep
            && self.closed.front().is_some_and(|old| old.waiting(self.cursor.acknowledged_below) == 0)
        {
            if let Some(old) = self.closed.pop_front() {
                let _ = fs::remove_file(&old.path);
            }
        }
    }

    fn store_cursor(&mut self) -> io::Result<()> {
        self.cursor.head = Some(self.head.clone());
        self.cursor.store(&mut self.cursor_file)
    }
}

fn quarantine(folder: &Path, number: u64, damage: &[Damage]) {
    let folder = folder.join("quarantine");
    let kept = fs::read_dir(&folder).map_or(0, Iterator::count);
    let room = QUARANTINE_FILES_MAX.saturating_sub(kept);
    for part in damage.iter().take(room) {
        let path = folder.join(format!("{number:016x}-{}.bad", part.offset));
        // Keeping damage is a service to whoever studies it; it must not stop the probe.
        let _ = fs::create_dir_all(&folder).and_then(|()| fs::write(path, &part.octets));
    }
}

#[cfg(test)]
mod tests;
