//! Reading an archive that a stranger may have written, and naming the part that each fault is in.

use std::collections::BTreeMap;

use desserte_custody::Hash;

use super::archive::{self, Described, LOCAL, LOCAL_OCTETS};
use super::{SUMS, limits};

/// Something that does not hold, and the part that it is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {what}")]
pub struct Fault {
    /// The part's name, or the one of a place in the archive.
    pub part: String,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    pub(crate) fn new(part: impl Into<String>, what: impl Into<String>) -> Self {
        Self { part: part.into(), what: what.into() }
    }
}

/// The parts of an archive that could be found, by name.
pub type Parts<'a> = BTreeMap<&'a str, &'a [u8]>;

/// Words that part of a name may not be on a system that reads names as commands or devices.
const RESERVED: [&str; 2] = [".", ".."];

/// Whether a part may have this name: folders and a file of small letters, digits, `-`, `_`, `.`; nothing that leads out of a folder.
pub(super) fn is_name(name: &str) -> bool {
    name == SUMS
        || (name.len() <= limits::NAME_OCTETS_MAX
            && name.split('/').all(|word| {
                !word.is_empty()
                    && !RESERVED.contains(&word)
                    && word.bytes().all(|octet| {
                        octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-_.".contains(&octet)
                    })
            }))
}

/// Finds the parts of an archive, and everything in which it is not exactly what [`super::Bundle::archive`] writes.
///
/// Parts that are found can be looked at even if there are faults. What is read is bounded by the octets given: nothing is unpacked.
#[must_use]
pub fn read(octets: &[u8]) -> (Parts<'_>, Vec<Fault>) {
    let mut faults = Vec::new();
    if octets.len() > limits::OCTETS_MAX {
        let what = format!("it has {} octets; a bundle has {} at the most", octets.len(), limits::OCTETS_MAX);
        return (Parts::new(), vec![Fault::new("the archive", what)]);
    }
    let (files, rest) = walk(octets, &mut faults);
    if let Some(rest) = rest {
        compare_directory(octets, &files, rest, &mut faults);
    }
    let parts: Parts<'_> = files.iter().map(|file| (file.described.name, file.contents)).collect();
    compare_sums(&parts, &mut faults);
    (parts, faults)
}

struct File<'a> {
    described: Described<'a>,
    contents: &'a [u8],
}

