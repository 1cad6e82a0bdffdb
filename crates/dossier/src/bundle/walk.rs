//! Reading an archive that a stranger may have written, and naming the part that each fault is in.

use std::io::{self, Read, Seek, SeekFrom};

use desserte_custody::Hash;
use sha2::{Digest as _, Sha256};

use super::archive::{self, CENTRAL, Described, LOCAL, LOCAL_OCTETS};
use super::parts::{Contents, Parts, is_name};
use super::{limits, sums};

/// Octets of what a header begins with.
const SIGNATURE_OCTETS: i64 = 4;

/// Octets of contents that are held at a time.
const PIECE_OCTETS: u64 = 64 * 1024;

/// Something that does not hold, and the part that it is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {what}")]
pub struct Fault {
    /// The part's name, or the one of a place in the archive.
    pub part: String,
    /// What is wrong.
    pub what: String,
}

/// Letters that a fault is told in at the most: texts of what cannot be read quote what a stranger wrote, at any length.
const LETTERS_MAX: usize = 400;

impl Fault {
    pub(crate) fn new(part: impl Into<String>, what: impl Into<String>) -> Self {
        Self { part: part.into(), what: shown(&what.into()) }
    }
}

/// A text that may quote a stranger, as a terminal can show it.
fn shown(text: &str) -> String {
    let letters =
        text.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter });
    let mut shown: String = letters.clone().take(LETTERS_MAX).collect();
    if letters.count() > LETTERS_MAX {
        shown.push('…');
    }
    shown
}

/// Faults as they are found, no more than [`limits::FAULTS_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        if self.0.len() < limits::FAULTS_MAX {
            self.0.push(fault);
        }
    }

    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.0
    }
}

/// Finds the parts of an archive, and everything in which it is not exactly what [`super::Bundle::archive`] writes.
///
/// Parts that are found can be looked at even if there are faults. Nothing is unpacked, and of the contents no more than a few kilobytes
/// are held at a time.
///
/// # Errors
/// When the file cannot be read.
pub fn read(source: &mut (impl Read + Seek)) -> io::Result<(Parts, Vec<Fault>)> {
    let (parts, faults) = find(source)?;
    Ok((parts, faults.into_list()))
}

pub(crate) fn find(source: &mut (impl Read + Seek)) -> io::Result<(Parts, Faults)> {
    let mut faults = Faults::default();
    let octets = source.seek(SeekFrom::End(0))?;
    if octets > limits::OCTETS_MAX {
        let what = format!("it has {octets} octets; a bundle has {} at the most", limits::OCTETS_MAX);
        faults.push(Fault::new("the archive", what));
        return Ok((Parts::new(), faults));
    }
    source.seek(SeekFrom::Start(0))?;
    let mut walk =
        Walk { source: io::BufReader::new(source), at: 0, octets, names: Vec::new(), parts: Parts::new() };
    if walk.files(&mut faults)? {
        walk.compare_directory(&mut faults)?;
    }
    let (mut source, parts) = (walk.source, walk.parts);
    sums::compare(&parts, &mut source, &mut faults)?;
    Ok((parts, faults))
}

struct Walk<R> {
    source: io::BufReader<R>,
    /// Where the source is.
    at: u64,
    /// Octets of the archive.
    octets: u64,
    /// Names in the order in which they stand.
    names: Vec<String>,
    parts: Parts,
}

impl<R: Read + Seek> Walk<R> {
    /// The next octets, fewer if the archive ends before.
    fn next(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut octets = Vec::with_capacity(count);
        (&mut self.source).take(count as u64).read_to_end(&mut octets)?;
        self.at += octets.len() as u64;
        Ok(octets)
    }

    /// Goes from header to header; whether the directory was found.
    fn files(&mut self, faults: &mut Faults) -> io::Result<bool> {
        loop {
            let from = self.at;
            let signature = self.next(LOCAL.len())?;
            if signature == CENTRAL {
                // The directory is compared from its first octet on.
                self.source.seek_relative(-SIGNATURE_OCTETS)?;
                self.at = from;
                return Ok(true);
            }
            if signature != LOCAL {
                let what = format!("at octet {from} there is neither a part nor the directory of parts");
                faults.push(Fault::new(format!("what stands {}", self.after()), what));
                return Ok(false);
            }
            if self.names.len() == limits::PARTS_MAX {
                let what = format!("it has more than {} parts", limits::PARTS_MAX);
                faults.push(Fault::new("the archive", what));
                return Ok(false);
            }
            if let Err(what) = self.file(from, faults)? {
                faults.push(Fault::new(format!("the header {}", self.after()), what));
                return Ok(false);
            }
        }
    }

