//! When to run: seeded random moments, spread over the 168 hours of the week.
//!
//! A week has [`DAYPARTS_PER_WEEK`] strata: seven days of four dayparts. Runs are dealt out to strata as cards from a
//! shuffled pack, a new pack only when the old one is used up, so that every daypart of the week is covered before any
//! is repeated, however few runs a week the budget affords; four cards in a row are always a night, a morning, an
//! afternoon and an evening. Within its stratum a run falls on any second.

use desserte_units::{ByteCount, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Strata of the week: seven days, each night, morning, afternoon and evening.
pub const DAYPARTS_PER_WEEK: u16 = 28;

/// Bounds of the dayparts in local hours: night, morning, afternoon, evening. The evening holds the peak hours (18 to
/// 23) that published figures set apart, so that a probe of few runs still sees them every week.
const DAYPART_BOUNDS_H: [i64; 5] = [0, 8, 13, 18, 24];

/// Most runs a week that a plan may ask for: one every five minutes, far beyond what any line should carry.
const RUNS_PER_WEEK_MAX: u16 = 2016;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
const WEEK_S: i64 = 7 * DAY_S;

/// The first Monday of the Unix epoch, 1970-01-05: weeks run from Monday to Sunday.
const MONDAY_S: i64 = 4 * DAY_S;

/// Night, morning, afternoon, evening.
const DAYPARTS: u16 = 4;

/// Runs in one direction in the longest month, with three pairs a week in each daypart: 2 x 12 x 31 / 7, rounded up.
const RUNS_A_MONTH: u64 = 107;

/// Runs in one direction that a month must hold: five pairs, one a week.
const RUNS_A_MONTH_MIN: u64 = 10;

/// A run that may cost less than this shows little beyond the ramp of TCP: a second and a quarter at 20 Mbit/s.
const RUN_LEAST: ByteCount = ByteCount::from_megabytes(3);

/// Weeks in the longest month, for turning a month's budget into runs a week.
const WEEKS_PER_MONTH: f64 = 31.0 / 7.0;

/// How often to run, and the seed that makes the moments this probe's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Distinguishes probes, so that they do not all run in the same minute.
    pub seed: u64,
    /// Runs in a week; more than 2016 count as 2016.
    pub runs_per_week: u16,
    /// Seconds that local time is ahead of the time given to [`next_slot`].
    pub utc_offset_s: i32,
}

/// Finds the first slot after `after`.
///
/// The same plan gives the same slots for ever; `after` moves along them. On a probe whose calendar is unknown, any
/// steadily rising count of seconds may stand in for it.
///
/// # Missing data
/// `None` if the plan holds no run.
#[must_use]
pub fn next_slot(plan: &Plan, after: Timestamp) -> Option<Timestamp> {
    let offset = i64::from(plan.utc_offset_s);
    let local = after.as_unix_secs().saturating_add(offset);
    let week = local.saturating_sub(MONDAY_S).div_euclid(WEEK_S);
    // A week of the plan holds at least one slot, so the next week always has one.
    [week, week.saturating_add(1)]
        .into_iter()
        .flat_map(|week| slots_of_week(plan, week))
        .find(|slot| *slot > local)
        .map(|slot| Timestamp::from_unix_secs(slot - offset))
}

/// How many runs a week a monthly share affords; from four on a multiple of four, so that every week has as many in each
/// daypart.
///
/// # Shape
/// `share` is what the month leaves to throughput runs, `cost_per_run` what one of them, both directions together, is
/// expected to charge.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the quotient is not negative and `as` saturates at the largest plan"
)]
pub fn affordable_runs_per_week(share: ByteCount, cost_per_run: ByteCount) -> u16 {
    let cost = cost_per_run.as_bytes().max(1) as f64;
    let runs = share.as_bytes() as f64 / cost / WEEKS_PER_MONTH;
    let runs = (runs as u16).min(RUNS_PER_WEEK_MAX);
    if runs < DAYPARTS { runs } else { runs / DAYPARTS * DAYPARTS }
}

