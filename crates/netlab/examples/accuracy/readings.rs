//! What different tools would say of the same run.

use std::time::Duration;

use desserte_measure::Estimate;
use desserte_model::{ByteSample, Direction, Throughput};

/// Our own figure: steady goodput, and where its ramp ends.
pub(crate) fn desserte(record: &Throughput) -> Option<(f64, Duration)> {
    let estimate = Estimate::of(&record.samples);
    Some((estimate.steady?.as_bits_per_second(), estimate.ramp_up))
}

/// As the Go and JavaScript clients of ndt7 report: a download as the client's own octets over time from zero, an upload as
/// the server's last `TCP_INFO`, octets received over time from zero, TLS and framing in it.
pub(crate) fn ndt7(record: &Throughput) -> Option<f64> {
    match record.direction {
        Direction::Download => {
            let last = record.samples.last()?;
            quotient(last.bytes, last.elapsed_us)
        }
        Direction::Upload => {
            let last = record.server_tcp.iter().rfind(|counters| counters.bytes_received.is_some())?;
            quotient(last.bytes_received?, last.elapsed_us)
        }
    }
}

/// As LibreSpeed's worker computes it, from the counter that it would see: in a download what came, in an upload what
/// the sending application handed over, here taken as what its kernel sent for the first time, which is less than what its
/// kernel had taken. It would go on for up to 15 s; this is its reading when the run ends.
pub(crate) fn librespeed(record: &Throughput) -> Option<f64> {
    const TICK_US: u64 = 200_000;
    const OVERHEAD: f64 = 1.06;
    const BONUS_MOST_MS: f64 = 400.0;
    const LONGEST_MS: f64 = 15_000.0;
    let (grace_us, seen) = match record.direction {
        Direction::Download => (1_500_000, record.samples.clone()),
        Direction::Upload => (3_000_000, sent(record)),
    };
    let at = |us: u64| {
        seen.iter().take_while(|sample| sample.elapsed_us <= us).last().map_or(0, |sample| sample.bytes)
    };
    let end = seen.last()?.elapsed_us;
    let start = (1..).map(|tick| tick * TICK_US).find(|at| *at > grace_us)?;
    let (base, mut bonus_ms, mut reading) = (at(start), 0.0, None);
    let ticks = (1..).map(|tick| start + tick * TICK_US).take_while(|at| *at <= end);
    for now in ticks {
        let elapsed_ms = millis(now - start);
        let bytes_per_second = quotient(at(now) - base, now - start)? / 8.0;
        reading = Some(bytes_per_second * 8.0 * OVERHEAD);
        bonus_ms += (5.0 * bytes_per_second / 1e5).min(BONUS_MOST_MS);
        if elapsed_ms + bonus_ms > LONGEST_MS {
            break;
        }
    }
    reading
}

fn sent(record: &Throughput) -> Vec<ByteSample> {
    let first_time = |counters: &desserte_model::TcpCounters| {
        let bytes = counters.bytes_sent?.saturating_sub(counters.bytes_retransmitted.unwrap_or_default());
        Some(ByteSample { elapsed_us: counters.elapsed_us, bytes })
    };
    record.probe_tcp.iter().filter_map(first_time).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn quotient(bytes: u64, micros: u64) -> Option<f64> {
    (micros > 0).then(|| bytes as f64 * 8.0 / (micros as f64 / 1e6))
}

#[expect(clippy::cast_precision_loss, reason = "times of a run")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}
