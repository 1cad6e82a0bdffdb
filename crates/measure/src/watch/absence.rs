//! What a probe that starts can say of the time before: whether it had no power, or was merely not running.

use std::time::Duration;

use desserte_model::{BootId, ClockStamp, Interruption, InterruptionCause};
use desserte_units::Monotonic;
use serde::{Deserialize, Serialize};

/// The last sign of an earlier life, as it was found on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LastSign {
    /// When it was written.
    pub at: ClockStamp,
    /// When the next would have been written.
    pub every_us: u64,
    /// Whether the probe wrote it because it was told to stop.
    pub stopped: bool,
}

/// Tells the time between the last sign of an earlier life and the present one.
///
/// Without an order to stop, in another boot, the power was cut. With one, or in the same boot, the probe was stopped,
/// killed or restarted. Both are unknown time: neither says anything of the line. The record's moment is the last sign's.
///
/// # Missing data
/// `None` when it was no longer than one interval of signs, so that a restart leaves no trace. The length of an absence over
/// a boot is known only if something vouches for the calendar on both sides.
#[must_use]
pub fn absence(last: &LastSign, started: &ClockStamp) -> Option<Interruption> {
    let same_boot = last.at.boot == started.boot;
    // A boot begins when the power is back; within a boot the probe was back when it started.
    let resumed = if same_boot { *started } else { at_boot(started) };
    let gone = match (same_boot, last.at.utc_us, resumed.utc_us) {
        (true, ..) => Some(micros(started.monotonic_us.since(last.at.monotonic_us))),
        (false, Some(last), Some(resumed)) => Some(u64::try_from(resumed.micros_since(last)).unwrap_or(0)),
        (false, ..) => None,
    };
    if same_boot && gone.is_some_and(|gone| gone <= last.every_us) {
        return None;
    }
    Some(Interruption {
        cause: if same_boot || last.stopped { InterruptionCause::Probe } else { InterruptionCause::Power },
        target: None,
        began_latest_us: Some(if last.stopped { 0 } else { gone.unwrap_or(u64::MAX).min(last.every_us) }),
        ended_earliest_us: gone,
        ended_latest_us: gone,
        pace: None,
        lost: 0,
        echoes: Vec::new(),
        resumed: Some(resumed),
    })
}

fn at_boot(stamp: &ClockStamp) -> ClockStamp {
    let up = i64::try_from(stamp.monotonic_us.as_micros()).unwrap_or(i64::MAX);
    ClockStamp {
        monotonic_us: Monotonic::from_micros(0),
        utc_us: stamp.utc_us.map(|utc| utc.saturating_add_micros(-up)),
        ..*stamp
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl LastSign {
    /// Whether it was written in this boot.
    #[must_use]
    pub fn is_of(&self, boot: BootId) -> bool {
        self.at.boot == boot
    }
}

#[cfg(test)]
mod tests {
    use desserte_model::ClockSource;
    use desserte_units::Timestamp;

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    fn stamp(boot: u128, up_us: u64, utc_us: Option<i64>) -> ClockStamp {
        ClockStamp {
            boot: uuid(boot),
            monotonic_us: Monotonic::from_micros(up_us),
            utc_us: utc_us.map(Timestamp::from_unix_micros),
            source: ClockSource::System,
            offset_us: Some(0),
            uncertainty_us: Some(1000),
        }
    }

    fn uuid(number: u128) -> BootId {
        format!("00000000-0000-4000-8000-{number:012}").parse().unwrap()
    }

    fn last(stopped: bool) -> LastSign {
        LastSign { at: stamp(1, 50_000_000, Some(HOUR_US)), every_us: 60_000_000, stopped }
    }

    #[test]
    fn another_boot_without_an_order_to_stop_was_a_power_cut_that_ended_when_the_machine_booted() {
        let started = stamp(2, 20_000_000, Some(2 * HOUR_US));
        let found = absence(&last(false), &started).unwrap();
        assert_eq!(found.cause, InterruptionCause::Power);
        assert_eq!(found.began_latest_us, Some(60_000_000));
        assert_eq!(found.ended_latest_us, Some(3_580_000_000));
        assert_eq!(absence(&last(true), &started).unwrap().cause, InterruptionCause::Probe);
    }

    #[test]
    fn a_restart_in_the_same_boot_is_the_probe_and_a_short_one_leaves_no_trace() {
        let found = absence(&last(false), &stamp(1, 450_000_000, None)).unwrap();
        assert_eq!((found.cause, found.ended_latest_us), (InterruptionCause::Probe, Some(400_000_000)));
        assert_eq!(absence(&last(false), &stamp(1, 80_000_000, None)), None);
    }

    #[test]
    fn without_a_calendar_the_length_of_a_power_cut_is_not_known() {
        let found = absence(&last(false), &stamp(2, 20_000_000, None)).unwrap();
        assert_eq!((found.ended_latest_us, found.duration_us()), (None, None));
        assert_eq!(found.cause, InterruptionCause::Power);
    }
}