/// The most that one run in one direction may cost, so that a month affords three in each daypart of each week.
///
/// # Shape
/// `share` is what the month leaves to throughput runs, `configured` the most that the owner allows one of them.
#[must_use]
pub fn run_ceiling(share: ByteCount, configured: ByteCount) -> ByteCount {
    let part = ByteCount::from_bytes(share.as_bytes() / RUNS_A_MONTH);
    // A budget too small for that makes fewer of them, but a month still holds a few.
    let few = ByteCount::from_bytes(share.as_bytes() / RUNS_A_MONTH_MIN);
    configured.min(part.max(few.min(RUN_LEAST)))
}

/// What runs cost, learnt: a quarter of the latest, three quarters of what was known.
#[must_use]
pub const fn learn_cost(known: Option<ByteCount>, latest: ByteCount) -> ByteCount {
    match known {
        None => latest,
        Some(known) => ByteCount::from_bytes((known.as_bytes() / 4) * 3 + latest.as_bytes() / 4),
    }
}

/// The number of the week, from Monday to Sunday, that holds a local time.
#[must_use]
pub const fn week_of(local: Timestamp) -> i64 {
    local.as_unix_secs().saturating_sub(MONDAY_S).div_euclid(WEEK_S)
}

/// The slots of one local week, in order, in local seconds.
fn slots_of_week(plan: &Plan, week: i64) -> Vec<i64> {
    let runs = i64::from(plan.runs_per_week.min(RUNS_PER_WEEK_MAX));
    let pack = i64::from(DAYPARTS_PER_WEEK);
    let mut slots: Vec<i64> = (0..runs)
        .map(|i| {
            let card = week.wrapping_mul(runs).wrapping_add(i);
            let stratum = shuffled_pack(plan.seed, card.div_euclid(pack))[index(card.rem_euclid(pack))];
            let (start, length) = bounds(stratum);
            let mut chance = generator(plan.seed, Stream::Second, card);
            MONDAY_S + week * WEEK_S + start + below(&mut chance, length)
        })
        .collect();
    slots.sort_unstable();
    slots
}

/// Start of a stratum within its week, and its length, in seconds.
fn bounds(stratum: i64) -> (i64, i64) {
    let (day, part) = (stratum / 4, index(stratum % 4));
    let (from, to) = (DAYPART_BOUNDS_H[part], DAYPART_BOUNDS_H[part + 1]);
    (day * DAY_S + from * HOUR_S, (to - from) * HOUR_S)
}

/// The 28 strata in a random order in which each block of four cards holds one of each daypart: the fewest runs still
/// see nights and evenings alike.
fn shuffled_pack(seed: u64, pack: i64) -> [i64; DAYPARTS_PER_WEEK as usize] {
    let mut chance = generator(seed, Stream::Pack, pack);
    let days: [[i64; 7]; 4] = std::array::from_fn(|_| shuffled(&mut chance));
    let mut cards = [0; DAYPARTS_PER_WEEK as usize];
    for (round, block) in cards.chunks_mut(4).enumerate() {
        let parts: [i64; 4] = shuffled(&mut chance);
        for (card, part) in block.iter_mut().zip(parts) {
            *card = days[index(part)][round] * 4 + part;
        }
    }
    cards
}

/// The numbers below `N` in random order (Fisher and Yates), written out: a library's shuffle may draw differently in its
/// next version, and then all published schedules would change.
fn shuffled<const N: usize>(chance: &mut ChaCha8Rng) -> [i64; N] {
    let mut cards = [0; N];
    for (card, place) in cards.iter_mut().zip(0..) {
        *card = place;
    }
    for last in (1..N).rev() {
        let limit = i64::try_from(last).map_or(1, |last| last + 1);
        cards.swap(last, index(below(chance, limit)));
    }
    cards
}

/// Independent streams of one seed.
#[derive(Clone, Copy)]
enum Stream {
    Pack = 1,
    Second = 2,
}

fn generator(seed: u64, stream: Stream, number: i64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&number.to_le_bytes());
    key[16] = stream as u8;
    ChaCha8Rng::from_seed(key)
}

/// A draw from `0..limit`, by the high half of a product; its bias is below `limit` / 2^64.
fn below(chance: &mut ChaCha8Rng, limit: i64) -> i64 {
    let limit = u128::from(limit.unsigned_abs());
    i64::try_from((u128::from(chance.next_u64()) * limit) >> 64).unwrap_or(0)
}

