//! What one line's records say, as they come in.

use std::time::Duration;

use desserte_measure::StatedMinute;
use desserte_model::{CommuneCode, Direction, ProbeId};
use desserte_units::{BitRate, Timestamp};

/// A place that was measured: one probe in one commune.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SiteId {
    /// Where.
    pub commune: CommuneCode,
    /// Which probe.
    pub probe: ProbeId,
}

/// What is declared of a site; measurements do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Declared {
    /// Whether the probe is of class A: dedicated, wired, calibrated, its local network checked. `None`: nobody said.
    pub class_a: Option<bool>,
    /// Whether it stands in a public building. `None`: nobody said.
    pub public_building: Option<bool>,
}

/// A complete run that may enter a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// When it began.
    pub at: Timestamp,
    /// The way of the payload.
    pub direction: Direction,
    /// What it reached; `None` when the method gives no figure.
    pub rate: Option<BitRate>,
    /// What the line was declared to be sold as; `None` when nobody said.
    pub subscribed: Option<BitRate>,
}

/// A minute watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// When and in which state.
    pub stated: StatedMinute,
    /// Echoes sent.
    pub sent: u32,
    /// Echoes without an answer.
    pub lost: u32,
    /// Median round trip, µs; `None` without an answer.
    pub rtt_us: Option<u32>,
    /// Mean difference between successive round trips to the same target, µs; `None` without two in a row.
    pub variation_us: Option<u32>,
}

/// An attempt to load a public service's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// When it began.
    pub at: Timestamp,
    /// How long the page took; `None`: it did not come.
    pub took: Option<Duration>,
}

/// All that is known of one site over a period. What was never recorded is in none of these: it is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    /// Runs, in order of time.
    pub runs: Vec<Run>,
    /// Minutes, in order of time.
    pub minutes: Vec<Minute>,
    /// Attempts to load pages, in order of time.
    pub pages: Vec<Page>,
}

/// Variation of round trips as they follow one another to one target: the mean of the differences, in µs.
///
/// A lost echo parts what is before it from what is after. This is no RFC 3550 jitter, which is of one-way delays and smoothed.
///
/// # Missing data
/// `None` if no two answers follow one another.
#[must_use]
pub fn variation_us<'a>(targets: impl IntoIterator<Item = &'a [Option<u32>]>) -> Option<u32> {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for echoes in targets {
        for pair in echoes.windows(2) {
            if let [Some(a), Some(b)] = pair {
                sum += u64::from(a.abs_diff(*b));
                count += 1;
            }
        }
    }
    u32::try_from(sum.checked_div(count)?).ok()
}
