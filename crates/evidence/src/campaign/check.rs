//! Checking a campaign that was made.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::CampaignRule;

/// A test as it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// When it began, by the line's local time.
    pub begun: DateTime,
    /// What was measured, in the unit of the contract; `None` when the test gave no figure.
    pub rate: Option<f64>,
    /// Whether it was measured by cable; `None` when not known.
    pub wired: Option<bool>,
    /// Whether nobody else used the line; `None` when not known.
    pub alone: Option<bool>,
}

/// Why a test does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// It gave no figure: it is no proof of a low rate either.
    NoFigure,
    /// By radio, or nobody knows.
    NotWired,
    /// Others used the line, or nobody knows.
    NotAlone,
    /// Too soon after the one before.
    TooSoon,
    /// Within the pause of the day.
    InThePause,
    /// The day had all its tests already.
    Surplus,
    /// Its day does not count: incomplete, too near another one, or outside the window.
    OtherDay,
}

/// What the contract says; what it does not say is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Maximum rate.
    pub maximum: Option<f64>,
    /// Rate that is normally available.
    pub normal: Option<f64>,
    /// Minimum rate.
    pub minimum: Option<f64>,
}

/// A day that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignDay {
    /// The day.
    pub date: Date,
    /// The rates of its tests, in their order.
    pub rates: Vec<f64>,
}

/// What a campaign lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Whole days of tests.
    Days(u32),
    /// Tests on a day that was begun after the last one that counts.
    Tests {
        /// The day.
        date: Date,
        /// How many it has.
        found: u32,
    },
}

/// A way in which a line falls short of its contract.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shortfall {
    /// The maximum's share was not reached even once on so many days.
    Maximum {
        /// Days on which it was not.
        days: u32,
    },
    /// The normal rate was reached in too small a share of tests.
    Normal {
        /// The share that reached it.
        share: f64,
    },
    /// A test was below the minimum on so many days.
    Minimum {
        /// Days on which one was.
        days: u32,
    },
}

/// What follows from a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignReport {
    /// For each attempt, in the order given: why it does not count; `None` when it does.
    pub excluded: Vec<Option<Excluded>>,
    /// The days that count.
    pub days: Vec<CampaignDay>,
    /// What is missing; empty when the campaign is complete.
    pub missing: Vec<Missing>,
    /// Where the line falls short; `None` while something is missing, empty when it keeps what was asked about.
    pub shortfalls: Option<Vec<Shortfall>>,
}

/// A day in the making.
struct Day {
    date: Date,
    tests: Vec<usize>,
}

/// Says which attempts count, what is missing, and if nothing is, what they show.
#[must_use]
pub fn check(attempts: &[Attempt], contract: &Contract, rule: &CampaignRule) -> CampaignReport {
    let mut excluded: Vec<Option<Excluded>> = vec![None; attempts.len()];
    let days = by_day(attempts, rule, &mut excluded);
    let chosen = choose(&days, rule);
    for (_, day) in days.iter().enumerate().filter(|(index, _)| !chosen.contains(index)) {
        for &test in &day.tests {
            excluded[test] = Some(Excluded::OtherDay);
        }
    }
    let complete: Vec<CampaignDay> = chosen
        .iter()
        .map(|&index| CampaignDay {
            date: days[index].date,
            rates: days[index].tests.iter().filter_map(|&test| attempts[test].rate).collect(),
        })
        .collect();
    let missing = missing(&days, &chosen, rule);
    let shortfalls = missing.is_empty().then(|| shortfalls(&complete, contract, rule));
    CampaignReport { excluded, days: complete, missing, shortfalls }
}

/// The tests of each day that may count, in the order of time.
fn by_day(attempts: &[Attempt], rule: &CampaignRule, excluded: &mut [Option<Excluded>]) -> Vec<Day> {
    let mut order: Vec<usize> = (0..attempts.len()).collect();
    order.sort_by_key(|&index| attempts[index].begun);
    let mut days: Vec<Day> = Vec::new();
    for index in order {
        let attempt = &attempts[index];
        let date = attempt.begun.date();
        let refused = if attempt.rate.is_none_or(|rate| !rate.is_finite()) {
            Some(Excluded::NoFigure)
        } else if attempt.wired != Some(true) {
            Some(Excluded::NotWired)
        } else if attempt.alone != Some(true) {
            Some(Excluded::NotAlone)
        } else {
            days.last().filter(|day| day.date == date).and_then(|day| too_many(day, attempts, index, rule))
        };
        excluded[index] = refused;
        if refused.is_some() {
            continue;
        }
        match days.last_mut().filter(|day| day.date == date) {
            Some(day) => day.tests.push(index),
            None => days.push(Day { date, tests: vec![index] }),
        }
    }
    days
}

