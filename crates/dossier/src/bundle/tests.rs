//! Hostile archives, and every octet flipped.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

fn bundle() -> Bundle {
    let mut bundle = Bundle::default();
    bundle.put(part::CASE, b"{}".to_vec());
    bundle.put(part::PDF, vec![7; 900]);
    bundle.put("evidence/proofs/00001.json", b"{\"schema\":\"x\"}".to_vec());
    bundle.put("parameters/uses-1.toml", b"set = \"uses-1\"\n".to_vec());
    bundle
}

fn faults(octets: &[u8]) -> Vec<String> {
    read(octets).1.iter().map(ToString::to_string).collect()
}

#[test]
fn the_same_parts_give_the_same_archive_and_it_is_read_back() {
    let (one, two) = (bundle().archive().unwrap(), bundle().archive().unwrap());
    assert_eq!(one, two);
    let (parts, faults) = read(&one);
    assert_eq!(faults, []);
    assert_eq!(parts.len(), 5);
    assert_eq!(parts[part::CASE], b"{}");
    assert_eq!(Hash::of(parts[SUMS]), bundle().fingerprint());
}

#[test]
fn every_flipped_bit_is_found_and_a_part_is_named() {
    let archive = bundle().archive().unwrap();
    let names: Vec<String> = read(&archive)
        .0
        .keys()
        .map(|name| (*name).to_owned())
        .chain(["archive".to_owned(), "beginning".to_owned()])
        .collect();
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
    let archive = bundle().archive().unwrap();
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
    archive::write(files)
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
    assert!(faults(&raw(&files)).iter().any(|told| told.contains("more than 30000 parts")));
    let mut bundle = Bundle::default();
    bundle.put("a", vec![0; limits::PART_OCTETS_MAX + 1]);
    assert!(bundle.archive().unwrap_err().to_string().contains("shorter period"));
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
