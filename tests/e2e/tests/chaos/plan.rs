//! Which faults come when: dealt from a seed, so that every kind comes as often as every other.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Something that breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fault {
    ProbeKilled,
    CollectorKilled,
    ProbePower,
    CollectorPower,
    Network,
    RequestCut,
    AnswerLost,
    Repeated,
    Swapped,
    ProbeDiskFull,
    CollectorDiskFull,
    ProbeCardRefuses,
    CollectorDiskRefuses,
    Clock1970,
    ClockAhead,
    ClockBehind,
    MonthOffline,
}

/// Every kind.
pub(crate) const FAULTS: [Fault; 17] = [
    Fault::ProbeKilled,
    Fault::CollectorKilled,
    Fault::ProbePower,
    Fault::CollectorPower,
    Fault::Network,
    Fault::RequestCut,
    Fault::AnswerLost,
    Fault::Repeated,
    Fault::Swapped,
    Fault::ProbeDiskFull,
    Fault::CollectorDiskFull,
    Fault::ProbeCardRefuses,
    Fault::CollectorDiskRefuses,
    Fault::Clock1970,
    Fault::ClockAhead,
    Fault::ClockBehind,
    Fault::MonthOffline,
];

/// What may come on top of another fault, while that one lasts.
const ON_TOP: [Fault; 6] = [
    Fault::ProbeKilled,
    Fault::CollectorKilled,
    Fault::ProbePower,
    Fault::CollectorPower,
    Fault::RequestCut,
    Fault::AnswerLost,
];

impl Fault {
    /// For people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::ProbeKilled => "probe killed",
            Self::CollectorKilled => "collector killed",
            Self::ProbePower => "power of the probe cut",
            Self::CollectorPower => "power of the collector cut",
            Self::Network => "network down",
            Self::RequestCut => "request cut half way",
            Self::AnswerLost => "answer lost on its way",
            Self::Repeated => "batches repeated",
            Self::Swapped => "batches swapped",
            Self::ProbeDiskFull => "disk of the probe full",
            Self::CollectorDiskFull => "disk of the collector full",
            Self::ProbeCardRefuses => "card of the probe turned read-only",
            Self::CollectorDiskRefuses => "disk of the collector turned read-only",
            Self::Clock1970 => "calendar of the probe in 1970, new boot",
            Self::ClockAhead => "calendar of the probe 3 days ahead",
            Self::ClockBehind => "calendar of the probe 3 days behind",
            Self::MonthOffline => "30 days offline",
        }
    }
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    /// What breaks, in this order.
    pub(crate) faults: Vec<Fault>,
    /// Milliseconds of undisturbed traffic before it.
    pub(crate) before_ms: u64,
    /// Milliseconds that it lasts.
    pub(crate) lasts_ms: u64,
    /// For what a cut leaves of unflushed writes.
    pub(crate) seed: u64,
}

/// The rounds of a seed.
pub(crate) fn rounds(seed: u64, count: u64) -> Vec<Round> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut pack = Vec::new();
    (0..count)
        .map(|_| {
            if pack.is_empty() {
                pack = shuffled(&mut chance);
            }
            let first = pack.pop().unwrap_or(Fault::ProbeKilled);
            let mut faults = vec![first];
            if below(&mut chance, 3) == 0 {
                let more = pick(&mut chance, &ON_TOP);
                faults.extend((more != first).then_some(more));
            }
            let before_ms = 50 + below(&mut chance, 700);
            let lasts_ms = 100 + below(&mut chance, 600);
            Round { faults, before_ms, lasts_ms, seed: chance.next_u64() }
        })
        .collect()
}

fn shuffled(chance: &mut ChaCha8Rng) -> Vec<Fault> {
    let mut rest = FAULTS.to_vec();
    let mut pack = Vec::new();
    while !rest.is_empty() {
        let count = u64::try_from(rest.len()).unwrap();
        pack.push(rest.swap_remove(usize::try_from(below(chance, count)).unwrap()));
    }
    pack
}

fn pick(chance: &mut ChaCha8Rng, of: &[Fault]) -> Fault {
    of[usize::try_from(below(chance, u64::try_from(of.len()).unwrap())).unwrap()]
}

fn below(chance: &mut ChaCha8Rng, limit: u64) -> u64 {
    chance.next_u64() % limit
}

#[test]
fn a_seed_deals_the_same_rounds_and_every_fault() {
    let dealt = rounds(7, 34);
    assert_eq!(dealt, rounds(7, 34));
    assert_ne!(dealt, rounds(8, 34));
    assert!(FAULTS.iter().all(|fault| dealt.iter().filter(|round| round.faults[0] == *fault).count() == 2));
}
