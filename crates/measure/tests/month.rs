//! A month of a probe on a capped subscription, in virtual time. `cargo run --example month` prints its ledger.

#[path = "../examples/month/life.rs"]
mod life;
#[path = "../examples/outage_suite/sim.rs"]
mod sim;

use desserte_measure::{BudgetRules, Ledger, Plan, Purpose, affordable_runs_per_week, next_slot};
use desserte_units::{BitRate, ByteCount, Timestamp};

/// 2026-12-01T00:00:00Z, a Tuesday.
const START_S: i64 = 1_796_083_200;
const MINUTE_S: i64 = 60;
const WEEK_S: i64 = 7 * 86_400;
const UPLOAD_EVERY_S: i64 = 1800;

/// Six echoes of 108 octets a minute, a report of 20 kB every half hour.
const ECHOES: ByteCount = ByteCount::from_bytes(648);
const REPORT: ByteCount = ByteCount::from_bytes(20_000);

/// Lives December with a line of 2 Mbit/s; returns the moments of its runs and the octets that left.
fn december(seed: u64, limit_megabytes: u64) -> (Vec<i64>, u64) {
    let rules = BudgetRules {
        limit: ByteCount::from_megabytes(limit_megabytes),
        latency_reserve: ByteCount::from_megabytes(30),
        control_reserve: ByteCount::from_megabytes(45),
    };
    let pair = ByteCount::from_megabytes(5);
    let affordable = affordable_runs_per_week(rules.throughput_share(), pair);
    let plan = Plan { seed, runs_per_week: affordable.min(28), utc_offset_s: 3600 };
    let mut ledger = Ledger::new();
    let (mut sent, mut runs) = (0, Vec::new());
    let mut spend = |ledger: &mut Ledger, purpose, bound: ByteCount, actual: ByteCount| {
        let charged = ledger.charge(&rules, purpose, bound);
        let spent = charged.map(|reservation| ledger.settle(reservation, actual).charged);
        sent += spent.as_ref().map_or(0, |spent| spent.as_bytes());
        spent.is_ok()
    };
    let mut slot = next_slot(&plan, Timestamp::from_unix_secs(START_S)).expect("a slot");
    for now_s in (START_S..START_S + 31 * 86_400).step_by(60) {
        let now = Timestamp::from_unix_secs(now_s);
        ledger.turn(Some(now));
        assert!(spend(&mut ledger, Purpose::Latency, ECHOES, ECHOES), "echoes never stop");
        if now_s % UPLOAD_EVERY_S == 0 {
            assert!(spend(&mut ledger, Purpose::Control, ByteCount::from_bytes(200_000), REPORT));
        }
        while slot.as_unix_secs() < now_s + MINUTE_S {
            // The ceiling is charged; the line carries less.
            if spend(&mut ledger, Purpose::Throughput, ByteCount::from_megabytes(8), pair) {
                runs.push(slot.as_unix_secs());
            }
            slot = next_slot(&plan, slot).expect("a slot");
        }
    }
    (runs, sent)
}

#[test]
fn five_hundred_megabytes_hold_a_month_of_echoes_and_three_runs_a_week_in_every_daypart() {
    for seed in 0..50 {
        let (runs, sent) = december(seed, 500);
        assert!(sent <= 500_000_000, "seed {seed}: {sent} octets");
        // Three whole weeks from the first Monday, in the probe's standard time.
        let monday = START_S + 6 * 86_400 - 3600;
        for week in 0..3 {
            let from = monday + week * WEEK_S;
            let mut parts = [0; 4];
            for run in runs.iter().filter(|run| (from..from + WEEK_S).contains(*run)) {
                match (run + 3600) % 86_400 / 3600 {
                    0..8 => parts[0] += 1,
                    8..13 => parts[1] += 1,
                    13..18 => parts[2] += 1,
                    _ => parts[3] += 1,
                }
            }
            assert!(parts.iter().all(|runs| *runs >= 3), "seed {seed}, week {week}: {parts:?}");
        }
    }
}

#[test]
fn a_budget_for_hardly_any_run_still_measures_outages_all_month() {
    let (runs, sent) = december(7, 100);
    assert!(runs.len() <= 5 && sent <= 100_000_000, "{} runs, {sent} octets", runs.len());
}

#[test]
fn thirty_days_at_five_hundred_megabytes_stay_within_and_measure_each_daypart_of_each_week_three_times() {
    let cap = ByteCount::from_megabytes(500);
    for (seed, rate) in [(1, 2.0), (2, 30.0), (3, 300.0)] {
        let line = life::Line { rate: BitRate::from_mbit_per_s(rate).unwrap(), loss: 0.01 };
        let month = life::live(seed, cap, line);
        let charged = month.charged.iter().copied().max().unwrap();
        assert!(charged <= cap.as_bytes() && month.counted_month_max <= cap.as_bytes(), "{month:?}");
        assert!(life::fewest_in_a_daypart(&month.pairs) >= 3, "{month:?}");
        // At the very end a run may no longer fit.
        assert!(month.refused <= 1, "{month:?}");
    }
}
