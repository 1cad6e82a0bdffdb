//! Constants of the published specification (version 0.11.0), and next to them the ones that it leaves to us.

use std::time::Duration;

/// The version of the specification that is followed.
pub const VERSION: &str = "0.11.0";

/// The WebSocket subprotocol both ends must name.
pub const SUBPROTOCOL: &str = "net.measurementlab.ndt.v7";

/// Path of the download.
pub const DOWNLOAD_PATH: &str = "/ndt/v7/download";

/// Path of the upload.
pub const UPLOAD_PATH: &str = "/ndt/v7/upload";

/// Longest query string, in octets.
pub const QUERY_MAX: usize = 4096;

/// Shortest binary message.
pub const MESSAGE_MIN: u64 = 1 << 10;

/// Longest message of any kind that must be accepted.
pub const MESSAGE_MAX: u64 = 1 << 24;

/// Size of the first binary message.
pub const MESSAGE_FIRST: u64 = 1 << 13;

/// Size that our own binary messages never pass: the Go client reads no longer ones.
pub const MESSAGE_GROWN_MAX: u64 = 1 << 20;

/// A message may double once it is no more than this fraction (1/16) of what has been sent.
pub const MESSAGE_GROWTH_FRACTION: u64 = 16;

/// Planned length of a test.
pub const DURATION: Duration = Duration::from_secs(10);

/// Age at which either end may close the connection without further ado.
pub const DURATION_MAX: Duration = Duration::from_secs(13);

/// Mean time between two text messages of the server (10 a second is the most that is allowed).
pub const SAMPLING_MEAN: Duration = Duration::from_millis(250);

/// Shortest time between two text messages of the server.
pub const SAMPLING_MIN: Duration = Duration::from_millis(25);

/// Longest time between two text messages of the server.
pub const SAMPLING_MAX: Duration = Duration::from_millis(625);

/// The one value of `early_exit` that is understood, in megabytes (10^6).
pub const EARLY_EXIT_MEGABYTES: u64 = 250;

/// Longest text message that is read. Reference servers send about 1.5 KiB; a longer one than this is skipped, as the
/// specification allows for any text.
pub const TEXT_MAX: usize = 1 << 16;

/// Time between two readings of the receiver's counter, so that a line's first second shows its shape.
pub const RECEIVER_SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

/// Silence after which a reading is taken although nothing arrived, so that a dead line is seen to carry nothing.
pub const RECEIVER_SILENCE: Duration = Duration::from_secs(1);

/// Time for which no reading is taken after a gap in what the kernel received has closed: what waited behind it comes in
/// one lump, of which the last TLS record may still be incomplete.
pub const GAP_SETTLING: Duration = Duration::from_millis(100);

/// Longest time without a reading on account of gaps; then a possibly understated one is better than none.
pub const GAP_PATIENCE: Duration = Duration::from_secs(3);

/// Time between two readings of the kernel's counters at the client.
pub const CLIENT_COUNTERS_INTERVAL: Duration = Duration::from_millis(250);

/// Silence at which the receiver gives the connection up; the reference client's limit for one read.
pub const STALL_LIMIT: Duration = Duration::from_secs(7);

/// Time that the other end gets to answer a Close frame and to close the connection.
pub const CLOSING_GRACE: Duration = Duration::from_secs(1);

/// Time that a connection gets to end once a client has taken its leave of a download: what is under way then may be a
/// queue of two seconds on a slow line.
pub const LEAVING_GRACE: Duration = Duration::from_secs(3);

/// Readings kept of one run and kind: thirteen seconds at the pace of a server that sends ten texts a second with ten
/// readings each. More can only come from a server that means harm.
pub const READINGS_MAX: usize = 1_300;

/// Readings of its counter that a server puts into one message at the most.
pub const READINGS_PER_MESSAGE_MAX: usize = 32;

/// What a receiving kernel may count beside the payload: of the payload one part in so many, for frames and TLS records,
/// which add less than a sixty-fourth,
pub(super) const WRAPPING_FRACTION: u64 = 32;

/// and so many octets for handshakes and the request.
pub(super) const WRAPPING_LEAST: u64 = 32 * 1024;
