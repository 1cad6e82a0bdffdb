//! Outages of a line, from the states of its minutes.

use std::time::Duration;

use desserte_units::{Ratio, Timestamp};

use crate::{MinuteState, OUTAGE};

/// One window with its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedMinute {
    /// When the window began.
    pub start: Timestamp,
    /// How long it lasted.
    pub window: Duration,
    /// Its state.
    pub state: MinuteState,
}

impl StatedMinute {
    fn end(&self) -> Timestamp {
        self.start.saturating_add_micros(micros(self.window))
    }
}

/// A stretch of the calendar, closed at its start and open at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First moment.
    pub start: Timestamp,
    /// First moment after it.
    pub end: Timestamp,
}

impl Period {
    /// How long it lasts; zero when it ends before it starts.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.end.micros_since(self.start)).unwrap_or(0))
    }
}

/// An interval known to be down, closed at its start and open at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When the first down minute began.
    pub start: Timestamp,
    /// When the last down minute ended.
    pub end: Timestamp,
    /// Down minutes in it.
    pub minutes: u32,
}

impl Outage {
    /// How long the line was down.
    #[must_use]
    pub fn length(&self) -> Duration {
        Period { start: self.start, end: self.end }.length()
    }
}

/// The outages of one line over a period, with what is not known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutageSummary {
    /// Each outage, in order of time.
    pub outages: Vec<Outage>,
    /// Their total length.
    pub total: Duration,
    /// The longest; `None` without an outage.
    pub longest: Option<Duration>,
    /// The median time to restore (lower median); `None` without an outage.
    pub median: Option<Duration>,
    /// Time of known state.
    pub known: Duration,
    /// Share of the period of unknown state, minutes never recorded included; `None` for an empty period.
    pub unknown_ratio: Option<Ratio>,
    /// Share of the time of known state that was not an outage; `None` if nothing is known.
    pub availability_ratio: Option<Ratio>,
}

impl OutageSummary {
    /// Number of outages.
    #[must_use]
    pub fn count(&self) -> usize {
        self.outages.len()
    }
}

/// Finds the outages in the minutes of one line.
///
/// An outage is two or more consecutive down minutes. Windows stay consecutive across the short silence that a
/// throughput run leaves ([`OUTAGE`]); a minute of any other state, unknown included, ends the outage. A single down
/// minute is known time, but no outage.
///
/// # Shape
/// `minutes` rise in `start` and do not overlap; those outside `period` are left out, those across its edge are taken
/// whole when they begin inside.
///
/// # Missing data
/// Time without a record is unknown: neither up nor down.
#[must_use]
pub fn outages(minutes: &[StatedMinute], period: Period) -> OutageSummary {
    let inside: Vec<&StatedMinute> =
        minutes.iter().filter(|minute| minute.start >= period.start && minute.start < period.end).collect();
    let mut found: Vec<Outage> = Vec::new();
    let mut current: Option<Outage> = None;
    let mut bridged = Duration::ZERO;
    let mut current_bridge = Duration::ZERO;
    for minute in &inside {
        let down = minute.state == MinuteState::Down;
        let gap = current.map(|outage| Period { start: outage.end, end: minute.start }.length());
        match (&mut current, down) {
            (Some(outage), true) if gap <= Some(OUTAGE.value.gap_max) => {
                current_bridge += gap.unwrap_or_default();
                outage.end = minute.end();
                outage.minutes += 1;
            }
            _ => {
                bridged += close(current.take(), current_bridge, &mut found);
                current_bridge = Duration::ZERO;
                current = down.then(|| Outage { start: minute.start, end: minute.end(), minutes: 1 });
            }
        }
    }
    bridged += close(current, current_bridge, &mut found);
    let recorded: Duration =
        inside.iter().filter(|minute| minute.state.is_known()).map(|minute| minute.window).sum();
    summarise(found, recorded + bridged, period)
}

/// Keeps the outage if it is long enough; returns the silence inside it, which then counts as known.
fn close(outage: Option<Outage>, bridge: Duration, found: &mut Vec<Outage>) -> Duration {
    match outage {
        Some(outage) if outage.minutes >= OUTAGE.value.minutes_min => {
            found.push(outage);
            bridge
        }
        _ => Duration::ZERO,
    }
}

fn summarise(outages: Vec<Outage>, known: Duration, period: Period) -> OutageSummary {
    let mut lengths: Vec<Duration> = outages.iter().map(Outage::length).collect();
    lengths.sort_unstable();
    let total: Duration = lengths.iter().sum();
    let whole = period.length();
    let ratio = |part: Duration, of: Duration| Ratio::of(unsigned_micros(part), unsigned_micros(of));
    OutageSummary {
        total,
        longest: lengths.last().copied(),
        median: lengths.get(lengths.len().saturating_sub(1) / 2).copied(),
        known,
        unknown_ratio: ratio(whole.saturating_sub(known), whole),
        availability_ratio: ratio(known.saturating_sub(total), known),
        outages,
    }
}

fn unsigned_micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnknownCause;

    const MINUTE: Duration = Duration::from_secs(60);

    /// One letter a minute from the epoch: u(p), g (degraded), d(own), ? (unknown), a blank for no record.
    fn read(letters: &str) -> OutageSummary {
        let at = |i: usize| Timestamp::from_unix_secs(60 * i64::try_from(i).unwrap());
        let minutes: Vec<_> = letters
            .chars()
            .enumerate()
            .filter_map(|(i, letter)| {
                let state = match letter {
                    'u' => MinuteState::Up,
                    'g' => MinuteState::Degraded,
                    'd' => MinuteState::Down,
                    '?' => MinuteState::Unknown(UnknownCause::Gateway),
                    _ => return None,
                };
                Some(StatedMinute { start: at(i), window: MINUTE, state })
            })
            .collect();
        outages(&minutes, Period { start: at(0), end: at(letters.len()) })
    }

    #[test]
    fn one_down_minute_is_not_an_outage_and_two_are() {
        assert_eq!(read("uuduu").count(), 0);
        let summary = read("uudduuddddu");
        assert_eq!(summary.count(), 2);
        assert_eq!(summary.total, 6 * MINUTE);
        assert_eq!(summary.longest, Some(4 * MINUTE));
        assert_eq!(summary.median, Some(2 * MINUTE));
        assert_eq!(summary.outages[0].start, Timestamp::from_unix_secs(120));
        assert_eq!(summary.outages[0].end, Timestamp::from_unix_secs(240));
    }

    #[test]
    fn unknown_is_neither_up_nor_down_and_is_reported() {
        let summary = read("udd?dduu");
        assert_eq!(summary.count(), 2, "an unknown minute ends an outage");
        assert_eq!(summary.unknown_ratio, Ratio::of(1, 8));
        assert_eq!(summary.availability_ratio, Ratio::of(3, 7));
        let silent = read("    ");
        assert_eq!(silent.unknown_ratio, Ratio::of(1, 1));
        assert_eq!(silent.availability_ratio, None);
        assert_eq!(silent.longest, None);
    }

    #[test]
    fn the_silence_of_one_throughput_run_does_not_split_an_outage() {
        let summary = read("ud du");
        assert_eq!(summary.count(), 1);
        assert_eq!(summary.total, 3 * MINUTE);
        assert_eq!(summary.unknown_ratio, Ratio::of(0, 1));
        assert_eq!(read("ud  du").count(), 0, "two minutes of silence do");
    }

    #[test]
    fn a_degraded_line_is_available() {
        assert_eq!(read("gggg").availability_ratio, Ratio::of(1, 1));
    }
}
