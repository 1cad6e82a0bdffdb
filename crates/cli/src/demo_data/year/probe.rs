//! One made-up probe: its line, its interruptions, and what it observes.

use desserte_units::Timestamp;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::line::Line;
use super::{DAY_US, HOUR_US};

const MINUTE_US: i64 = 60_000_000;

/// Hours of the day, UTC, at which a download and then an upload is run.
const RUN_HOURS: [i64; 6] = [1, 7, 10, 14, 18, 20];

/// Hours of the day, UTC, in which others use the line or its cell.
const EVENING: std::ops::Range<i64> = 18..22;

/// Echoes of a minute: the closest watch sends one each 1.9 s.
const ECHOES: i64 = 31;

/// Days between two interruptions, on average.
const OUTAGE_DAYS: i64 = 9;

/// The longest interruption; lengths are spread evenly over their logarithm, from ten seconds on.
const OUTAGE_OCTAVES: f64 = 11.0;
const OUTAGE_SHORTEST_US: f64 = 10_000_000.0;

/// One in so many days of a probe arrives late, by up to [`LATE_DAYS`].
const LATE_ONE_IN: u32 = 100;
const LATE_DAYS: i64 = 30;

/// One in so many days of a probe is missing: it was switched off.
const OFF_ONE_IN: u32 = 120;

/// What a probe observes.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    Minute { state: &'static str, lost: i64, rtt_us: Option<i64> },
    Run { direction: &'static str, mean: Option<f64>, steady: Option<f64> },
    Outage { start_us: i64, duration_us: i64 },
    Health { uptime_us: i64 },
}

/// One record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) event_us: i64,
    pub(super) sequence: i64,
    pub(super) seen: Seen,
}

pub(super) struct Probe {
    pub(super) id: String,
    pub(super) commune: String,
    pub(super) vintage: i64,
    pub(super) line: Line,
    random: ChaCha8Rng,
    start_us: i64,
    sequence: i64,
    /// Start and length of the interruption that is under way or comes next.
    outage: (i64, i64),
    off: bool,
}

impl Probe {
    pub(super) fn new(number: u32, seed: u64, commune: &str, vintage: i64, start: Timestamp) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::from(number) + 1);
        let id = format!("{:032x}", random.random::<u128>());
        let line = Line::choose(&mut random);
        let start_us = start.as_unix_micros();
        let mut probe = Self {
            id,
            commune: commune.to_owned(),
            vintage,
            line,
            random,
            start_us,
            sequence: 0,
            outage: (start_us, 0),
            off: false,
        };
        probe.next_outage();
        probe
    }

    pub(super) const fn echoes() -> i64 {
        ECHOES
    }

    /// At the start of a day: how many days late its records arrive, zero for nearly all.
    pub(super) fn begin_day(&mut self) -> i64 {
        self.off = self.random.random_ratio(1, OFF_ONE_IN);
        if self.random.random_ratio(1, LATE_ONE_IN) { self.random.random_range(1..=LATE_DAYS) } else { 0 }
    }

    /// What is observed in an hour, in order.
    pub(super) fn hour(&mut self, from_us: i64) -> Vec<Record> {
        if self.off {
            return Vec::new();
        }
        let hour = from_us.rem_euclid(DAY_US) / HOUR_US;
        let load = if EVENING.contains(&hour) { self.line.evening } else { 1.0 };
        let mut made = vec![];
        self.record(&mut made, from_us, Seen::Health { uptime_us: from_us - self.start_us });
        for minute in 0..60 {
            let at = from_us + minute * MINUTE_US;
            let seen = self.minute(at, load);
            self.record(&mut made, at, seen);
            if RUN_HOURS.contains(&hour) && minute == 31 {
                let (down, up) = self.line.capacity;
                for (direction, capacity) in [("download", down), ("upload", up)] {
                    let seen = self.run(at, direction, capacity * load);
                    self.record(&mut made, at, seen);
                }
            }
            let (start_us, duration_us) = self.outage;
            if start_us + duration_us < at + MINUTE_US {
                self.record(&mut made, start_us, Seen::Outage { start_us, duration_us });
                self.next_outage();
            }
        }
        made
    }

    fn record(&mut self, made: &mut Vec<Record>, event_us: i64, seen: Seen) {
        made.push(Record { event_us, sequence: self.sequence, seen });
        self.sequence += 1;
    }

    #[expect(clippy::cast_possible_truncation, reason = "microseconds of a few hours")]
    fn next_outage(&mut self) {
        let (start, length) = self.outage;
        let gap = self.random.random_range(0..2 * OUTAGE_DAYS * DAY_US);
        let octave = self.random.random_range(0.0..OUTAGE_OCTAVES);
        self.outage = (start + length + gap, (OUTAGE_SHORTEST_US * power_of_two(octave)) as i64);
    }

    fn down_us(&self, at: i64) -> i64 {
        let (start, length) = self.outage;
        ((start + length).min(at + MINUTE_US) - start.max(at)).max(0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "microseconds of a round trip")]
    fn minute(&mut self, at: i64, load: f64) -> Seen {
        let base = f64::from(self.line.rtt_us) * (1.0 + 0.5 * (1.0 - load));
        let rtt_us = (base * self.random.random_range(1.0..1.12)) as i64;
        let down_us = self.down_us(at);
        if down_us == MINUTE_US {
            return Seen::Minute { state: "down", lost: ECHOES, rtt_us: None };
        }
        let chance = i64::from(self.random.random_ratio(1, 50));
        let lost = (ECHOES * down_us / MINUTE_US + chance).min(ECHOES - 1);
        let state = if down_us > 0 { "degraded" } else { "up" };
        Seen::Minute { state, lost, rtt_us: Some(rtt_us) }
    }

    fn run(&mut self, at: i64, direction: &'static str, capacity_mbit_per_s: f64) -> Seen {
        if self.down_us(at) > 0 {
            return Seen::Run { direction, mean: None, steady: None };
        }
        let steady = capacity_mbit_per_s * 1e6 * self.random.random_range(0.85..1.0);
        Seen::Run { direction, mean: Some(steady * 0.93), steady: Some(steady) }
    }
}

/// Two to a power, without the last digits that differ between machines: a straight line between whole powers.
fn power_of_two(octave: f64) -> f64 {
    let whole = octave.floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to OUTAGE_OCTAVES")]
    let power = f64::from(2_u32.pow((whole as u8).into()));
    power * (1.0 + (octave - whole))
}
