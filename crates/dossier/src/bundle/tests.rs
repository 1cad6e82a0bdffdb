//! Hostile archives, and every octet flipped.

use std::io::Cursor;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

type Memory = Bundle<Cursor<Vec<u8>>>;

fn bundle() -> Memory {
    let mut bundle = Memory::default();
    bundle.put(part::CASE, b"{}").unwrap();
    bundle.put(part::PDF, &[7; 900]).unwrap();
    bundle.put("evidence/proofs/00001.json", b"{\"schema\":\"x\"}").unwrap();
    bundle.put("parameters/uses-1.toml", b"set = \"uses-1\"\n").unwrap();
    bundle
}

fn archive_of(mut bundle: Memory) -> Vec<u8> {
    let mut octets = Vec::new();
    bundle.archive(&mut octets).unwrap();
    octets
}

fn read(octets: &[u8]) -> (Parts, Vec<Fault>) {
    super::read(&mut Cursor::new(octets)).unwrap()
}

fn faults(octets: &[u8]) -> Vec<String> {
    read(octets).1.iter().map(ToString::to_string).collect()
}

#[test]
fn the_same_parts_give_the_same_archive_and_it_is_read_back() {
    let (one, two) = (archive_of(bundle()), archive_of(bundle()));
    assert_eq!(one, two);
    let (parts, faults) = read(&one);
    assert_eq!(faults, []);
    assert_eq!(parts.len(), 5);
    let of = |name: &str| parts[name].read(&mut Cursor::new(&one)).unwrap();
    assert_eq!(of(part::CASE), b"{}");
    assert_eq!(Hash::of(&of(SUMS)), bundle().fingerprint());
}

#[test]
fn every_flipped_bit_is_found_and_a_part_is_named() {
    let archive = archive_of(bundle());
    let names: Vec<String> =
        read(&archive).0.keys().cloned().chain(["archive".to_owned(), "beginning".to_owned()]).collect();
    // This archive is small enough for every bit of it.
    for bit in 0..8 * archive.len() {
        let mut changed = archive.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let told = faults(&changed);
        assert!(!told.is_empty(), "bit {bit} was not noticed");
        assert!(told.iter().any(|told| names.iter().any(|name| told.contains(name))), "bit {bit}: {told:?}");
    }
}

#[test]
fn noise_never_panics_and_never_passes() {
    let archive = archive_of(bundle());
    let mut random = ChaCha8Rng::seed_from_u64(40);
    for _ in 0..2_000 {
        let mut changed = archive.clone();
        let at = random.random_range(0..changed.len());
        match random.random_range(0..3) {
            0 => changed.truncate(at),
            1 => drop(changed.splice(
                at..at,
                (0..random.random_range(1..40)).map(|_| random.random::<u8>()).collect::<Vec<_>>(),
            )),
            _ => drop(changed.drain(at..(at + 1 + at % 30).min(archive.len()))),
        }
        assert!(!faults(&changed).is_empty());
    }
    for length in [0, 1, 3, 4, 29, 30, 31, 200] {
        let noise: Vec<u8> = (0..length).map(|_| random.random()).collect();
        assert!(!faults(&noise).is_empty());
    }
}

/// An archive with these files, written by our own writer without its checks.
fn raw(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut octets, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let (length, offset) = (u32::try_from(contents.len()).unwrap(), octets.len() as u64);
        let file = Described { name, crc: crc32fast::hash(contents), octets: length, offset };
        octets.extend(archive::local(&file));
        octets.extend_from_slice(contents);
        directory.extend(archive::central(&file));
    }
    let end = archive::end(files.len(), directory.len() as u64, octets.len() as u64);
    [octets, directory, end].concat()
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "a//b",
        "a/./b",
        "a\\b",
        "C:x",
        "caf\u{e9}.json",
        "A.json",
        "",
        "a/",
        "con\u{0}",
    ] {
        let told = faults(&raw(&[(SUMS, b""), (name, b"x")]));
        assert!(told.iter().any(|told| told.contains("is no name of a part")), "{name:?}: {told:?}");
    }
    let long = "a".repeat(limits::NAME_OCTETS_MAX + 1);
    assert!(faults(&raw(&[(&long, b"")])).iter().any(|told| told.contains("is no name")));
    let mut invalid = raw(&[("aa", b"x")]);
    invalid[30] = 0xff;
    assert!(faults(&invalid).iter().any(|told| told.contains("no UTF-8")));
}

#[test]
fn twice_the_same_name_is_refused() {
    let told = faults(&raw(&[("a", b"x"), ("a", b"y")]));
    assert!(told.iter().any(|told| told.starts_with("a: it stands twice")), "{told:?}");
}

