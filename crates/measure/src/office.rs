//! When to try public services: at seeded random moments of the hours in which they are used.
//!
//! The hours are those of the project's domain rules for e-administration: Monday to Friday, 8 to 18 local time. They are
//! divided evenly among the attempts of a day, and an attempt falls on any second of its part.

use desserte_units::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

/// Local hours between which services are tried.
const OPEN_H: (i64, i64) = (8, 18);

/// Monday to Friday.
const DAYS_A_WEEK: i64 = 5;

/// The first Monday of the Unix epoch, in days.
const MONDAY: i64 = 4;

/// More attempts a day than this are one every ten minutes: no more is learnt from them.
const PER_DAY_MAX: u16 = 60;

/// How often to try, and the seed that makes the moments this probe's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficePlan {
    /// Distinguishes probes.
    pub seed: u64,
    /// Attempts on a working day; more than 60 count as 60.
    pub per_day: u16,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset_s: i32,
}

/// Finds the first moment after `after`. The same plan gives the same moments for ever.
///
/// # Missing data
/// `None` if the plan holds no attempt.
#[must_use]
pub fn next_office_moment(plan: &OfficePlan, after: Timestamp) -> Option<Timestamp> {
    let offset = i64::from(plan.utc_offset_s);
    let local = after.as_unix_secs().saturating_add(offset);
    let today = local.div_euclid(DAY_S);
    // Over a weekend the next working day is three days away.
    (today..=today + 3)
        .filter(|day| (day - MONDAY).rem_euclid(7) < DAYS_A_WEEK)
        .flat_map(|day| moments(plan, day))
        .find(|moment| *moment > local)
        .map(|moment| Timestamp::from_unix_secs(moment - offset))
}

fn moments(plan: &OfficePlan, day: i64) -> Vec<i64> {
    let count = i64::from(plan.per_day.min(PER_DAY_MAX));
    let (from, until) = (day * DAY_S + OPEN_H.0 * HOUR_S, day * DAY_S + OPEN_H.1 * HOUR_S);
    let mut key = [0; 32];
    key[..8].copy_from_slice(&plan.seed.to_le_bytes());
    key[8..16].copy_from_slice(&day.to_le_bytes());
    // Apart from the streams of the throughput schedule, which are numbered from 1.
    key[16] = 16;
    let mut chance = ChaCha8Rng::from_seed(key);
    (0..count)
        .map(|number| {
            let part = (until - from) / count;
            let within = (u128::from(chance.next_u64()) * u128::from(part.unsigned_abs())) >> 64;
            from + number * part + i64::try_from(within).unwrap_or(0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_holds_five_days_of_attempts_all_in_office_hours_and_none_on_the_weekend() {
        let plan = OfficePlan { seed: 7, per_day: 4, utc_offset_s: 3600 };
        // 2026-11-23, a Monday, 00:00 local.
        let monday = 1_795_388_400;
        let mut at = Timestamp::from_unix_secs(monday - 1);
        let mut found = Vec::new();
        while at.as_unix_secs() < monday + 7 * DAY_S {
            at = next_office_moment(&plan, at).unwrap();
            found.push(at.as_unix_secs());
        }
        found.retain(|moment| *moment < monday + 7 * DAY_S);
        assert_eq!(found.len(), 20);
        for moment in found {
            let (day, second) = ((moment - monday) / DAY_S, (moment - monday) % DAY_S);
            assert!(day < 5 && (8 * HOUR_S..18 * HOUR_S).contains(&second), "{moment}");
        }
    }

    #[test]
    fn a_plan_without_attempts_has_no_moment() {
        let plan = OfficePlan { seed: 1, per_day: 0, utc_offset_s: 0 };
        assert_eq!(next_office_moment(&plan, Timestamp::from_unix_secs(0)), None);
    }
}
