//! The archive's octets: a ZIP of stored files in which every octet is determined by the names and contents.
//!
//! Nothing is compressed: bodies of batches are already, the archive does not depend on a compressor's version, and nothing has to be
//! unpacked that could be larger than it looks. One way of writing lets a reader compare each header with the one that it must be. Fields
//! of 64 bits stand where those of the old format are too small, and nowhere else.
//!
//! # Source
//! PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.

/// First octets of a file's header.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Octets of a file's header without its name.
pub(super) const LOCAL_OCTETS: usize = 30;
/// First octets of a line of the directory.
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_OCTETS: usize = 46;
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const END: [u8; 4] = *b"PK\x05\x06";

/// Octets of the field that gives a place beyond 4 GiB.
const PLACE_64_OCTETS: usize = 12;

/// Version of the format that stored files take: 1.0.
const VERSION: u16 = 10;
/// Version that brought fields of 64 bits: 4.5.
const VERSION_64: u16 = 45;
/// Written as on Unix, so that readers give files their mode.
const MADE_BY: u16 = 0x031e;
/// The same, for an end of 64 bits.
const MADE_BY_64: u16 = 0x032d;
/// 1980-01-01, the first day that the format knows: the time at which a bundle was made is no part of it.
const DATE: u16 = 0x0021;
/// A plain file that its owner may write and everyone read.
const MODE: u32 = 0o100_644 << 16;

/// What stands in a field of 32 bits whose value is elsewhere, in 64.
const ELSEWHERE: u32 = u32::MAX;

/// What a header says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Described<'a> {
    pub(super) name: &'a str,
    pub(super) crc: u32,
    pub(super) octets: u32,
    pub(super) offset: u64,
}

/// A length as the format counts it; limits keep each far below what the field holds.
fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}

/// A place as a field of 32 bits has it: that it is elsewhere, if it is too far.
fn long(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(ELSEWHERE)
}

/// The fields that both headers of a file have, up to the length of its name.
fn common(file: &Described<'_>, version: u16) -> Vec<u8> {
    [
        &version.to_le_bytes()[..],
        &[0; 2], // no flags: names are ASCII, sizes stand in the header
        &[0; 2], // stored
        &[0; 2], // midnight
        &DATE.to_le_bytes(),
        &file.crc.to_le_bytes(),
        &file.octets.to_le_bytes(),
        &file.octets.to_le_bytes(),
        &short(file.name.len()),
    ]
    .concat()
}

/// The header before a file's contents.
pub(super) fn local(file: &Described<'_>) -> Vec<u8> {
    let no_extra_field = [0; 2];
    [&LOCAL[..], &common(file, VERSION), &no_extra_field, file.name.as_bytes()].concat()
}

/// A file's line in the directory at the archive's end.
pub(super) fn central(file: &Described<'_>) -> Vec<u8> {
    let far = long(file.offset) == ELSEWHERE;
    let place = if far {
        // The field's kind, how many octets it has, and the place.
        [&1_u16.to_le_bytes()[..], &8_u16.to_le_bytes(), &file.offset.to_le_bytes()].concat()
    } else {
        Vec::new()
    };
    let version = if far { VERSION_64 } else { VERSION };
    [
        &CENTRAL[..],
        &MADE_BY.to_le_bytes(),
        &common(file, version),
        &short(place.len()),
        &[0; 2], // no comment
        &[0; 2], // first disk
        &[0; 2], // no attributes of its own
        &MODE.to_le_bytes(),
        &long(file.offset).to_le_bytes(),
        file.name.as_bytes(),
        &place,
    ]
    .concat()
}

/// Octets that a file takes beside its contents, at the most.
pub(super) fn overhead(name: &str) -> u64 {
    (LOCAL_OCTETS + CENTRAL_OCTETS + PLACE_64_OCTETS + 2 * name.len()) as u64
}

/// What ends an archive whose directory begins at `start` and has `octets`.
pub(super) fn end(files: usize, octets: u64, start: u64) -> Vec<u8> {
    let many = files >= usize::from(u16::MAX) || long(start) == ELSEWHERE || long(octets) == ELSEWHERE;
    let count = files as u64;
    let mut end = Vec::new();
    if many {
        end.extend(
            [
                &END_64[..],
                &44_u64.to_le_bytes(), // octets of what follows in this record
                &MADE_BY_64.to_le_bytes(),
                &VERSION_64.to_le_bytes(),
                &[0; 8], // one disk
                &count.to_le_bytes(),
                &count.to_le_bytes(),
                &octets.to_le_bytes(),
                &start.to_le_bytes(),
                &LOCATOR_64,
                &[0; 4], // on the first disk
                &(start + octets).to_le_bytes(),
                &1_u32.to_le_bytes(), // of one
            ]
            .concat(),
        );
    }
    end.extend(
        [
            &END[..],
            &[0; 4], // one disk
            &short(files),
            &short(files),
            &long(octets).to_le_bytes(),
            &long(start).to_le_bytes(),
            &[0; 2], // no comment
        ]
        .concat(),
    );
    end
}
