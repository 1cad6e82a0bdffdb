//! How large a bundle may be. A reader holds the archive in memory and unpacks nothing but bodies of batches, one by one.

/// Parts at the most: a probe that reports each hour for three years, and less than what a ZIP without extensions can count.
pub const PARTS_MAX: usize = 30_000;

/// Octets of one part at the most: more than a proof of the largest body that a collector takes (8 MiB, in Base64).
pub const PART_OCTETS_MAX: usize = 16 * 1024 * 1024;

/// Octets of an archive at the most: what a small machine can hold in memory.
pub const OCTETS_MAX: usize = 256 * 1024 * 1024;

/// Octets of a name at the most.
pub const NAME_OCTETS_MAX: usize = 120;

/// Octets that the bodies of a bundle's batches unpack to at the most: twice what an archive of the largest size honestly holds. Beyond
/// it nothing more is unpacked.
pub const UNPACKED_OCTETS_MAX: u64 = 4 * 1024 * 1024 * 1024;