fn too_many(day: &Day, attempts: &[Attempt], index: usize, rule: &CampaignRule) -> Option<Excluded> {
    let last = attempts[*day.tests.last()?].begun;
    let since = attempts[index].begun.duration_since(last).as_secs();
    let pause = rule.pause.value;
    let made = day.tests.iter().map(|_| 1_u32).sum::<u32>();
    if made >= rule.tests_per_day.value {
        Some(Excluded::Surplus)
    } else if since < i64::from(rule.gap_s.value) {
        Some(Excluded::TooSoon)
    } else if made == pause.after_tests && since < i64::from(pause.seconds) {
        Some(Excluded::InThePause)
    } else {
        None
    }
}

/// The first days, in the order of time, that are whole, far enough from each other and within the window; when the window
/// closes too early the first of them is given up and the next one begins. Places in `days`.
fn choose(days: &[Day], rule: &CampaignRule) -> Vec<usize> {
    let wanted = usize::try_from(rule.days.value).unwrap_or(usize::MAX);
    let is_whole =
        |day: &Day| day.tests.len() >= usize::try_from(rule.tests_per_day.value).unwrap_or(usize::MAX);
    let whole: Vec<usize> = (0..days.len()).filter(|&index| is_whole(&days[index])).collect();
    let mut best: Vec<usize> = Vec::new();
    for start in 0..whole.len() {
        let mut chosen = vec![whole[start]];
        let first = days[whole[start]].date;
        for &index in &whole[start + 1..] {
            let date = days[index].date;
            let last = days[chosen[chosen.len() - 1]].date;
            if days_between(first, date) >= i64::from(rule.window_days.value) || chosen.len() == wanted {
                break;
            }
            if days_between(last, date) > i64::from(rule.days_between.value) {
                chosen.push(index);
            }
        }
        if chosen.len() == wanted {
            return chosen;
        }
        // Of campaigns that are not complete the latest is the one that can still be.
        if chosen.len() >= best.len() {
            best = chosen;
        }
    }
    best.truncate(wanted);
    best
}

fn days_between(first: Date, second: Date) -> i64 {
    second.duration_since(first).as_hours() / 24
}

fn missing(days: &[Day], chosen: &[usize], rule: &CampaignRule) -> Vec<Missing> {
    let found = chosen.iter().map(|_| 1_u32).sum::<u32>();
    if found >= rule.days.value {
        return Vec::new();
    }
    let mut missing = vec![Missing::Days(rule.days.value - found)];
    let after = chosen.last().map_or(0, |index| index + 1);
    let begun = days
        .iter()
        .skip(after)
        .map(|day| Missing::Tests { date: day.date, found: day.tests.iter().map(|_| 1_u32).sum() });
    missing.extend(begun.filter(
        |missing| matches!(missing, Missing::Tests { found, .. } if *found < rule.tests_per_day.value),
    ));
    missing
}

fn shortfalls(days: &[CampaignDay], contract: &Contract, rule: &CampaignRule) -> Vec<Shortfall> {
    let rule = rule.shortfall.value;
    let on_days = |happens: &dyn Fn(&CampaignDay) -> bool| {
        days.iter().filter(|day| happens(day)).map(|_| 1_u32).sum::<u32>()
    };
    let mut shortfalls = Vec::new();
    if let Some(maximum) = contract.maximum {
        let wanted = rule.maximum_share * maximum;
        let below = on_days(&|day| day.rates.iter().all(|&rate| rate < wanted));
        if below >= rule.maximum_days {
            shortfalls.push(Shortfall::Maximum { days: below });
        }
    }
    if let Some(normal) = contract.normal {
        let rates = || days.iter().flat_map(|day| &day.rates);
        let all = rates().map(|_| 1.0).sum::<f64>();
        // From zero on: the empty sum of floats is minus zero.
        let share = rates().filter(|&&rate| rate >= normal).fold(0.0, |sum, _| sum + 1.0) / all;
        if share < rule.normal_share {
            shortfalls.push(Shortfall::Normal { share });
        }
    }
    if let Some(minimum) = contract.minimum {
        let below = on_days(&|day| day.rates.iter().any(|&rate| rate < minimum));
        if below >= rule.minimum_days {
            shortfalls.push(Shortfall::Minimum { days: below });
        }
    }
    shortfalls
}

#[cfg(test)]
mod tests;
