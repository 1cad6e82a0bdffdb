//! The list of digests, `SHA256SUMS`: written and compared line by line, for it can be long.

use std::io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom, Write};

use desserte_custody::Hash;
use sha2::{Digest as _, Sha256};

use super::parts::{Contents, Parts, is_name};
use super::walk::{Fault, Faults};
use super::{SUMS, limits};

/// Octets of a line beside its name: the digest, two spaces, the line feed.
const LINE_OCTETS: usize = 64 + 2 + 1;

pub(super) fn line_octets(name: &str) -> u64 {
    (LINE_OCTETS + name.len()) as u64
}

pub(super) fn write(parts: &Parts, out: &mut impl Write) -> io::Result<()> {
    parts
        .iter()
        .filter(|(name, _)| *name != SUMS)
        .try_for_each(|(name, place)| writeln!(out, "{}  {name}", place.sha256))
}

/// Counts and digests what is written to it.
#[derive(Default)]
struct Measured {
    octets: u64,
    crc: crc32fast::Hasher,
    sha256: Sha256,
}

impl Write for Measured {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.octets += octets.len() as u64;
        self.crc.update(octets);
        self.sha256.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the list of these parts is, were it to stand at `start`.
pub(super) fn place(parts: &Parts, start: u64) -> Contents {
    let mut measured = Measured::default();
    // Nothing in Measured can fail.
    let _ = write(parts, &mut measured);
    let (crc, sha256) = (measured.crc.finalize(), Hash(measured.sha256.finalize().into()));
    Contents { start, octets: measured.octets, crc, sha256 }
}

/// Whether each part has the digest that the list says, and the list names every part.
pub(super) fn compare(parts: &Parts, source: &mut (impl Read + Seek), faults: &mut Faults) -> io::Result<()> {
    let Some(list) = parts.get(SUMS) else {
        faults.push(Fault::new(SUMS, "the list of digests is missing"));
        return Ok(());
    };
    if list.sha256 == place(parts, 0).sha256 {
        return Ok(());
    }
    source.seek(SeekFrom::Start(list.start))?;
    let mut lines = BufReader::new(source.take(list.octets));
    let mut found = parts.iter().filter(|(name, _)| *name != SUMS).peekable();
    let mut last = String::new();
    if list.octets == 0 {
        faults.push(none());
    }
    loop {
        let mut line = Vec::new();
        let longest = (LINE_OCTETS + limits::NAME_OCTETS_MAX + 1) as u64;
        if (&mut lines).take(longest).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let Some((digest, name)) = listed(&line).filter(|(_, name)| *name > last.as_str()) else {
            faults.push(none());
            return Ok(());
        };
        while let Some((other, _)) = found.next_if(|(other, _)| other.as_str() < name) {
            faults.push(Fault::new(other, format!("{SUMS} does not list it")));
        }
        match found.next_if(|(other, _)| other.as_str() == name) {
            None => faults.push(Fault::new(name, format!("{SUMS} lists it, and it is missing"))),
            Some((_, place)) if place.sha256.to_string() != digest => {
                let what = format!("its contents do not have the SHA-256 that {SUMS} lists");
                faults.push(Fault::new(name, what));
            }
            Some(_) => {}
        }
        name.clone_into(&mut last);
    }
    found.for_each(|(name, _)| faults.push(Fault::new(name, format!("{SUMS} does not list it"))));
    Ok(())
}

fn none() -> Fault {
    Fault::new(SUMS, "it is no list of digests as sha256sum writes it, in the order of names")
}

/// Digest and name of a line; `None` if it is not written as it must be.
fn listed(line: &[u8]) -> Option<(&str, &str)> {
    let (digest, name) = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?.split_once("  ")?;
    let hexadecimal = digest.len() == 64
        && digest.bytes().all(|octet| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet));
    (hexadecimal && is_name(name)).then_some((digest, name))
}
