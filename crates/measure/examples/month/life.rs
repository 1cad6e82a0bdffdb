//! Thirty days of a probe on a capped subscription, in virtual time, through the real ledger, schedule and watch.
//!
//! What leaves is what a line would carry: the watch's own echoes over a lossy link, runs that stop when they know enough, reports,
//! attempts to reach services. What is charged are the bounds that the agent charges, settled as it settles them.

use std::time::Duration;

use desserte_measure::{
    BudgetRules, Ledger, OfficePlan, Plan, Purpose, WatchSettings, Watchfulness, affordable_runs_per_week,
    learn_cost, next_office_moment, next_slot, run_ceiling, week_of,
};
use desserte_units::{BitRate, ByteCount, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::sim::{self, Case, ECHO_OCTETS};

/// 2027-03-01T00:00:00 in France, a Monday and the first of a month: four whole weeks and two days under one cap.
pub(crate) const START_S: i64 = 1_803_855_600;
pub(crate) const DAYS: i64 = 30;
pub(crate) const DAY_S: i64 = 86_400;
const OFFSET_S: i32 = 3600;
const HOUR_S: i64 = 3600;

/// What the agent charges for an echo of ICMP over IPv4, both ways; an interface counts four octets of the link less.
const ECHO_CHARGED: u64 = 92;
const ECHO_COUNTED: u64 = 84;

/// A report every half hour: the bound as the agent has it, and what one really carries.
const REPORT_EVERY_S: i64 = 1800;
const REPORT_BOUND: u64 = 270_000;
const REPORT: u64 = 14_000;

/// An attempt on eight services, four times a day: the bound of one, and what one really carries.
const SERVICES: u64 = 8;
const ATTEMPT_BOUND: u64 = 110_000;
const ATTEMPT: u64 = 24_000;

/// Reserves as the agent keeps them: a month of the frugal watch; a month of reports.
const LATENCY_RESERVE: u64 = 49_300_000;
const CONTROL_RESERVE: u64 = 45_000_000;

/// What came of a month.
#[derive(Debug)]
pub(crate) struct Month {
    /// Octets that left, as an interface counts them, by purpose in the order of [`Purpose::ALL`].
    pub(crate) counted: [u64; 4],
    /// What the ledger shows at the end of each calendar month that was seen.
    pub(crate) charged: Vec<u64>,
    /// The most that left within one calendar month.
    pub(crate) counted_month_max: u64,
    /// Local moments of complete pairs of runs.
    pub(crate) pairs: Vec<i64>,
    pub(crate) refused: u32,
}

/// A line, as far as it makes runs dear or cheap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) rate: BitRate,
    pub(crate) loss: f64,
}

struct Spender<'a> {
    ledger: Ledger,
    rules: &'a BudgetRules,
    month: Month,
    this_month: u64,
}

impl Spender<'_> {
    fn turn(&mut self, now_s: i64) {
        let used = self.ledger.used().as_bytes();
        if self.ledger.turn(Some(Timestamp::from_unix_secs(now_s))) {
            self.month.charged.push(used);
            self.close();
        }
    }

    fn close(&mut self) {
        self.month.counted_month_max = self.month.counted_month_max.max(self.this_month);
        self.this_month = 0;
    }

    /// Charges `bound`, sends `counted` and settles with `settled`; says whether it was let.
    fn spend(&mut self, purpose: Purpose, bound: u64, settled: u64, counted: u64) -> bool {
        let Ok(reservation) = self.ledger.charge(self.rules, purpose, ByteCount::from_bytes(bound)) else {
            self.month.refused += 1;
            return false;
        };
        let _ = self.ledger.settle(reservation, ByteCount::from_bytes(settled));
        let place = Purpose::ALL.iter().position(|known| *known == purpose).unwrap_or(0);
        self.month.counted[place] += counted;
        self.this_month += counted;
        true
    }
}