fn index(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn slots(plan: Plan, count: usize) -> Vec<i64> {
        let mut at = Timestamp::from_unix_secs(NOW);
        (0..count)
            .map(|_| {
                at = next_slot(&plan, at).expect("a slot");
                at.as_unix_secs()
            })
            .collect()
    }

    fn stratum_of(local: i64) -> i64 {
        let in_week = (local - MONDAY_S).rem_euclid(WEEK_S);
        let hour = in_week % DAY_S / HOUR_S;
        let part = DAYPART_BOUNDS_H.iter().rposition(|&from| hour >= from).unwrap();
        in_week / DAY_S * 4 + i64::try_from(part).unwrap()
    }

    #[test]
    fn a_plan_without_runs_has_no_slot() {
        let plan = Plan { seed: 1, runs_per_week: 0, utc_offset_s: 0 };
        assert_eq!(next_slot(&plan, Timestamp::from_unix_secs(NOW)), None);
    }

    #[test]
    fn every_week_of_four_times_seven_runs_covers_every_daypart_once() {
        let plan = Plan { seed: 7, runs_per_week: 28, utc_offset_s: 3600 };
        let week = (NOW + 3600 - MONDAY_S) / WEEK_S;
        for week in week..week + 20 {
            let mut strata: Vec<_> = slots_of_week(&plan, week).into_iter().map(stratum_of).collect();
            strata.sort_unstable();
            assert_eq!(strata, (0..28).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_schedule_of_a_seed_never_changes() {
        let plan = Plan { seed: 42, runs_per_week: 14, utc_offset_s: 3600 };
        assert_eq!(slots(plan, 4), EXPECTED_FOR_SEED_42);
    }

    /// Written down from the first release: a change here changes every probe's schedule.
    const EXPECTED_FOR_SEED_42: [i64; 4] = [1_795_034_696, 1_795_081_565, 1_795_141_266, 1_795_174_281];

    #[test]
    fn probes_of_different_seeds_do_not_share_their_minutes() {
        let minutes = |seed| -> Vec<i64> {
            slots(Plan { seed, runs_per_week: 28, utc_offset_s: 0 }, 28).iter().map(|s| s / 60).collect()
        };
        let first = minutes(1);
        let shared = (2..40).flat_map(minutes).filter(|minute| first.contains(minute)).count();
        assert!(shared < 12, "{shared} of 1064 slots shared; about 3 expected by chance");
    }

    #[test]
    fn a_month_of_five_hundred_megabytes_affords_two_runs_a_week_of_fifty() {
        let affordable =
            affordable_runs_per_week(ByteCount::from_megabytes(500), ByteCount::from_megabytes(50));
        assert_eq!(affordable, 2);
        assert_eq!(affordable_runs_per_week(ByteCount::ZERO, ByteCount::ZERO), 0);
    }

    proptest! {
        #[test]
        fn slots_rise_and_cover_all_dayparts_before_repeating(
            seed in any::<u64>(),
            runs in 1_u16..60,
            offset in -12_i32..=14,
        ) {
            let plan = Plan { seed, runs_per_week: runs, utc_offset_s: offset * 3600 };
            let start = (NOW - MONDAY_S) / WEEK_S;
            // The cards of one pack, gathered over the weeks it spans.
            let first_pack = (start * i64::from(runs)).div_euclid(28) + 1;
            let cards = first_pack * 28..(first_pack + 1) * 28;
            let mut strata: Vec<i64> =
                cards.map(|card| shuffled_pack(seed, card.div_euclid(28))[index(card.rem_euclid(28))]).collect();
            strata.sort_unstable();
            prop_assert_eq!(strata, (0..28).collect::<Vec<_>>());
            for block in shuffled_pack(seed, first_pack).chunks(4) {
                let mut parts: Vec<i64> = block.iter().map(|stratum| stratum % 4).collect();
                parts.sort_unstable();
                prop_assert_eq!(parts, [0, 1, 2, 3]);
            }
            let found = slots(plan, usize::from(runs) * 2);
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            let span = found[found.len() - 1] - NOW;
            prop_assert!(span <= 3 * WEEK_S, "two weeks' runs within three weeks, found {span} s");
        }
    }
}
