//! Constants of the reference program, and next to them the ones that are ours.

use std::time::Duration;

/// What is followed: the oldest and the newest release that were read.
pub const VERSION: &str = "3.1-3.21";

/// Port of the control connection, of TCP data connections and of UDP flows.
pub const PORT: u16 = 5201;

/// Octets of a cookie: 36 letters and a zero.
pub const COOKIE_LENGTH: usize = 37;

/// Letters of a cookie.
pub const COOKIE_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Longest block of parameters that is read; the reference server's limit.
pub const PARAMETERS_MAX: usize = 8 * 1024;

/// Longest block of results that is read: 128 streams in both directions take 60 KiB, our own readings of a minute 20.
pub const RESULTS_MAX: usize = 256 * 1024;

/// Most streams in one direction that the reference lets a user ask for.
pub const STREAMS_MAX: u16 = 128;

/// Block of a TCP stream when none is named.
pub const TCP_BLOCK: u32 = 128 * 1024;

/// Largest block.
pub const TCP_BLOCK_MAX: u32 = 1024 * 1024;

/// Datagram of a UDP flow when none is named and the path is not known.
pub const UDP_BLOCK: u32 = 1460;

/// Smallest datagram: the header with a counter of 64 bits.
pub const UDP_BLOCK_MIN: u32 = 16;

/// Largest datagram: 65535 less the headers of IPv4 and UDP.
pub const UDP_BLOCK_MAX: u32 = 65_535 - 8 - 20;

/// Rate of a UDP flow when none is named, bit/s.
pub const UDP_RATE: u64 = 1024 * 1024;

/// Length of a test when none is named.
pub const DURATION: Duration = Duration::from_secs(10);

/// What a client sends first on a UDP flow. The reference writes an integer in its machine's own order; on nearly every
/// machine these octets.
pub const UDP_CONNECT: [u8; 4] = [0x39, 0x38, 0x37, 0x36];

/// The same from a machine of the other order.
pub const UDP_CONNECT_SWAPPED: [u8; 4] = [0x36, 0x37, 0x38, 0x39];

/// The same from releases before 3.11: 123456789.
pub const UDP_CONNECT_LEGACY: [u8; 4] = 123_456_789_u32.to_le_bytes();

/// What the server answers.
pub const UDP_REPLY: [u8; 4] = [0x36, 0x37, 0x38, 0x39];

/// The same from a machine of the other order.
pub const UDP_REPLY_SWAPPED: [u8; 4] = [0x39, 0x38, 0x37, 0x36];

/// The same from releases before 3.11: 987654321.
pub const UDP_REPLY_LEGACY: [u8; 4] = 987_654_321_u32.to_le_bytes();

/// Time that the other end gets for each step of the control connection: four seconds for a round trip, as in the
/// reference, and a queue of some seconds to come through, since the load may be in front.
pub const STEP_LIMIT: Duration = Duration::from_secs(15);

/// Time after its planned end at which a server takes a test to be lost.
pub const TEST_GRACE: Duration = Duration::from_secs(15);

/// Our key in parameters and results; other makes leave it unread.
pub(super) const EXTENSION: &str = "desserte";

/// Readings that a server adds to its results: as many as a run of ndt7 may have.
pub const READINGS_MAX: usize = crate::ndt7::spec::READINGS_MAX;
