//! The rules compared: ours, and others from their published descriptions, in code of our own.

use std::time::Duration;

use desserte_measure::{Estimate, StopRule, Terms, ThresholdRule, Verdict};
use desserte_model::StopReason;
use desserte_units::BitRate;

use crate::recording::{PLANNED, Recording};

/// When a rule stopped, and what it then said in bit/s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopped {
    pub(crate) at: f64,
    pub(crate) estimate: f64,
}

/// A rule, with its name in tables.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Recording) -> Stopped,
}

/// The rules of the comparison; ours first.
pub(crate) const RULES: [Rule; 7] = [
    Rule { name: "Desserte", run: ours },
    Rule { name: "250 MB cap", run: cap },
    Rule { name: "BBR convergence", run: bbr },
    Rule { name: "FastBTS interval", run: fastbts },
    Rule { name: "Swiftest 8 of 10", run: swiftest },
    Rule { name: "Fast.com", run: fast },
    Rule { name: "full run", run: |run| Stopped { at: PLANNED.as_secs_f64(), estimate: run.full } },
];

fn ours(run: &Recording) -> Stopped {
    stopped_by(run, StopRule::new(Terms::planned(PLANNED)))
}

/// When our rule, however it was set, stops a run.
pub(crate) fn stopped_by(run: &Recording, mut rule: StopRule) -> Stopped {
    for (index, sample) in run.samples.iter().enumerate() {
        let at = sample.elapsed_us as f64 / 1e6;
        if let Some(counters) = run.counters_at(at - run.ahead_s) {
            rule.counters(counters);
        }
        if rule.reading(*sample) == Some(StopReason::IntervalTight) {
            let steady = Estimate::of(&run.samples[..=index]).steady;
            return Stopped { at, estimate: steady.map_or(0.0, BitRate::as_bits_per_second) };
        }
    }
    Stopped { at: run.end(), estimate: run.full }
}

/// A threshold run over one connection: the verdict and when.
pub(crate) fn threshold(run: &Recording, asked: BitRate) -> (Verdict, f64) {
    threshold_over(run, asked, 1)
}

/// A threshold run over some connections: the verdict and when.
pub(crate) fn threshold_over(run: &Recording, asked: BitRate, connections: u16) -> (Verdict, f64) {
    let mut rule = ThresholdRule::new(asked, Terms { connections, ..Terms::planned(PLANNED) });
    for sample in &run.samples {
        let at = sample.elapsed_us as f64 / 1e6;
        if let Some(counters) = run.counters_at(at - run.ahead_s) {
            rule.counters(counters);
        }
        if rule.reading(*sample) == Some(StopReason::ThresholdDecided) {
            return (rule.verdict(), at);
        }
    }
    (rule.verdict(), PLANNED.as_secs_f64())
}

/// Goodput of the receiver in bit/s between two moments.
fn goodput(run: &Recording, from: f64, to: f64) -> f64 {
    (run.received(to) - run.received(from)) * 8.0 / (to - from)
}

fn times(step_ms: u32) -> impl Iterator<Item = f64> {
    let count = PLANNED.as_millis() as u32 / step_ms;
    (1..=count).map(move |index| f64::from(index * step_ms) / 1e3)
}

/// M-Lab's early exit: stop once 250 MB have been acknowledged; the result is the mean since the beginning.
///
/// Source: ndt-server, `early_exit` of the ndt7 query string; looked at every 100 ms here.
fn cap(run: &Recording) -> Stopped {
    const OCTETS: f64 = 250e6;
    let at = times(100).find(|at| run.received(*at) >= OCTETS).unwrap_or(PLANNED.as_secs_f64());
    Stopped { at, estimate: goodput(run, 0.0, at) }
}

/// BBR's own sign that the pipe is full, as discussed for ndt-server: three rounds whose delivery rate did not grow by a
/// quarter, but no stop before ten of the smallest round trips. A round is a loaded round trip; the result is the largest
/// rate of the last ten rounds, as BBR's model has it.
///
/// Source: m-lab/ndt-server issues 315 and 316; N. Cardwell and others, BBR, ACM Queue 14 (2016). Looked at from
/// outside, so that it also works on senders with other congestion control.
fn bbr(run: &Recording) -> Stopped {
    let end = PLANNED.as_secs_f64();
    let (mut from, mut best, mut still) = (0.0, 0.0, 0);
    let mut rates: Vec<f64> = Vec::new();
    loop {
        let counters = run.counters_at(from + 0.01);
        let micros = |value: Option<u64>| value.map(Duration::from_micros).map(|time| time.as_secs_f64());
        let rtt = counters.and_then(|read| micros(read.rtt_us)).unwrap_or(0.05).max(0.01);
        let smallest = counters.and_then(|read| micros(read.rtt_min_us)).unwrap_or(rtt);
        let to = from + rtt;
        let at = to + run.ahead_s;
        if at >= end {
            return Stopped { at: end, estimate: goodput(run, 2.0, end) };
        }
        let rate = (run.acknowledged(to) - run.acknowledged(from)) * 8.0 / rtt;
        rates.push(rate);
        if rate >= best * 1.25 {
            (best, still) = (rate, 0);
        } else {
            still += 1;
        }
        if still >= 3 && to >= 10.0 * smallest {
            let last = &rates[rates.len().saturating_sub(10)..];
            return Stopped { at, estimate: last.iter().copied().fold(0.0, f64::max) };
        }
        from = to;
    }
}