#[test]
fn sizes_and_counts_beyond_the_limits_are_refused_before_anything_is_read() {
    let mut huge = raw(&[("a", b"x")]);
    huge[18..26].copy_from_slice(&[0xff; 8]);
    assert!(faults(&huge).iter().any(|told| told.contains("at the most")));
    let names: Vec<String> = (0..=limits::PARTS_MAX).map(|number| format!("{number:06}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(faults(&raw(&files)).iter().any(|told| told.contains("more than 600000 parts")));
    let mut bundle = Memory::default();
    let refused = bundle.put("a", &vec![0; limits::PART_OCTETS_MAX + 1]).unwrap_err();
    assert!(refused.to_string().contains("shorter period"));
}

/// An archive of many gigabytes, of which every octet but the first ones is a zero, and nothing is held.
struct Endless {
    head: Vec<u8>,
    octets: u64,
    at: u64,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = usize::try_from((self.octets - self.at).min(into.len() as u64)).unwrap();
        for (place, octet) in (self.at..).zip(&mut into[..count]) {
            *octet = usize::try_from(place).ok().and_then(|place| self.head.get(place)).copied().unwrap_or(0);
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(more) => self.octets.saturating_add_signed(more),
            SeekFrom::Current(more) => self.at.saturating_add_signed(more),
        };
        Ok(self.at)
    }
}

#[test]
fn gigabytes_that_are_declared_are_neither_held_nor_read() {
    let mut head = raw(&[("a", b"x")]);
    head.truncate(31);
    head[18..26].copy_from_slice(&[0xff; 8]);
    for (octets, what) in [
        (5_u64 << 30, "a part has 16777216 at the most"),
        (limits::OCTETS_MAX + 1, "a bundle has 17179869184 at the most"),
    ] {
        let mut source = Endless { head: head.clone(), octets, at: 0 };
        let (parts, faults) = super::read(&mut source).unwrap();
        assert!(parts.is_empty() && faults[0].to_string().contains(what), "{faults:?}");
        assert!(source.at <= octets.min(1 << 20) || octets > limits::OCTETS_MAX, "read up to {}", source.at);
    }
    // A list of digests as long as one may be: compared line by line, and no line of it is one.
    let mut head = raw(&[(SUMS, b"")]);
    head.truncate(40);
    head[18..22].copy_from_slice(&100_000_000_u32.to_le_bytes());
    head[22..26].copy_from_slice(&100_000_000_u32.to_le_bytes());
    let mut source = Endless { head, octets: 200_000_000, at: 0 };
    let (_, faults) = super::read(&mut source).unwrap();
    assert!(
        faults.iter().any(|fault| fault.to_string().starts_with("SHA256SUMS: it is no list")),
        "{faults:?}"
    );
}

#[test]
fn places_beyond_four_gigabytes_and_many_parts_have_fields_of_64_bits_and_no_others_do() {
    let near = Described { name: "a", crc: 1, octets: 2, offset: u64::from(u32::MAX) - 1 };
    let far = Described { offset: u64::from(u32::MAX), ..near };
    assert_eq!(archive::central(&far).len(), archive::central(&near).len() + 12);
    assert_eq!(archive::central(&far)[47..], [&[1, 0, 8, 0][..], &far.offset.to_le_bytes()].concat());
    assert_eq!(archive::end(65_534, 1, 1).len(), 22);
    assert_eq!(archive::end(65_535, 1, 1).len(), 22 + 56 + 20);
    assert_eq!(archive::end(1, 1, u64::from(u32::MAX)).len(), 22 + 56 + 20);
}

#[test]
fn a_compressed_archive_is_refused_unread() {
    // Method 8: whatever it would unpack to is never made.
    let mut deflated = raw(&[(SUMS, b"")]);
    deflated[8] = 8;
    assert!(faults(&deflated).iter().any(|told| told.contains("octet 8 of its header")));
}

#[test]
fn the_list_of_digests_names_every_part_and_no_other() {
    let digest = Hash::of(b"x");
    let told = faults(&raw(&[(SUMS, format!("{digest}  b\n").as_bytes()), ("a", b"x")]));
    assert_eq!(told, ["a: SHA256SUMS does not list it", "b: SHA256SUMS lists it, and it is missing"]);
    let told = faults(&raw(&[(SUMS, format!("{digest}  a\n").as_bytes()), ("a", b"y")]));
    assert_eq!(told, ["a: its contents do not have the SHA-256 that SHA256SUMS lists"]);
    for list in [
        "",
        "\n",
        "abc  a\n",
        &format!("{digest} a\n"),
        &format!("{digest}  a"),
        &format!("{digest}  a\n{digest}  a\n"),
    ] {
        let told = faults(&raw(&[(SUMS, list.as_bytes()), ("a", b"x")]));
        assert!(told.iter().any(|told| told.starts_with("SHA256SUMS: it is no list")), "{list:?} {told:?}");
    }
    assert!(faults(&raw(&[("a", b"x")])).contains(&"SHA256SUMS: the list of digests is missing".to_owned()));
}
