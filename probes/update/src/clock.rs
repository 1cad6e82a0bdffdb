//! Moments within a boot, and whether the calendar can be trusted.
//!
//! Whether metadata is out of date is a question to the calendar. A probe without a battery clock starts in 1970, where nothing is: the
//! updater therefore asks the probe, which knows what vouches for its time, and does nothing until both agree.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::seen::Seen;

/// How far the machine's calendar may be from the probe's trusted time: metadata lives for days, an hour changes nothing.
pub const CALENDAR_OFF_MAX: Duration = Duration::from_secs(3600);

/// A moment of one boot, which no calendar can move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The system's name of the boot.
    pub boot: String,
    /// Microseconds since it, sleep included.
    pub since_boot_us: u64,
}

impl Moment {
    /// Now.
    ///
    /// # Errors
    /// When the system does not tell its boot's name.
    pub fn now() -> io::Result<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let micros = time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000);
        Ok(Self { boot, since_boot_us: u64::try_from(micros).unwrap_or(0) })
    }

    /// The time from this moment to a later one of the same boot; `None` across boots, zero when `later` is earlier.
    #[must_use]
    pub fn until(&self, later: &Self) -> Option<Duration> {
        (self.boot == later.boot)
            .then(|| Duration::from_micros(later.since_boot_us.saturating_sub(self.since_boot_us)))
    }
}

/// Why the calendar is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// The probe has not run in this boot, so that nobody says where the time comes from.
    #[error("the probe has not run since this machine started: nothing vouches for the calendar yet")]
    NobodyKnows,
    /// Neither a time service nor the collector has told the probe the time.
    #[error("neither a time service nor the collector has told the time yet")]
    Unsynchronised,
    /// The machine's calendar is wrong, and the probe knows it.
    #[error(
        "the machine's calendar is {off_s} s away from the time that the probe knows; set it, by a time service for example"
    )]
    Off {
        /// By how many seconds, without its sign.
        off_s: u64,
    },
}

/// Whether the machine's calendar agrees with what the probe knows for certain.
///
/// # Errors
/// Why it cannot be trusted.
pub fn calendar(seen: Option<&Seen>, now: &Moment, machine_unix_us: i64) -> Result<(), Untrusted> {
    let seen = seen.ok_or(Untrusted::NobodyKnows)?;
    let age = seen.written.until(now).ok_or(Untrusted::NobodyKnows)?;
    let known = seen.trusted_unix_us.ok_or(Untrusted::Unsynchronised)?;
    let known = known.saturating_add(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
    let off = Duration::from_micros(known.abs_diff(machine_unix_us));
    if off > CALENDAR_OFF_MAX { Err(Untrusted::Off { off_s: off.as_secs() }) } else { Ok(()) }
}

/// The machine's calendar, right or wrong, in microseconds since 1970.
#[must_use]
pub fn machine_unix_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE_US: i64 = 1_796_000_000_000_000;

    fn at(boot: &str, seconds: u64) -> Moment {
        Moment { boot: boot.to_owned(), since_boot_us: seconds * 1_000_000 }
    }

    fn seen(trusted_unix_us: Option<i64>) -> Seen {
        Seen { trusted_unix_us, ..Seen::at(at("a", 100)) }
    }

    #[test]
    fn a_calendar_of_1970_is_not_trusted_and_one_that_agrees_is() {
        let now = at("a", 160);
        assert_eq!(calendar(None, &now, TRUE_US), Err(Untrusted::NobodyKnows));
        assert_eq!(calendar(Some(&seen(None)), &now, TRUE_US), Err(Untrusted::Unsynchronised));
        assert_eq!(calendar(Some(&seen(Some(TRUE_US))), &at("b", 160), TRUE_US), Err(Untrusted::NobodyKnows));
        let known = seen(Some(TRUE_US));
        assert_eq!(calendar(Some(&known), &now, TRUE_US + 60_000_000), Ok(()));
        assert!(matches!(calendar(Some(&known), &now, 100_000_000), Err(Untrusted::Off { .. })));
        let off = Duration::from_secs(60) + CALENDAR_OFF_MAX;
        let off_us = i64::try_from(off.as_micros()).unwrap();
        assert_eq!(calendar(Some(&known), &now, TRUE_US + off_us), Ok(()));
        assert_eq!(
            calendar(Some(&known), &now, TRUE_US + off_us + 1_000_000),
            Err(Untrusted::Off { off_s: 3601 })
        );
    }
}
