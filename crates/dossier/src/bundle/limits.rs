//! How large a bundle may be. Writer and reader hold one part at a time, and for each part its name, place and digest (some 200 octets).

use super::part;

/// Parts at the most: sixty probes that report each hour for a year. What is held of so many takes some 130 MB.
pub const PARTS_MAX: usize = 600_000;

/// Octets of one part at the most: more than a proof of the largest body that a collector takes (8 MiB, in Base64).
pub const PART_OCTETS_MAX: usize = 16 * 1024 * 1024;

/// Octets of `SHA256SUMS`, which has a line for each other part.
pub const SUMS_OCTETS_MAX: usize = PARTS_MAX * (64 + 3 + NAME_OCTETS_MAX);

/// Octets of an archive at the most: two hundred probes with every minute of a year, and what still goes on a disk that one carries.
pub const OCTETS_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// Octets of a name at the most.
pub const NAME_OCTETS_MAX: usize = 120;

/// How much larger the bodies of a bundle's batches may be, unpacked, than the archive: records pack to an eighth. Beyond it nothing more
/// is unpacked, so that the work of checking follows the size of what was handed over.
pub const UNPACKED_RATIO_MAX: u64 = 32;

/// Octets that may be unpacked however small the archive is: one batch, the largest that a collector takes.
pub const UNPACKED_OCTETS_MIN: u64 = 64 * 1024 * 1024;

/// Faults that are told at the most: of an archive that is something else altogether, more would help nobody.
pub const FAULTS_MAX: usize = 1_000;

/// Octets of a verdict at the most: a hundred thousand clusters.
pub const VERDICT_OCTETS_MAX: usize = 2 * 1024 * 1024;

/// Octets of one part that is read as facts at the most: what it is read into takes some ten times as much.
pub const FACTS_OCTETS_MAX: usize = 8 * 1024 * 1024;

/// Uses of a set at the most. Words have a row for each use of each site, so that both are bounded before words are made.
pub const USES_MAX: usize = 64;

/// Sites at the most: every commune of a large département, twice.
pub const SITES_MAX: usize = 2_000;

/// Notices, replies and retests at the most, of each.
pub const EXCHANGE_MAX: usize = 64;

/// Octets of a notice, reply or retest at the most: a reply's longest text, were each octet escaped.
pub const EXCHANGE_OCTETS_MAX: usize = 256 * 1024;

/// Octets of a seal at the most; it is read again for each proof that leads to it.
pub const SEAL_OCTETS_MAX: usize = 4 * 1024;

/// Octets of a time-stamp at the most: an answer with its authority's certificates has some ten thousand.
pub const STAMP_OCTETS_MAX: usize = 256 * 1024;

/// Octets of the part of a name at the most.
#[must_use]
pub fn octets_max(name: &str) -> usize {
    let is_of = |folders: &[&str]| folders.iter().any(|folder| name.starts_with(folder));
    match name {
        super::SUMS => SUMS_OCTETS_MAX,
        part::REQUEST | part::CASE => FACTS_OCTETS_MAX,
        part::CONTRADICTION | part::CAMPAIGN => VERDICT_OCTETS_MAX,
        _ if is_of(&[part::NOTICES, part::REPLIES, part::RETESTS]) => EXCHANGE_OCTETS_MAX,
        _ if is_of(&[part::SEALS]) => SEAL_OCTETS_MAX,
        _ if is_of(&[part::STAMPS]) => STAMP_OCTETS_MAX,
        _ => PART_OCTETS_MAX,
    }
}
