//! The answer for programs. Whatever was not measured is null, never zero.

use desserte_measure::{
    Delay, Estimate, LatencyFigures, METHOD_VERSION, RESPONSIVENESS_VERSION, Verdict, delay,
};
use desserte_model::{Course, RunMode, RunOutcome, Throughput};
use desserte_units::BitRate;
use serde_json::{Value, json};

use super::Measured;
use crate::conduct::{Conducted, is_sound};

/// Version of the answer.
const SCHEMA: &str = "desserte-measurement/1";

/// One direction: the run, and the run over more connections if one was made.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) one: Conducted,
    pub(crate) more: Option<Conducted>,
}

/// Everything measured.
pub(super) fn json(protocol: &str, url: &str, measured: &Measured) -> Value {
    let first = measured.download.as_ref().or(measured.upload.as_ref()).map(|part| &part.one.record);
    json!({
        "schema": SCHEMA,
        "method": METHOD_VERSION,
        "protocol": first.map_or_else(|| json!({ "name": protocol, "version": null }), |run| json!(run.protocol)),
        "url": url,
        "server": first.map(|run| json!(run.server)),
        "family": first.and_then(|run| run.connection.family).map(desserte_model::IpFamily::code),
        "tls": first.and_then(|run| run.connection.tls.clone()),
        "medium": first.map(|run| json!(run.medium)),
        "interrupted": measured.interrupted,
        "latency": first.map_or(Value::Null, idle),
        "download": part(measured.download.as_ref()),
        "upload": part(measured.upload.as_ref()),
    })
}

fn part(part: Option<&Part>) -> Value {
    let Some(part) = part else { return Value::Null };
    let mut one = direction(&part.one);
    one["more_streams"] = part.more.as_ref().map_or(Value::Null, direction);
    one
}

fn direction(conducted: &Conducted) -> Value {
    let record = &conducted.record;
    let course = &record.course;
    let estimate = estimate(record);
    let last = record.samples.last().filter(|last| last.elapsed_us > 0);
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run are far below 2^52")]
    let duration_s = last.map(|last| last.elapsed_us as f64 / 1e6);
    let interval = estimate.interval.map(|interval| {
        json!({ "low_bits_per_second": whole(interval.low), "high_bits_per_second": whole(interval.high) })
    });
    json!({
        "outcome": record.outcome.code(),
        "reason": reason(&record.outcome),
        "goodput_bits_per_second": estimate.mean.map(whole),
        "steady_bits_per_second": estimate.steady.map(whole),
        "interval": interval,
        "ramp_up_s": estimate.steady.map(|_| estimate.ramp_up.as_secs_f64()),
        "bytes": last.map(|last| last.bytes),
        "bytes_charged": conducted.bytes_charged,
        "duration_s": duration_s,
        "mode": course.plan.map(RunMode::code),
        "stop_reason": course.stop_reason.map(desserte_model::StopReason::code),
        "limited_by": course.limited_by.iter().map(|limit| limit.code()).collect::<Vec<_>>(),
        "is_sound": is_sound(record),
        "streams": course.streams,
        "threshold": threshold(conducted),
        "latency": latency(record, &estimate),
        "others_traffic": course.others_traffic.map(|others| json!(others)),
        "device": course.device.map(|device| json!(device)),
        "congestion_control": json!(record.congestion_control),
    })
}

/// The figures of a run. Where only start and end are known, as of an upload to a foreign server of iperf3, nothing tells what
/// came after the ramp.
pub(super) fn estimate(record: &Throughput) -> Estimate {
    let whole = Estimate::of(&record.samples);
    if record.samples.len() > 2 { whole } else { Estimate { steady: None, interval: None, ..whole } }
}

fn whole(rate: BitRate) -> f64 {
    rate.as_bits_per_second().round()
}

pub(super) fn reason(outcome: &RunOutcome) -> Option<String> {
    match outcome {
        RunOutcome::Complete => None,
        RunOutcome::CutShort { reason }
        | RunOutcome::Unreachable { reason }
        | RunOutcome::ProbeFault { reason } => Some(reason.clone()),
        RunOutcome::ServerBusy { retry_after_s } => {
            Some(retry_after_s.map_or("busy".to_owned(), |wait| format!("busy; come back in {wait} s")))
        }
        RunOutcome::RefusedByBudget { needed_bytes, left_bytes } => {
            Some(format!("needs {needed_bytes} octets, {left_bytes} are allowed"))
        }
    }
}

fn threshold(conducted: &Conducted) -> Value {
    let Some(RunMode::Threshold { bits_per_second }) = conducted.record.course.plan else {
        return Value::Null;
    };
    json!({ "bits_per_second": bits_per_second, "verdict": conducted.verdict.map(verdict_code) })
}

pub(super) const fn verdict_code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::Undecided => "undecided",
    }
}

fn idle(record: &Throughput) -> Value {
    let Course { echoes: Some(echoes), .. } = &record.course else { return Value::Null };
    let seen = delay(&echoes.idle_rtt_us);
    json!({
        "idle_rtt_min_ms": seen.map(|seen| millis(seen.rtt_min)),
        "idle_rtt_p50_ms": seen.map(|seen| millis(seen.rtt_p50)),
        "idle_loss_ratio": ratio(seen, echoes.idle_rtt_us.len()),
        "method": echoes.method,
    })
}