    fn after(&self) -> String {
        self.names.last().map_or_else(
            || "at the beginning".to_owned(),
            |last| format!("after {last} (or the length of {last})"),
        )
    }

    /// The file whose header begins at `from` and was read up to its signature.
    fn file(&mut self, from: u64, faults: &mut Faults) -> io::Result<Result<(), String>> {
        let cut = || Ok(Err("the archive ends within it".to_owned()));
        let header = [LOCAL.to_vec(), self.next(LOCAL_OCTETS - LOCAL.len())?].concat();
        if header.len() < LOCAL_OCTETS {
            return cut();
        }
        let number = |from: usize| {
            u32::from_le_bytes([header[from], header[from + 1], header[from + 2], header[from + 3]])
        };
        let length = usize::from(u16::from_le_bytes([header[26], header[27]]));
        let octets = self.next(length.min(limits::NAME_OCTETS_MAX + 1))?;
        if octets.len() < length.min(limits::NAME_OCTETS_MAX + 1) {
            return cut();
        }
        let Ok(name) = String::from_utf8(octets) else {
            return Ok(Err("the name is no UTF-8".to_owned()));
        };
        if !is_name(&name) {
            let shown: String = name.chars().take(64).collect();
            return Ok(Err(format!(
                "{shown:?} is no name of a part: small letters, digits, - _ . and folders within the bundle"
            )));
        }
        let (size, limit) = (number(22), limits::octets_max(&name));
        if size as usize > limit {
            return Ok(Err(format!("{name} says it has {size} octets; a part has {limit} at the most")));
        }
        if u64::from(size) > self.octets - self.at {
            return Ok(Err(format!("{name} says it has {size} octets, and the archive ends before")));
        }
        let described = Described { name: &name, crc: number(14), octets: size, offset: from };
        let wanted = archive::local(&described);
        let found = [header.as_slice(), name.as_bytes()].concat();
        if found != wanted {
            let place =
                found.iter().zip(&wanted).position(|(found, wanted)| found != wanted).unwrap_or_default();
            let what = format!("octet {place} of its header in the archive is not what it must be");
            faults.push(Fault::new(&name, what));
        }
        let place = self.contents(u64::from(size))?;
        if place.crc != number(14) {
            faults.push(Fault::new(&name, "its contents, or the checksum beside them, were changed"));
        }
        // The directory says what the header says, so the part is kept with the checksum that stands there.
        let place = Contents { crc: number(14), ..place };
        if self.names.last().is_some_and(|last| *last >= name) {
            faults.push(Fault::new(&name, "it stands twice, or not in the order of names"));
        }
        self.parts.insert(name.clone(), place);
        self.names.push(name);
        Ok(Ok(()))
    }

    /// Goes over contents and digests them.
    fn contents(&mut self, octets: u64) -> io::Result<Contents> {
        let (mut crc, mut sha256) = (crc32fast::Hasher::new(), Sha256::new());
        let (start, mut rest) = (self.at, octets);
        let mut piece = vec![0; usize::try_from(octets.min(PIECE_OCTETS)).unwrap_or(0)];
        while rest > 0 {
            let length = piece.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            let count = self.source.read(&mut piece[..length])?;
            if count == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file became shorter while it was read",
                ));
            }
            crc.update(&piece[..count]);
            sha256.update(&piece[..count]);
            rest -= count as u64;
        }
        self.at += octets;
        Ok(Contents { start, octets, crc: crc.finalize(), sha256: Hash(sha256.finalize().into()) })
    }

    /// Everything after the last file follows from the files.
    fn compare_directory(&mut self, faults: &mut Faults) -> io::Result<()> {
        let (start, names) = (self.at, std::mem::take(&mut self.names));
        for name in &names {
            let Some(place) = self.parts.get(name) else { continue };
            let header = (LOCAL_OCTETS + name.len()) as u64;
            let file = Described {
                name,
                crc: place.crc,
                octets: u32::try_from(place.octets).unwrap_or(u32::MAX),
                offset: place.start - header,
            };
            let wanted = archive::central(&file);
            if self.next(wanted.len())? != wanted {
                let what = "its line in the archive's directory is not what it must be";
                faults.push(Fault::new(name, what));
                return Ok(());
            }
        }
        let wanted = archive::end(names.len(), self.at - start, start);
        if self.next(wanted.len() + 1)? != wanted {
            let what = "what ends the directory of parts is not what it must be, or something follows it";
            faults.push(Fault::new("the archive's end", what));
        }
        Ok(())
    }
}
