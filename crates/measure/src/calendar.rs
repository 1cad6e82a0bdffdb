//! Whether a calendar that shows another month than the one counted is to be believed.
//!
//! A probe's calendar may be stepped, by a time service that errs or by one that was wrong before. Nothing here knows
//! how much time really passed, so what speaks for a reading is what the calendar showed before it.

use std::time::Duration;

use desserte_units::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Month;

/// Two readings no further apart than this follow one another: an agent looks at least once an hour.
const FOLLOWS: Duration = Duration::from_secs(86_400);

/// How long a calendar must go on from a step before it is believed: time for whoever looks after the clock to notice, and
/// little to lose for a probe whose clock was really wrong before, since it only goes on counting the old month.
const STEADY: Duration = Duration::from_secs(86_400);

/// What the calendar has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Calendar {
    /// The last reading that was believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Timestamp>,
    /// The first and the last reading since a step that is not believed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubted: Option<(Timestamp, Timestamp)>,
    /// The program has just started, so that any time may have passed unseen.
    #[serde(skip)]
    started: bool,
}

impl Calendar {
    /// Notes that the program has just started.
    pub(crate) fn start(&mut self) {
        self.started = true;
    }

    /// Notes a reading that needs no doubt.
    pub(crate) fn believe(&mut self, now: Timestamp) {
        *self = Self { seen: Some(now), doubted: None, started: false };
    }

    /// Whether a reading in `month`, while `counted` is counted, is to be believed: it follows the one before, or the
    /// program was off around the end of the month, or the calendar has gone on steadily since it was stepped.
    pub(crate) fn believes(&mut self, now: Timestamp, month: Month, counted: Month) -> bool {
        let follows = self.seen.is_some_and(|seen| is_after(now, seen, FOLLOWS));
        let was_off = (self.started || self.seen.is_none()) && month == counted.next();
        let since = match self.doubted {
            Some((since, last)) if is_after(now, last, FOLLOWS) => since,
            _ => now,
        };
        self.doubted = Some((since, now));
        self.started = false;
        let believed = follows || was_off || now >= after(since, STEADY);
        if believed {
            self.believe(now);
        }
        believed
    }
}

fn after(moment: Timestamp, time: Duration) -> Timestamp {
    moment.saturating_add_micros(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}

/// Whether `now` is at or after `before`, and by no more than `most`.
fn is_after(now: Timestamp, before: Timestamp, most: Duration) -> bool {
    before <= now && now <= after(before, most)
}
