//! Seeded loss and jitter.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::{Jitter, Loss};

/// Loss and jitter draw from streams of their own, so that switching one on leaves the other as it was.
const LOSS_STREAM: u64 = 1;
const JITTER_STREAM: u64 = 2;

fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(number);
    generator
}

/// Uniform in 0..1, with 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact in f64")]
fn uniform(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// The loss process.
#[derive(Debug, Clone)]
pub(super) struct LossState {
    model: Loss,
    bad: bool,
    generator: ChaCha8Rng,
}

impl LossState {
    pub(super) fn new(model: Loss, seed: u64) -> Self {
        Self { model, bad: false, generator: stream(seed, LOSS_STREAM) }
    }

    /// Whether the next packet is lost.
    pub(super) fn takes(&mut self) -> bool {
        let ratio = match self.model {
            Loss::None => return false,
            Loss::Random(ratio) => ratio,
            Loss::GilbertElliott { to_bad, to_good, loss_good, loss_bad } => {
                let turn = if self.bad { to_good } else { to_bad };
                self.bad ^= uniform(&mut self.generator) < turn;
                if self.bad { loss_bad } else { loss_good }
            }
        };
        uniform(&mut self.generator) < ratio
    }
}

/// The extra delay, wandering between drawn values.
#[derive(Debug, Clone)]
pub(super) struct Wander {
    jitter: Jitter,
    generator: ChaCha8Rng,
    /// The interval that `left` and `right` bound, counted from the origin.
    index: u128,
    left: f64,
    right: f64,
}

impl Wander {
    pub(super) fn new(jitter: Jitter, seed: u64) -> Self {
        let mut generator = stream(seed, JITTER_STREAM);
        let (left, right) = (uniform(&mut generator), uniform(&mut generator));
        Self { jitter, generator, index: 0, left, right }
    }

    pub(super) const fn reorders(&self) -> bool {
        self.jitter.reorder
    }

    /// The extra delay of a packet that leaves at `at`; times do not fall.
    pub(super) fn at(&mut self, at: Duration) -> Duration {
        let interval = self.jitter.interval.as_nanos();
        if interval == 0 {
            return self.jitter.spread.mul_f64(uniform(&mut self.generator));
        }
        let index = at.as_nanos() / interval;
        while self.index < index {
            self.index += 1;
            (self.left, self.right) = (self.right, uniform(&mut self.generator));
        }
        #[expect(clippy::cast_precision_loss, reason = "a remainder below an interval")]
        let within = (at.as_nanos() % interval) as f64 / interval as f64;
        self.jitter.spread.mul_f64(self.left + (self.right - self.left) * within)
    }
}
