//! The archive's octets: a ZIP of stored files in which every octet is determined by the names and contents.
//!
//! Nothing is compressed: bodies of batches are already, the archive does not depend on a compressor's version, and nothing has to be
//! unpacked that could be larger than it looks. One way of writing lets a reader compare each header with the one that it must be.
//!
//! # Source
//! PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

/// First octets of a file's header.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Octets of a file's header without its name.
pub(super) const LOCAL_OCTETS: usize = 30;
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_OCTETS: usize = 46;
const END: [u8; 4] = *b"PK\x05\x06";
const END_OCTETS: usize = 22;

/// Version of the format that stored files take: 1.0.
const VERSION: u16 = 10;
/// Written as on Unix, so that readers give files their mode.
const MADE_BY: u16 = 0x031e;
/// 1980-01-01, the first day that the format knows: the time at which a bundle was made is no part of it.
const DATE: u16 = 0x0021;
/// A plain file that its owner may write and everyone read.
const MODE: u32 = 0o100_644 << 16;

/// What a header says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Described<'a> {
    pub(super) name: &'a str,
    pub(super) crc: u32,
    pub(super) octets: u32,
    pub(super) offset: u32,
}

/// Octets that a file takes beside its contents.
pub(super) fn overhead(name: &str) -> usize {
    LOCAL_OCTETS + CENTRAL_OCTETS + 2 * name.len()
}

/// Numbers of the format; limits keep every length far below what they hold.
fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

pub(super) fn long(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The fields that both headers of a file have.
fn common(file: &Described<'_>) -> Vec<u8> {
    [
        &VERSION.to_le_bytes()[..],
        &[0; 2], // no flags: names are ASCII, sizes stand in the header
        &[0; 2], // stored
        &[0; 2], // midnight
        &DATE.to_le_bytes(),
        &file.crc.to_le_bytes(),
        &file.octets.to_le_bytes(),
        &file.octets.to_le_bytes(),
        &short(file.name.len()),
        &[0; 2], // no extra field
    ]
    .concat()
}

/// The header before a file's contents.
pub(super) fn local(file: &Described<'_>) -> Vec<u8> {
    [&LOCAL[..], &common(file), file.name.as_bytes()].concat()
}

/// A file's line in the directory at the archive's end.
pub(super) fn central(file: &Described<'_>) -> Vec<u8> {
    [
        &CENTRAL[..],
        &MADE_BY.to_le_bytes(),
        &common(file),
        &[0; 2], // no comment
        &[0; 2], // first disk
        &[0; 2], // no attributes of its own
        &MODE.to_le_bytes(),
        &file.offset.to_le_bytes(),
        file.name.as_bytes(),
    ]
    .concat()
}

/// What ends an archive whose directory begins at `start` and has `octets`.
pub(super) fn end(files: usize, octets: usize, start: usize) -> Vec<u8> {
    let end = [
        &END[..],
        &[0; 4], // one disk
        &short(files),
        &short(files),
        &long(octets).to_le_bytes(),
        &long(start).to_le_bytes(),
        &[0; 2], // no comment
    ]
    .concat();
    debug_assert_eq!(end.len(), END_OCTETS, "the format's own length");
    end
}

/// The archive of these files, in this order.
pub(super) fn write(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut described) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let file = Described {
            name,
            crc: crc32fast::hash(contents),
            octets: long(contents.len()),
            offset: long(archive.len()),
        };
        archive.extend(local(&file));
        archive.extend_from_slice(contents);
        described.push(file);
    }
    let start = archive.len();
    archive.extend(described.iter().flat_map(central));
    archive.extend(end(described.len(), archive.len() - start, start));
    archive
}
