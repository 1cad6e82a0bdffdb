//! Numbers that both ends share, and next to them the ones that are ours.

use std::time::Duration;

/// Which behaviour is followed: the month of the reference project's sources that were read.
pub const VERSION: &str = "2026-08";

/// Key of the number of chunks in a download's query.
pub const CHUNK_SIZE: &str = "ckSize";

/// Our key in every query: the rate in bit/s that the client expects of its line.
pub const EXPECTED_RATE: &str = "desserte_expected_bits_per_second";

/// Octets of one chunk of a download, and of an upload's blob.
pub const CHUNK: u64 = 1 << 20;

/// Chunks of a download whose request names no number.
pub const CHUNKS_DEFAULT: u64 = 4;

/// Chunks of a download at the most; more are cut to this.
pub const CHUNKS_MAX: u64 = 1_024;

/// Chunks that the web client asks for, and ours.
pub const CHUNKS_ASKED: u64 = 100;

/// Octets of an upload's body in the web client, and in ours: what servers and proxies are set up to take.
pub const UPLOAD_BODY: u64 = 20 * CHUNK;

/// Longest body that our server takes in one request. The web client sends 20 MiB; a command-line client that sends without
/// end within a connection's time would at 1 Gbit/s send 3 GiB, at the rate of an honest line less than one.
pub const BODY_MAX: u64 = 1 << 30;

/// Longest query string, in octets; the web client's has about a hundred.
pub const QUERY_MAX: usize = 4_096;

/// Longest base path, in octets.
pub const BASE_MAX: usize = 256;

/// Longest body of a refused request that is read to its end, so that the connection can go on: a telemetry form whose log is
/// in full.
pub const REFUSED_BODY_MAX: u64 = CHUNK;

/// Longest time for which one direction of a client is served: its measured 15 s, the 3 s that it leaves out before them, the
/// streams' start 300 ms apart, and a margin.
pub const SESSION_MAX: Duration = Duration::from_secs(25);

/// Connections that share a client's place in the server: six in the web client's download, and those that replace them.
pub const STREAMS_PER_SESSION: usize = 8;

/// Streams that our client opens at the most; the reference project's never has more than ten.
pub const STREAMS_MAX: u16 = 16;

/// Connections that one run of ours opens anew when a server closes after each answer: with 20 MiB an answer, what 17 Gbit/s
/// need in ten seconds.
pub const REOPENS_MAX: u32 = 1_024;

/// Round trips of the latency part; the first opens the connection and is not counted.
pub const PINGS: usize = 10;

/// Planned length of a run of ours at the most.
pub const DURATION_MAX: Duration = Duration::from_secs(15);

/// Time between two readings of what was acknowledged, in an upload.
pub const ACKNOWLEDGED_INTERVAL: Duration = Duration::from_millis(100);
