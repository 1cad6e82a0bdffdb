//! Scripts of interruptions, and how well they were found.

use std::time::Duration;

use desserte_measure::{Found, WatchSettings};
use desserte_model::InterruptionCause;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::sim::{Case, Gap, Outcome, run};

/// What is scripted, each in turn.
pub(crate) const CAUSES: [InterruptionCause; 7] = [
    InterruptionCause::Link,
    InterruptionCause::Gateway,
    InterruptionCause::Dns,
    InterruptionCause::Beyond,
    InterruptionCause::Target,
    InterruptionCause::Power,
    InterruptionCause::Probe,
];

/// Lengths in seconds, each in turn; five seconds is the least that is promised.
const LENGTHS_S: [u64; 8] = [5, 6, 8, 12, 30, 120, 900, 7200];

/// A seeded script: every length with every cause, at random moments between minutes of calm.
pub(crate) fn script(seed: u64, lengths: usize) -> (Vec<Gap>, Duration) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |below_ms: u64| Duration::from_millis(chance.next_u64() % below_ms);
    let mut gaps = Vec::new();
    let mut at = Duration::from_secs(60);
    for (row, length) in LENGTHS_S.iter().take(lengths).enumerate() {
        for column in 0..CAUSES.len() {
            let cause = CAUSES[(row + column) % CAUSES.len()];
            let from = at + draw(120_000);
            let until = from + Duration::from_secs(*length) + draw(1_000);
            gaps.push(Gap { cause, from, until });
            at = until + Duration::from_secs(90);
        }
    }
    (gaps, at + Duration::from_secs(60))
}

/// How well one script was found.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) gaps: usize,
    pub(crate) found: usize,
    pub(crate) right_cause: usize,
    pub(crate) invented: usize,
    /// Errors of both edges in milliseconds, of what silences the line, the resolver or the probe.
    pub(crate) edges_ms: Vec<u64>,
    /// Of a single target, which is asked every other time.
    pub(crate) target_edges_ms: Vec<u64>,
    /// Of power cuts: what the signs of life allow.
    pub(crate) power_edges_ms: Vec<u64>,
    /// True edges that lie outside of what was stated as possible.
    pub(crate) outside: usize,
    pub(crate) octets: u64,
}

impl Score {
    pub(crate) fn add(&mut self, other: Self) {
        self.gaps += other.gaps;
        self.found += other.found;
        self.right_cause += other.right_cause;
        self.invented += other.invented;
        self.edges_ms.extend(other.edges_ms);
        self.target_edges_ms.extend(other.target_edges_ms);
        self.power_edges_ms.extend(other.power_edges_ms);
        self.outside += other.outside;
        self.octets += other.octets;
    }
}

/// Runs a script and compares.
pub(crate) fn score(seed: u64, lengths: usize, loss: f64, rtt: Duration, settings: WatchSettings) -> Score {
    let (gaps, length) = script(seed, lengths);
    let jitter = rtt / 4;
    let signs = Duration::from_secs(2);
    let outcome = run(&Case { seed, length, gaps: gaps.clone(), loss, rtt, jitter, settings, signs });
    compare(&gaps, &outcome)
}

/// A gap is found by the interruption of the right cause that overlaps it most, else by any that overlaps it.
pub(crate) fn compare(gaps: &[Gap], outcome: &Outcome) -> Score {
    let mut score = Score { gaps: gaps.len(), ..Score::default() };
    score.octets = outcome.regular_octets + outcome.quick_octets;
    let mut used = vec![false; outcome.found.len()];
    for gap in gaps {
        let overlap = |found: &Found| {
            let (from, until) = span(found);
            until.min(gap.until).saturating_sub(from.max(gap.from))
        };
        let best = outcome.found.iter().enumerate().filter(|(place, _)| !used[*place]);
        let best = best.max_by_key(|(_, found)| (overlap(found), found.interruption.cause == gap.cause));
        let Some((place, found)) = best.filter(|(_, found)| overlap(found) > Duration::ZERO) else {
            continue;
        };
        used[place] = true;
        score.found += 1;
        score.right_cause += usize::from(found.interruption.cause == gap.cause);
        let (from, until) = span(found);
        let errors = [from.abs_diff(gap.from), until.abs_diff(gap.until)];
        let errors = errors.map(|error| u64::try_from(error.as_millis()).unwrap_or(u64::MAX));
        match gap.cause {
            InterruptionCause::Power => score.power_edges_ms.extend(errors),
            InterruptionCause::Target => score.target_edges_ms.extend(errors),
            _ => score.edges_ms.extend(errors),
        }
        score.outside += outside(gap, found);
    }
    score.invented = used.iter().filter(|used| !**used).count();
    score
}

fn span(found: &Found) -> (Duration, Duration) {
    let since = Duration::from_micros(found.since.as_micros());
    let at = |micros: Option<u64>| micros.map(|micros| since + Duration::from_micros(micros));
    let seen = &found.interruption;
    (at(seen.start_us()).unwrap_or(since), at(seen.end_us()).unwrap_or(since))
}

/// A driver may be late by a few milliseconds on either side.
const TOLERANCE: Duration = Duration::from_millis(10);

fn outside(gap: &Gap, found: &Found) -> usize {
    let since = Duration::from_micros(found.since.as_micros());
    let at = |micros: Option<u64>| micros.map(|micros| since + Duration::from_micros(micros));
    let within = |truth: Duration, from: Option<Duration>, until: Option<Duration>| {
        from.is_none_or(|from| truth + TOLERANCE >= from)
            && until.is_none_or(|until| truth <= until + TOLERANCE)
    };
    let seen = &found.interruption;
    let start = within(gap.from, Some(since), at(seen.began_latest_us));
    let end = within(gap.until, at(seen.ended_earliest_us), at(seen.ended_latest_us));
    usize::from(!start) + usize::from(!end)
}

/// The `part` of the values (0 to 1) that are no larger; the nearest rank.
pub(crate) fn quantile(values: &mut [u64], part: f64) -> Option<u64> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a short list"
    )]
    let place = (last as f64 * part).round() as usize;
    values.get(place).copied()
}
