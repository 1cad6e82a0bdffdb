//! Planning a campaign.

use jiff::civil::{Date, DateTime, time};
use jiff::{Span, ToSpan as _};

use super::CampaignRule;

/// When the first test of a day begins: a day's tests with their pause end before midnight.
const FIRST_HOUR: i8 = 9;

/// Seconds between two tests of a plan: several times the least, so that a late one does not push the next ones on.
const SPACING_S: u32 = 1_800;

/// A day of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDay {
    /// The day.
    pub date: Date,
    /// When each test begins, local time.
    pub tests: Vec<DateTime>,
}

/// The earliest campaign from `first` on that keeps the rule, with some time to spare between tests; `None` when the calendar
/// ends before.
#[must_use]
pub fn plan(first: Date, rule: &CampaignRule) -> Option<Vec<PlannedDay>> {
    let step = i64::from(rule.days_between.value) + 1;
    (0..i64::from(rule.days.value))
        .map(|number| {
            let date = first.checked_add(Span::new().days(step * number)).ok()?;
            Some(PlannedDay { date, tests: tests_of(date, rule)? })
        })
        .collect()
}

fn tests_of(date: Date, rule: &CampaignRule) -> Option<Vec<DateTime>> {
    let spacing = i64::from(rule.gap_s.value.max(SPACING_S));
    let pause = rule.pause.value;
    let mut begins = date.to_datetime(time(FIRST_HOUR, 0, 0, 0));
    let mut tests = Vec::new();
    for made in 0..rule.tests_per_day.value {
        if made > 0 {
            let wait = if made == pause.after_tests { spacing.max(pause.seconds.into()) } else { spacing };
            begins = begins.checked_add(wait.seconds()).ok()?;
        }
        tests.push(begins);
    }
    Some(tests)
}