/// Latency as the echoes of a run tell it.
pub(super) fn figures(record: &Throughput) -> Option<LatencyFigures> {
    let estimate = estimate(record);
    record.course.echoes.as_ref().map(|echoes| LatencyFigures::of(echoes, estimate.ramp_up))
}

fn latency(record: &Throughput, estimate: &Estimate) -> Value {
    let Course { echoes: Some(echoes), .. } = &record.course else { return Value::Null };
    let LatencyFigures { idle, loaded, responsiveness_per_minute } =
        LatencyFigures::of(echoes, estimate.ramp_up);
    let sent = echoes
        .loaded
        .iter()
        .filter(|echo| std::time::Duration::from_micros(echo.sent_us) >= estimate.ramp_up);
    json!({
        "idle_rtt_p50_ms": idle.map(|seen| millis(seen.rtt_p50)),
        "loaded_rtt_p50_ms": loaded.map(|seen| millis(seen.rtt_p50)),
        "loaded_rtt_p95_ms": loaded.and_then(|seen| seen.rtt_p95).map(millis),
        "loaded_delay_variation_pdv_p95_ms": loaded.and_then(|seen| seen.delay_variation_pdv_p95).map(millis),
        "loaded_loss_ratio": ratio(loaded, sent.count()),
        "responsiveness_per_minute": responsiveness_per_minute.map(f64::round),
        "responsiveness_method": responsiveness_per_minute.map(|_| RESPONSIVENESS_VERSION),
    })
}

/// What was lost: all of it when nothing came back, nothing known when nothing was sent.
fn ratio(seen: Option<Delay>, sent: usize) -> Option<f64> {
    seen.map(|seen| seen.loss_ratio).or((sent > 0).then_some(1.0))
}

pub(super) fn millis(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
pub(super) mod tests {
    use desserte_model::{
        ByteSample, CongestionControl, Connection, CountedBy, CountingLayer, Direction, End, LimitedBy,
        Medium, Protocol, Server, StopReason,
    };

    use super::*;

    /// A run of ten seconds at so many Mbit/s, or one that reached no server.
    pub(in super::super) fn run(megabits: Option<u64>) -> Conducted {
        let samples: Vec<ByteSample> = megabits.map_or(Vec::new(), |megabits| {
            (0..=100)
                .map(|tenth| ByteSample { elapsed_us: tenth * 100_000, bytes: tenth * megabits * 12_500 })
                .collect()
        });
        let reached = megabits.is_some();
        let outcome = if reached {
            RunOutcome::Complete
        } else {
            RunOutcome::Unreachable { reason: "connection refused".to_owned() }
        };
        let course = Course {
            plan: Some(RunMode::Adaptive),
            stop_reason: reached.then_some(StopReason::IntervalTight),
            limited_by: if reached { vec![LimitedBy::CrossTraffic] } else { Vec::new() },
            ..Course::default()
        };
        let record = Throughput {
            direction: Direction::Download,
            protocol: Protocol { name: "ndt7".to_owned(), version: "0.11.0".to_owned() },
            outcome,
            counted_by: Some(CountedBy { end: End::Probe, layer: CountingLayer::Application }),
            samples,
            probe_tcp: Vec::new(),
            server_tcp: Vec::new(),
            congestion_control: CongestionControl::default(),
            connection: Connection { family: None, tls: None, bytes_charged: 9 },
            server: Server { id: None, host: "a:1".to_owned(), load_ratio: None, software: None },
            medium: Medium::Unknown,
            access_line: None,
            course,
        };
        Conducted { record, verdict: None, bytes_charged: 12 }
    }

    #[test]
    fn what_was_not_measured_is_null_and_never_zero() {
        let part = Part { one: run(None), more: None };
        let measured = Measured { download: Some(part), ..Measured::default() };
        let answer = json("ndt7", "ws://a:1", &measured);
        let download = &answer["download"];
        assert_eq!(download["outcome"], "unreachable");
        assert_eq!(download["bytes_charged"], 12);
        for name in [
            "goodput_bits_per_second",
            "steady_bits_per_second",
            "bytes",
            "duration_s",
            "interval",
            "latency",
        ] {
            assert_eq!(download[name], Value::Null, "{name}");
        }
        assert_eq!(download["stop_reason"], Value::Null);
        assert_eq!(answer["upload"], Value::Null);
    }

    #[test]
    fn a_run_of_which_only_start_and_end_are_known_has_a_mean_and_no_steady_figure() {
        let mut one = run(Some(80));
        one.record.samples.drain(1..100);
        let measured = Measured { upload: Some(Part { one, more: None }), ..Measured::default() };
        let upload = &json("iperf3", "a", &measured)["upload"];
        assert_eq!(upload["goodput_bits_per_second"], 80e6);
        assert_eq!((&upload["steady_bits_per_second"], &upload["interval"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn a_run_has_its_figures_and_what_held_it_back() {
        let part = Part { one: run(Some(80)), more: None };
        let measured = Measured { download: Some(part), ..Measured::default() };
        let answer = json("ndt7", "ws://a:1", &measured);
        let download = &answer["download"];
        assert_eq!(download["steady_bits_per_second"], 80e6);
        assert_eq!(download["bytes"], 100_000_000);
        assert_eq!(download["duration_s"], 10.0);
        assert_eq!(download["stop_reason"], "interval_tight");
        assert_eq!(download["limited_by"], json!(["cross_traffic"]));
        assert_eq!(download["is_sound"], false);
        assert_eq!(download["interval"]["low_bits_per_second"], 80e6);
    }
}