/// Lives thirty days with this cap.
pub(crate) fn live(seed: u64, cap: ByteCount, line: Line) -> Month {
    let rules = BudgetRules {
        limit: cap,
        latency_reserve: ByteCount::from_bytes(LATENCY_RESERVE),
        control_reserve: ByteCount::from_bytes(CONTROL_RESERVE),
    };
    let month =
        Month { counted: [0; 4], charged: Vec::new(), counted_month_max: 0, pairs: Vec::new(), refused: 0 };
    let mut spender = Spender { ledger: Ledger::new(), rules: &rules, month, this_month: 0 };
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let office = OfficePlan { seed, per_day: 4, utc_offset_s: OFFSET_S };
    let ceiling = run_ceiling(rules.throughput_share(), ByteCount::from_megabytes(400));
    let mut known = [None; 2];
    let (mut week, mut plan) = (i64::MIN, Plan { seed, runs_per_week: 0, utc_offset_s: OFFSET_S });
    let mut attempt_at = next_office_moment(&office, Timestamp::from_unix_secs(START_S));
    let mut run_at = None;
    let mut echoes_an_hour = 0;
    for now_s in (START_S..START_S + DAYS * DAY_S).step_by(60) {
        let local = Timestamp::from_unix_secs(now_s + i64::from(OFFSET_S));
        spender.turn(now_s);
        if (now_s - START_S) % DAY_S == 0 {
            echoes_an_hour = echoes_of_a_day(seed.wrapping_add(now_s.unsigned_abs()), line.loss) / 24;
        }
        if now_s % HOUR_S == 0 {
            let (charged, counted) = (echoes_an_hour * ECHO_CHARGED, echoes_an_hour * ECHO_COUNTED);
            spender.spend(Purpose::Latency, charged, charged, counted);
        }
        if now_s % REPORT_EVERY_S == 0 {
            spender.spend(Purpose::Control, REPORT_BOUND, REPORT, REPORT);
        }
        if week_of(local) != week {
            week = week_of(local);
            let cost = known.map(|known| known.unwrap_or(ceiling).min(ceiling));
            let pair = cost[0].saturating_add(cost[1]);
            plan.runs_per_week = affordable_runs_per_week(rules.throughput_share(), pair).min(28);
            run_at = next_slot(&plan, Timestamp::from_unix_secs(now_s - 1));
        }
        while run_at.is_some_and(|at| at.as_unix_secs() < now_s + 60) {
            let mut complete = true;
            for (direction, known) in known.iter_mut().enumerate() {
                let actual = run_cost(&mut chance, line, direction).min(ceiling.as_bytes());
                // The kernel's counters and headers, estimated upwards by the agent.
                let settled = actual + actual / 200;
                let bound = ceiling.as_bytes() + ceiling.as_bytes() / 200;
                complete &= spender.spend(Purpose::Throughput, bound, settled, actual);
                *known = Some(learn_cost(*known, ByteCount::from_bytes(settled)));
            }
            if complete {
                spender.month.pairs.push(local.as_unix_secs());
            }
            run_at = run_at.and_then(|at| next_slot(&plan, at));
        }
        while attempt_at.is_some_and(|at| at.as_unix_secs() < now_s + 60) {
            for _ in 0..SERVICES {
                spender.spend(Purpose::Reachability, ATTEMPT_BOUND, ATTEMPT + ATTEMPT / 10, ATTEMPT);
            }
            attempt_at = attempt_at.and_then(|at| next_office_moment(&office, at));
        }
    }
    let used = spender.ledger.used().as_bytes();
    spender.month.charged.push(used);
    spender.close();
    spender.month
}

/// Octets of a run that stops when it knows enough: from a fifth to a half of ten seconds at the line's rate.
fn run_cost(chance: &mut ChaCha8Rng, line: Line, direction: usize) -> u64 {
    let rate = if direction == 0 {
        line.rate
    } else {
        BitRate::from_mbit_per_s(line.rate.as_mbit_per_s() / 5.0).unwrap_or(line.rate)
    };
    let whole = rate.bytes_in(Duration::from_secs(10)).as_bytes();
    whole * (20 + chance.next_u64() % 31) / 100
}

/// Echoes that the frugal watch sends in a day, suspicions included.
fn echoes_of_a_day(seed: u64, loss: f64) -> u64 {
    let outcome = sim::run(&Case {
        seed,
        length: Duration::from_secs(86_400),
        gaps: Vec::new(),
        loss,
        rtt: Duration::from_millis(40),
        jitter: Duration::from_millis(10),
        settings: WatchSettings::of(Watchfulness::Frugal),
        signs: Duration::from_secs(60),
    });
    (outcome.regular_octets + outcome.quick_octets) / (2 * u64::from(ECHO_OCTETS))
}

/// The fewest pairs in a daypart of any of the whole weeks.
pub(crate) fn fewest_in_a_daypart(pairs: &[i64]) -> usize {
    let first = week_of(Timestamp::from_unix_secs(START_S + i64::from(OFFSET_S)));
    let weeks = first..first + DAYS / 7;
    let part = |local: &i64| match local.rem_euclid(DAY_S) / HOUR_S {
        0..8 => 0,
        8..13 => 1,
        13..18 => 2,
        _ => 3,
    };
    let count = |week, wanted| {
        let inside = pairs.iter().filter(|local| week_of(Timestamp::from_unix_secs(**local)) == week);
        inside.filter(|local| part(local) == wanted).count()
    };
    weeks
        .flat_map(|week| (0..4).map(move |part| (week, part)))
        .map(|(week, part)| count(week, part))
        .min()
        .unwrap_or(0)
}
