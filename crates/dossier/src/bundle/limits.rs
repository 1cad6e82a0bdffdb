//! How large a bundle may be. Writer and reader hold one part at a time, and for each part its name, place and digest (some 200 octets).

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
