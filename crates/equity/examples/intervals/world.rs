//! Simulated worlds of which the truth is known.
//!
//! The logarithm of what a test measures is the sum of what is the probe's, the day's and the test's own, each normal: tests of one
//! probe depend on each other, and values are skewed as rates are. What holds for a test taken at random from all probes there could
//! be is a log-normal distribution, whose figures have formulas.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Quantiles of the normal distribution at 0.2, 0.4 and 0.9 (NIST/SEMATECH e-Handbook, 1.3.6.7.1, with more digits).
const AT_02: f64 = -0.841_621_233_572_914_3;
const AT_04: f64 = -0.253_347_103_135_799_7;
const AT_09: f64 = 1.281_551_565_544_600_4;

/// Median of all worlds, in the unit of values: 8 Mbit/s, say.
const MEDIAN: f64 = 8.0;

/// A kind of world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct World {
    /// Probes, half of them in each zone.
    pub(crate) probes: u32,
    /// Days of a probe.
    pub days: u32,
    /// Tests of a day.
    pub tests: u32,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
    /// Shares of its variance that are the probe's and the day's.
    pub shares: [f64; 2],
    /// Whether probes have very different numbers of days, the same on average.
    pub uneven: bool,
    /// By what the second zone's values are multiplied.
    pub factor: f64,
}

/// What was observed in one world: a row for each test.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub values: Vec<f64>,
    /// Probe and day.
    pub labels: Vec<(u32, u32)>,
    pub zones: Vec<u32>,
}

/// What is true of a world of one distribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Truth {
    /// The line of want.
    pub line: f64,
    mean: f64,
    /// How many are below it, how deep and how severely.
    want: [f64; 3],
    gini: f64,
    palma: f64,
    theil: f64,
    /// Atkinson's index at aversion 2.
    atkinson: f64,
}

impl Truth {
    /// What is true of a figure, by its place in the study's list. Zones do not differ.
    pub(crate) fn of(&self, figure: usize) -> f64 {
        match figure {
            0 => self.mean,
            1..=3 => self.want[figure - 1],
            4 => self.gini,
            5 => self.palma,
            // Theil T and L of a log-normal distribution are the same.
            6 | 7 => self.theil,
            8 => self.atkinson,
            _ => 0.0,
        }
    }
}

impl World {
    /// The figures of the distribution that tests of a zone come from, where the zones do not differ.
    pub(crate) fn truth(&self) -> Truth {
        let sigma = self.sigma;
        let lorenz = |at: f64| normal(at - sigma);
        let mean = MEDIAN * libm::exp(sigma * sigma / 2.0);
        let line = MEDIAN * libm::exp(sigma * AT_02);
        let (share, second) = (0.2, MEDIAN * MEDIAN * libm::exp(2.0 * sigma * sigma));
        let below = [mean / line * lorenz(AT_02), second / (line * line) * normal(AT_02 - 2.0 * sigma)];
        Truth {
            line,
            mean,
            want: [share, share - below[0], share - 2.0 * below[0] + below[1]],
            gini: 2.0 * normal(sigma / std::f64::consts::SQRT_2) - 1.0,
            palma: (1.0 - lorenz(AT_09)) / lorenz(AT_04),
            theil: sigma * sigma / 2.0,
            atkinson: 1.0 - libm::exp(-sigma * sigma),
        }
    }

    /// Observes world `number`.
    pub(crate) fn observe(&self, seed: u64, number: u64) -> Seen {
        let mut chance = Chance::new(seed, number);
        let [probe_share, day_share] = self.shares;
        let spread = |share: f64| self.sigma * libm::sqrt(share);
        let spreads = [spread(probe_share), spread(day_share), spread(1.0 - probe_share - day_share)];
        let mut seen = Seen::default();
        for probe in 0..self.probes {
            let zone = probe % 2;
            let of_probe = spreads[0] * chance.normal();
            for day in 0..self.days_of(&mut chance) {
                let of_day = of_probe + spreads[1] * chance.normal();
                for _ in 0..self.tests {
                    let log = of_day + spreads[2] * chance.normal();
                    let factor = if zone == 1 { self.factor } else { 1.0 };
                    seen.values.push(MEDIAN * factor * libm::exp(log));
                    seen.labels.push((probe, day));
                    seen.zones.push(zone);
                }
            }
        }
        seen
    }

    /// Days of a probe: all the same, or one to some four times the usual number.
    fn days_of(&self, chance: &mut Chance) -> u32 {
        if !self.uneven {
            return self.days;
        }
        // Exponential with the same mean, cut: numbers of days vary as much as their mean.
        let wanted = -libm::log(chance.uniform()) * f64::from(self.days);
        (1..4 * self.days).take_while(|days| f64::from(*days) < wanted).last().unwrap_or(0) + 1
    }
}

/// Seeded chance of the study, apart from that of draws.
struct Chance {
    words: ChaCha8Rng,
}

impl Chance {
    fn new(seed: u64, number: u64) -> Self {
        let mut key = [0x57; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut words = ChaCha8Rng::from_seed(key);
        words.set_stream(number);
        Self { words }
    }

    /// Between 0 and 1, neither of them.
    fn uniform(&mut self) -> f64 {
        (f64::from(self.words.next_u32()) + 0.5) / 4_294_967_296.0
    }

    /// Standard normal (Box and Muller, Annals of Mathematical Statistics 29, 1958).
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

/// Probability of a standard normal value up to `x`.
fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}
