//! Made-up lines: what they are said to be and how they behave.

use desserte_model::{AccessLine, AccessTechnology, LineSource};
use desserte_units::BitRate;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// A line that a made-up probe sits behind.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) operator: &'static str,
    pub(super) technology: AccessTechnology,
    /// Subscribed rates, Mbit/s.
    subscribed: (f64, f64),
    /// What the line really carries when nobody else does, Mbit/s.
    pub(super) capacity: (f64, f64),
    /// Share of the capacity left in the evening.
    pub(super) evening: f64,
    /// Idle round trip, microseconds.
    pub(super) rtt_us: u32,
}

/// Invented operators: no figure here says anything of a real one.
const OPERATORS: [&str; 3] = ["opérateur-a", "opérateur-b", "opérateur-c"];

impl Line {
    /// A line as one finds in the countryside: mostly copper and fibre, some 4G, a satellite dish.
    pub(super) fn choose(random: &mut ChaCha8Rng) -> Self {
        let operator = OPERATORS[random.random_range(0..OPERATORS.len())];
        let between =
            |random: &mut ChaCha8Rng, low: u32, high: u32| f64::from(random.random_range(low..high));
        match random.random_range(0..20) {
            0..8 => {
                let down = between(random, 20, 180) / 10.0;
                let capacity = (down, (down / 10.0).clamp(0.3, 1.0));
                let rtt_us = random.random_range(28_000..48_000);
                Self {
                    operator,
                    technology: AccessTechnology::Dsl,
                    subscribed: (20.0, 1.0),
                    capacity,
                    evening: 0.9,
                    rtt_us,
                }
            }
            8..15 => {
                let subscribed = if random.random_bool(0.5) { (1_000.0, 700.0) } else { (300.0, 300.0) };
                let share = between(random, 80, 95) / 100.0;
                let capacity = (subscribed.0 * share, subscribed.1 * share);
                let rtt_us = random.random_range(7_000..14_000);
                Self {
                    operator,
                    technology: AccessTechnology::Ftth,
                    subscribed,
                    capacity,
                    evening: 0.95,
                    rtt_us,
                }
            }
            15..19 => {
                let capacity = (between(random, 12, 70), between(random, 3, 14));
                let rtt_us = random.random_range(36_000..70_000);
                Self {
                    operator,
                    technology: AccessTechnology::FourGFixed,
                    subscribed: (100.0, 20.0),
                    capacity,
                    evening: 0.45,
                    rtt_us,
                }
            }
            _ => {
                let capacity = (between(random, 20, 60), between(random, 2, 5));
                let rtt_us = 620_000;
                Self {
                    operator,
                    technology: AccessTechnology::Satellite,
                    subscribed: (100.0, 5.0),
                    capacity,
                    evening: 0.7,
                    rtt_us,
                }
            }
        }
    }

    pub(super) fn declared(&self) -> AccessLine {
        AccessLine {
            operator: Some(self.operator.to_owned()),
            technology: Some(self.technology),
            subscribed_download_bits_per_second: BitRate::from_mbit_per_s(self.subscribed.0),
            subscribed_upload_bits_per_second: BitRate::from_mbit_per_s(self.subscribed.1),
            source: LineSource::Declared,
        }
    }
}
