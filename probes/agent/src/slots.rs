//! A small state that can be stored even when the disk is full, and is whole after a power cut.
//!
//! The file has its final size from the start: two slots, written in turn, in place. A store needs no new block and no new
//! name, so it works on a full disk; a torn one damages the older state and leaves the newer.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::files;

/// One slot: a block of every usual file system.
const SLOT_BYTES: usize = 4096;

/// Magic, checksum, generation, length.
const HEADER_BYTES: usize = 4 + 4 + 8 + 4;

const MAGIC: [u8; 4] = *b"DSS1";

/// The longest state.
const STATE_BYTES_MAX: usize = SLOT_BYTES - HEADER_BYTES;

/// Two slots in a file.
#[derive(Debug)]
pub(crate) struct Slots {
    file: File,
    generation: u64,
}

/// What a file held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The file is new.
    Nothing,
    /// The file was there, and nothing is in it: it was emptied, or made and never written.
    Emptied,
    /// The newest whole state.
    State(Vec<u8>),
    /// There was something, and none of it is whole.
    Damaged,
}

impl Slots {
    /// Opens the file, or makes it at its full size.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Held)> {
        let existed = path.try_exists()?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(files::PRIVATE_MODE)
            .open(path)?;
        let mut octets = vec![0; 2 * SLOT_BYTES];
        let length = read_up_to(&file, &mut octets)?;
        let (generation, mut held) = newest(&octets);
        if existed && held == Held::Nothing {
            held = Held::Emptied;
        }
        if length < octets.len() {
            // Zeroes, not a hole: the blocks are to be there when the disk is full.
            file.write_all_at(&octets[length..], u64::try_from(length).unwrap_or(0))?;
            file.sync_all()?;
            if let Some(folder) = path.parent() {
                files::sync_folder(folder)?;
            }
        }
        Ok((Self { file, generation }, held))
    }

    /// Reads the file without opening it for writing.
    pub(crate) fn peek(path: &Path) -> io::Result<Held> {
        let mut octets = vec![0; 2 * SLOT_BYTES];
        match File::open(path) {
            Ok(file) => read_up_to(&file, &mut octets).map(|_| match newest(&octets).1 {
                Held::Nothing => Held::Emptied,
                held => held,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Held::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Stores a state and returns once it is on the disk.
    pub(crate) fn store(&mut self, state: &[u8]) -> io::Result<()> {
        if state.len() > STATE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the state is longer than its slot"));
        }
        let generation = self.generation.wrapping_add(1);
        let place = if generation % 2 == 0 { 0 } else { SLOT_BYTES };
        self.file.write_all_at(&encode(generation, state), u64::try_from(place).unwrap_or(0))?;
        self.file.sync_data()?;
        self.generation = generation;
        Ok(())
    }
}

fn newest(octets: &[u8]) -> (u64, Held) {
    let slots = octets.chunks(SLOT_BYTES).filter_map(decode);
    match slots.max_by_key(|(generation, _)| *generation) {
        Some((generation, state)) => (generation, Held::State(state.to_vec())),
        None if octets.iter().all(|octet| *octet == 0) => (0, Held::Nothing),
        None => (0, Held::Damaged),
    }
}

fn read_up_to(file: &File, octets: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < octets.len() {
        match file.read_at(&mut octets[length..], u64::try_from(length).unwrap_or(0))? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

fn encode(generation: u64, state: &[u8]) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SLOT_BYTES);
    slot.extend_from_slice(&MAGIC);
    slot.extend_from_slice(&[0; 4]);
    slot.extend_from_slice(&generation.to_le_bytes());
    slot.extend_from_slice(&u32::try_from(state.len()).unwrap_or(0).to_le_bytes());
    slot.extend_from_slice(state);
    let checksum = crc32c::crc32c(&slot[8..]);
    slot[4..8].copy_from_slice(&checksum.to_le_bytes());
    slot.resize(SLOT_BYTES, 0);
    slot
}

fn decode(slot: &[u8]) -> Option<(u64, &[u8])> {
    let header = slot.get(..HEADER_BYTES).filter(|header| header.starts_with(&MAGIC))?;
    let length = usize::try_from(u32::from_le_bytes(header[16..20].try_into().ok()?)).ok()?;
    let state = slot[HEADER_BYTES..].get(..length)?;
    let stated = u32::from_le_bytes(header[4..8].try_into().ok()?);
    (crc32c::crc32c(&slot[8..HEADER_BYTES + length]) == stated).then_some(())?;
    Some((u64::from_le_bytes(header[8..16].try_into().ok()?), state))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn held(path: &Path) -> Held {
        Slots::open(path).unwrap().1
    }

    #[test]
    fn the_newest_state_comes_back_and_the_file_never_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (mut slots, nothing) = Slots::open(&path).unwrap();
        assert_eq!(nothing, Held::Nothing);
        assert_eq!(held(&path), Held::Emptied, "made and never written");
        for state in ["one", "two", "three"] {
            slots.store(state.as_bytes()).unwrap();
            assert_eq!(held(&path), Held::State(state.as_bytes().to_vec()));
            assert_eq!(fs::metadata(&path).unwrap().len(), 8192);
        }
        let (mut slots, _) = Slots::open(&path).unwrap();
        slots.store(b"four").unwrap();
        assert_eq!(held(&path), Held::State(b"four".to_vec()));
    }

    #[test]
    fn a_store_torn_at_any_octet_leaves_the_state_before_it_or_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (mut slots, _) = Slots::open(&path).unwrap();
        slots.store(b"first").unwrap();
        slots.store(b"before").unwrap();
        let before = fs::read(&path).unwrap();
        slots.store(b"after!").unwrap();
        let after = fs::read(&path).unwrap();
        for cut in 0..=SLOT_BYTES {
            // The third generation is written to the second slot.
            let mut torn = before.clone();
            torn[SLOT_BYTES..SLOT_BYTES + cut].copy_from_slice(&after[SLOT_BYTES..SLOT_BYTES + cut]);
            fs::write(&path, &torn).unwrap();
            let found = held(&path);
            let expected = [Held::State(b"before".to_vec()), Held::State(b"after!".to_vec())];
            assert!(expected.contains(&found), "cut {cut}: {found:?}");
        }
    }

    #[test]
    fn a_file_without_a_whole_state_is_damaged_not_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::write(&path, b"something").unwrap();
        assert_eq!(held(&path), Held::Damaged);
    }

    #[test]
    fn a_state_longer_than_its_slot_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (mut slots, _) = Slots::open(&folder.path().join("state")).unwrap();
        assert!(slots.store(&[b' '; SLOT_BYTES]).is_err());
    }
}
