//! What echoes say of the delay, without load and under it.
//!
//! Echoes sent while a run has not yet filled the line describe neither state, so those of the ramp are left out of what
//! is said to be loaded.

use std::time::Duration;

use desserte_model::LoadedEchoes;

/// Version of [`responsiveness`]; stored beside the figure.
pub const RESPONSIVENESS_VERSION: &str = "desserte-responsiveness/1";

/// Share of the longest round trips that the responsiveness leaves out.
///
/// Source: IETF IPPM work on responsiveness under working conditions, which trims its means at the 95th percentile.
const TRIMMED_SHARE: f64 = 0.05;

/// Fewer answers than this give no 95th percentile: it would be the largest.
const ANSWERS_FOR_P95: usize = 20;

/// What a set of echoes says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delay {
    /// Echoes sent.
    pub sent: usize,
    /// Share of them that no answer came to in time; 0 to 1. An echo is lost or late: this is no count of packets.
    pub loss_ratio: f64,
    /// Shortest round trip.
    pub rtt_min: Duration,
    /// Median round trip.
    pub rtt_p50: Duration,
    /// 95th percentile of round trips, by nearest rank; absent with too few answers to tell it from the longest.
    pub rtt_p95: Option<Duration>,
    /// Variation of the round trip as the 95th percentile of its excess over the shortest (the form called PDV in RFC
    /// 5481, section 4.2, with round trips in place of one-way delays); absent as `rtt_p95` is.
    pub delay_variation_pdv_p95: Option<Duration>,
}

/// What echoes around a run say, in the direction of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyFigures {
    /// Just before the run.
    pub idle: Option<Delay>,
    /// During the run, its ramp left out.
    pub loaded: Option<Delay>,
    /// Round trips a minute under the load; see [`responsiveness`].
    pub responsiveness_per_minute: Option<f64>,
}

impl LatencyFigures {
    /// Reads the figures off the echoes of a run whose ramp lasted `ramp_up`.
    ///
    /// # Missing data
    /// Each part is `None` when no echo of it was answered: what was lost altogether has no delay. How many were sent in
    /// vain is in the record.
    #[must_use]
    pub fn of(echoes: &LoadedEchoes, ramp_up: Duration) -> Self {
        let loaded: Vec<Option<u32>> = echoes
            .loaded
            .iter()
            .filter(|echo| Duration::from_micros(echo.sent_us) >= ramp_up)
            .map(|echo| echo.rtt_us)
            .collect();
        Self {
            idle: delay(&echoes.idle_rtt_us),
            loaded: delay(&loaded),
            responsiveness_per_minute: responsiveness(&loaded),
        }
    }
}

/// What round trips in microseconds say; `None` among them is an echo that no answer came to.
///
/// # Missing data
/// `None` when no answer came at all.
#[must_use]
pub fn delay(rtt_us: &[Option<u32>]) -> Option<Delay> {
    let answered = sorted(rtt_us);
    let shortest = *answered.first()?;
    let p95 = (answered.len() >= ANSWERS_FOR_P95).then(|| quantile(&answered, 95));
    Some(Delay {
        sent: rtt_us.len(),
        loss_ratio: share(rtt_us.len() - answered.len(), rtt_us.len()),
        rtt_min: micros(shortest),
        rtt_p50: micros(quantile(&answered, 50)),
        rtt_p95: p95.map(micros),
        delay_variation_pdv_p95: p95.map(|p95| micros(p95 - shortest)),
    })
}

/// Round trips a minute: sixty seconds over the mean round trip, the longest twentieth left out. The published method of
/// the same name also asks new connections and requests; this one knows echoes only, so the two are not to be mixed.
///
/// # Missing data
/// `None` when no answer came, or only in no time at all.
#[must_use]
pub fn responsiveness(rtt_us: &[Option<u32>]) -> Option<f64> {
    let mut answered = sorted(rtt_us);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of echoes are far below 2^52"
    )]
    let trimmed = (answered.len() as f64 * TRIMMED_SHARE) as usize;
    answered.truncate(answered.len() - trimmed);
    let total: u64 = answered.iter().map(|rtt| u64::from(*rtt)).sum();
    #[expect(clippy::cast_precision_loss, reason = "sums of microseconds are far below 2^52")]
    let mean_us = total as f64 / answered.len() as f64;
    (mean_us > 0.0).then(|| 60e6 / mean_us)
}

fn sorted(rtt_us: &[Option<u32>]) -> Vec<u32> {
    let mut answered: Vec<u32> = rtt_us.iter().flatten().copied().collect();
    answered.sort_unstable();
    answered
}

/// The value of nearest rank: the smallest that so many percent do not pass.
fn quantile(sorted: &[u32], percent: usize) -> u32 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

fn share(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of echoes are far below 2^52")]
    let share = part as f64 / whole as f64;
    share
}

const fn micros(rtt_us: u32) -> Duration {
    Duration::from_micros(rtt_us as u64)
}

#[cfg(test)]
mod tests {
    use desserte_model::{EchoMethod, TimedEcho};

    use super::*;

    #[test]
    fn percentiles_are_those_of_nearest_rank_and_loss_has_no_delay() {
        let mut rtt: Vec<Option<u32>> = (1..=100).map(|ms| Some(ms * 1000)).collect();
        rtt.extend([None; 25]);
        let seen = delay(&rtt).unwrap();
        assert_eq!((seen.sent, seen.loss_ratio), (125, 0.2));
        assert_eq!(seen.rtt_min, Duration::from_millis(1));
        assert_eq!(seen.rtt_p50, Duration::from_millis(50));
        assert_eq!(seen.rtt_p95, Some(Duration::from_millis(95)));
        assert_eq!(seen.delay_variation_pdv_p95, Some(Duration::from_millis(94)));
        assert_eq!(delay(&[None, None]), None);
        assert_eq!(delay(&[]), None);
        assert_eq!(delay(&[Some(7); 19]).unwrap().rtt_p95, None);
    }

    #[test]
    fn responsiveness_is_round_trips_a_minute_without_the_longest_twentieth() {
        let mut rtt = vec![Some(100_000); 19];
        rtt.push(Some(4_000_000));
        assert_eq!(responsiveness(&rtt), Some(600.0));
        assert_eq!(responsiveness(&[None]), None);
        assert_eq!(responsiveness(&[]), None);
    }

    #[test]
    fn echoes_of_the_ramp_are_neither_idle_nor_loaded() {
        let echo =
            |sent_ms: u64, rtt_ms: u32| TimedEcho { sent_us: sent_ms * 1000, rtt_us: Some(rtt_ms * 1000) };
        let echoes = LoadedEchoes {
            target: None,
            method: EchoMethod::Icmp,
            idle_rtt_us: vec![Some(20_000); 5],
            loaded: vec![echo(0, 20), echo(500, 60), echo(1000, 120), echo(1500, 120)],
            timed_by_kernel: None,
        };
        let figures = LatencyFigures::of(&echoes, Duration::from_secs(1));
        assert_eq!(figures.idle.unwrap().rtt_p50, Duration::from_millis(20));
        assert_eq!(figures.loaded.unwrap().rtt_p50, Duration::from_millis(120));
        assert_eq!(figures.loaded.unwrap().sent, 2);
        assert_eq!(figures.responsiveness_per_minute, Some(500.0));
    }
}
