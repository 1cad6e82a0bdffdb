//! Numbers of the interface, and next to them the ones that it leaves to us.

use std::time::Duration;

/// Path of the question for ndt7.
pub const NEAREST_NDT7: &str = "/v2/nearest/ndt/ndt7";

/// Longest answer that is read. One with four targets and their tokens has about 10 KiB.
pub const ANSWER_MAX: u64 = 1 << 18;

/// Targets of an answer: more are left out.
pub const TARGETS_MAX: usize = 4;

/// Addresses of a target; one for each direction, in clear and over TLS, is four.
pub const URLS_MAX: usize = 16;

/// Longest address. Their access tokens have about a kilobyte.
pub const URL_MAX: usize = 8_192;

/// Longest name of a machine, city or country that is kept.
pub const NAME_MAX: usize = 256;

/// The first wait after the service had no server or was out of order, which then doubles.
pub const BACK_OFF_FIRST: Duration = Duration::from_secs(60);

/// The longest of these waits.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(960);

/// Share of a wait by which it is spread, so that clients that failed together do not come back together.
pub const BACK_OFF_SPREAD: f64 = 0.05;

/// Time between two questions of a client at the least when nothing is wrong: M-Lab allows 40 in twelve hours to an address,
/// which others behind it share.
pub const INTERVAL_LEAST: Duration = Duration::from_secs(36 * 60);

/// The longest `Retry-After` that is obeyed: M-Lab's limits are over after twelve hours, and a day is more than any honest
/// service asks.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);