/// Goes from header to header; gives where the directory begins, `None` when that could not be found.
fn walk<'a>(octets: &'a [u8], faults: &mut Vec<Fault>) -> (Vec<File<'a>>, Option<usize>) {
    let (mut files, mut at): (Vec<File<'a>>, usize) = (Vec::new(), 0);
    while octets[at..].starts_with(&LOCAL) {
        if files.len() == limits::PARTS_MAX {
            let what = format!("it has more than {} parts", limits::PARTS_MAX);
            faults.push(Fault::new("the archive", what));
            return (files, None);
        }
        match file(octets, at) {
            Ok(file) => {
                let last = files.last().map(|last: &File<'_>| last.described.name);
                if last.is_some_and(|last| last >= file.described.name) {
                    let what = "it stands twice, or not in the order of names";
                    faults.push(Fault::new(file.described.name, what));
                }
                compare_header(octets, &file, faults);
                at = file.described.offset as usize
                    + LOCAL_OCTETS
                    + file.described.name.len()
                    + file.contents.len();
                files.push(file);
            }
            Err(what) => {
                faults.push(Fault::new(format!("the header {}", after(&files)), what));
                return (files, None);
            }
        }
    }
    if !octets[at..].starts_with(b"PK\x01\x02") {
        let what = format!("at octet {at} there is neither a part nor the directory of parts");
        faults.push(Fault::new(format!("what stands {}", after(&files)), what));
        return (files, None);
    }
    (files, Some(at))
}

fn after(files: &[File<'_>]) -> String {
    files.last().map_or_else(
        || "at the beginning".to_owned(),
        |last| format!("after {} (or the length of {})", last.described.name, last.described.name),
    )
}

/// The file whose header begins at `at`.
fn file(octets: &[u8], at: usize) -> Result<File<'_>, String> {
    let cut = || "the archive ends within it".to_owned();
    let header = octets.get(at..at + LOCAL_OCTETS).ok_or_else(cut)?;
    let number = |from: usize| {
        u32::from_le_bytes([header[from], header[from + 1], header[from + 2], header[from + 3]])
    };
    let length = usize::from(u16::from_le_bytes([header[26], header[27]]));
    let start = at + LOCAL_OCTETS;
    let name = octets.get(start..start + length.min(limits::NAME_OCTETS_MAX + 1)).ok_or_else(cut)?;
    let name = std::str::from_utf8(name).map_err(|_| "the name is no UTF-8".to_owned())?;
    if !is_name(name) {
        let shown: String = name.chars().take(64).collect();
        return Err(format!(
            "{shown:?} is no name of a part: small letters, digits, - _ . and folders within the bundle"
        ));
    }
    let size = number(22) as usize;
    if size > limits::PART_OCTETS_MAX {
        return Err(format!(
            "{name} says it has {size} octets; a part has {} at the most",
            limits::PART_OCTETS_MAX
        ));
    }
    let from = start + name.len();
    let contents = octets
        .get(from..from + size)
        .ok_or_else(|| format!("{name} says it has {size} octets, and the archive ends before"))?;
    let described =
        Described { name, crc: number(14), octets: archive::long(size), offset: archive::long(at) };
    Ok(File { described, contents })
}

fn compare_header(octets: &[u8], file: &File<'_>, faults: &mut Vec<Fault>) {
    let Described { name, offset, crc, .. } = file.described;
    let wanted = archive::local(&file.described);
    let found = &octets[offset as usize..offset as usize + wanted.len()];
    if found != wanted {
        let place = found.iter().zip(&wanted).position(|(found, wanted)| found != wanted).unwrap_or_default();
        let what = format!("octet {place} of its header in the archive is not what it must be");
        faults.push(Fault::new(name, what));
    }
    if crc32fast::hash(file.contents) != crc {
        faults.push(Fault::new(name, "its contents, or the checksum beside them, were changed"));
    }
}

/// Everything after the last file follows from the files.
fn compare_directory(octets: &[u8], files: &[File<'_>], start: usize, faults: &mut Vec<Fault>) {
    let mut at = start;
    for file in files {
        let wanted = archive::central(&file.described);
        let found = octets.get(at..at + wanted.len());
        if found != Some(&wanted) {
            let what = "its line in the archive's directory is not what it must be";
            faults.push(Fault::new(file.described.name, what));
            return;
        }
        at += wanted.len();
    }
    if octets[at..] != archive::end(files.len(), at - start, start) {
        let what = "what ends the directory of parts is not what it must be, or something follows it";
        faults.push(Fault::new("the archive's end", what));
    }
}

/// Whether each part has the digest that the list says, and the list names every part.
fn compare_sums(parts: &Parts<'_>, faults: &mut Vec<Fault>) {
    let Some(sums) = parts.get(SUMS) else {
        faults.push(Fault::new(SUMS, "the list of digests is missing"));
        return;
    };
    let Some(listed) = std::str::from_utf8(sums).ok().and_then(listed) else {
        faults
            .push(Fault::new(SUMS, "it is no list of digests as sha256sum writes it, in the order of names"));
        return;
    };
    for (&name, contents) in parts.iter().filter(|(name, _)| **name != SUMS) {
        match listed.get(name) {
            None => faults.push(Fault::new(name, format!("{SUMS} does not list it"))),
            Some(wanted) if *wanted != Hash::of(contents).to_string() => {
                faults.push(Fault::new(
                    name,
                    format!("its contents do not have the SHA-256 that {SUMS} lists"),
                ));
            }
            Some(_) => {}
        }
    }
    let missing = listed.keys().filter(|name| !parts.contains_key(*name));
    faults.extend(missing.map(|name| Fault::new(*name, format!("{SUMS} lists it, and it is missing"))));
}

/// The digests of a list by name; `None` if it is not written as it must be.
fn listed(sums: &str) -> Option<BTreeMap<&str, &str>> {
    let mut found = BTreeMap::new();
    let mut last = "";
    for line in sums.strip_suffix('\n')?.split('\n') {
        let (digest, name) = line.split_once("  ")?;
        let hexadecimal = digest.len() == 64
            && digest.bytes().all(|octet| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet));
        if !hexadecimal || !is_name(name) || name <= last {
            return None;
        }
        last = name;
        found.insert(name, digest);
    }
    Some(found)
}