/// FastBTS, crucial interval: of the samples, sorted, take the interval with the largest count squared over width, no narrower
/// than the range over the number of samples; stop when it overlapped with the one before by nine tenths (Jaccard) four
/// times running, after five seconds at the latest; the result is the mean within.
///
/// Source: X. Yang and others, Fast and Light Bandwidth Testing for Internet Users, NSDI 2021; step, overlap and limit
/// as in the page the authors published. Theirs adds a second server and a kernel module of its own, left out here.
fn fastbts(run: &Recording) -> Stopped {
    let mut samples: Vec<f64> = Vec::new();
    let (mut previous, mut agreed) = ((0.0, 0.0), 0);
    let mut estimate = 0.0;
    for at in times(200) {
        samples.push(goodput(run, at - 0.2, at));
        let (low, high) = crucial_interval(&samples);
        let within: Vec<f64> = samples.iter().copied().filter(|rate| (low..=high).contains(rate)).collect();
        estimate = within.iter().sum::<f64>() / within.len().max(1) as f64;
        let (before_low, before_high) = previous;
        let union = high.max(before_high) - low.min(before_low);
        let overlap = high.min(before_high) - low.max(before_low);
        agreed = if union > 0.0 && overlap / union >= 0.9 { agreed + 1 } else { 0 };
        previous = (low, high);
        if agreed >= 4 || at >= 5.0 {
            return Stopped { at, estimate };
        }
    }
    Stopped { at: PLANNED.as_secs_f64(), estimate }
}

fn crucial_interval(samples: &[f64]) -> (f64, f64) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
    let narrowest = (last - first) / sorted.len() as f64;
    let mut best = (0.0, first, last);
    for (index, low) in sorted.iter().enumerate() {
        for (further, high) in sorted[index + 1..].iter().enumerate() {
            let (count, width) = ((further + 2) as f64, high - low);
            if width >= narrowest && width > 0.0 && count * count / width > best.0 {
                best = (count * count / width, *low, *high);
            }
        }
    }
    (best.1, best.2)
}

/// Swiftest: a sample every 10 ms of the last 50 ms; stop when eight of the last ten lie within 3 % of each other, after five
/// seconds or 200 MB at the latest; the result is their mean.
///
/// Source: X. Yang and others, Mobile Access Bandwidth in Practice, SIGCOMM 2022, and the released client. Theirs floods with
/// UDP at a rate guessed by a model; here the rule sees the acknowledged octets of TCP.
fn swiftest(run: &Recording) -> Stopped {
    let mut samples: Vec<f64> = Vec::new();
    for to in times(10) {
        let at = to + run.ahead_s;
        let rate = (run.acknowledged(to) - run.acknowledged((to - 0.05).max(0.0))) * 8.0 / 0.05;
        samples.push(rate);
        let mut last = samples[samples.len().saturating_sub(10)..].to_vec();
        last.sort_by(f64::total_cmp);
        let agreeing = last.windows(8).find(|eight| eight[0] > 0.0 && eight[7] <= eight[0] * 1.03);
        if let Some(eight) = agreeing {
            return Stopped { at, estimate: eight.iter().sum::<f64>() / 8.0 };
        }
        if at >= 5.0 || run.acknowledged(to) >= 200e6 {
            return Stopped { at, estimate: last.iter().sum::<f64>() / last.len() as f64 };
        }
    }
    Stopped { at: PLANNED.as_secs_f64(), estimate: run.full }
}

/// Fast.com as the authors of FastBTS describe it: samples of 100 ms; from five seconds on, stop when those of the last two
/// seconds differ by 3 % or less; the result is their mean, at the end that of the last two seconds.
///
/// Source: the FastBTS repository, folder Fast.com.
fn fast(run: &Recording) -> Stopped {
    let end = PLANNED.as_secs_f64();
    let window = |at: f64| -> Vec<f64> {
        (0..20).map(|index| at - f64::from(index) / 10.0).map(|to| goodput(run, to - 0.1, to)).collect()
    };
    let agreed = times(100).filter(|at| *at >= 5.0).find(|at| {
        let samples = window(*at);
        let (low, high) = samples
            .iter()
            .fold((f64::MAX, 0.0), |(low, high): (f64, f64), rate| (low.min(*rate), high.max(*rate)));
        low > 0.0 && (high - low) / low <= 0.03
    });
    let at = agreed.unwrap_or(end);
    let samples = window(at);
    Stopped { at, estimate: samples.iter().sum::<f64>() / samples.len() as f64 }
}
