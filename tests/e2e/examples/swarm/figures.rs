//! What was waited for, how evenly, and what it cost.

use std::fs;
use std::time::{Duration, Instant};

/// What became of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) probe: usize,
    pub(crate) records: u64,
    /// When it was to be sent, since the beginning.
    pub(crate) wanted: Duration,
    /// From then to its acknowledgement, everything included.
    pub(crate) waited: Duration,
    /// Times that it was asked to come back.
    pub(crate) refused: u32,
    /// Times without an answer.
    pub(crate) failed: u32,
}

impl Outcome {
    pub(crate) fn new(probe: usize, records: u64, wanted: Duration) -> Self {
        Self { probe, records, wanted, waited: Duration::ZERO, refused: 0, failed: 0 }
    }
}

/// What a process and its children took.
pub(crate) struct Host {
    process: u32,
    begun: Instant,
    cpu_s: f64,
}

/// What a process took in a time.
pub(crate) struct Used {
    seconds: f64,
    cpu_s: f64,
    memory_mb: f64,
}

impl Host {
    pub(crate) fn begin(process: u32) -> Self {
        Self { process, begun: Instant::now(), cpu_s: sum(process, cpu_s) }
    }

    pub(crate) fn end(&self) -> Used {
        Used {
            seconds: self.begun.elapsed().as_secs_f64(),
            cpu_s: sum(self.process, cpu_s) - self.cpu_s,
            memory_mb: sum(self.process, memory_mb),
        }
    }
}

/// Something of a process and of its children, as PostgreSQL has one for each connection.
fn sum(process: u32, of: impl Fn(u32) -> f64) -> f64 {
    let mut processes = vec![process];
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
        processes.extend(number.filter(|number| fields(*number).get(1) == Some(&f64::from(process))));
    }
    processes.into_iter().map(of).sum()
}

/// The fields of /proc/PID/stat behind the name: the state, which is no number, the parent, and so on.
fn fields(process: u32) -> Vec<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    behind.split_whitespace().map(|word| word.parse().unwrap_or(f64::NAN)).collect()
}

/// Processor time in user and kernel mode; hundredths of a second is what Linux counts in.
fn cpu_s(process: u32) -> f64 {
    fields(process).get(11..13).map_or(0.0, |times| times.iter().sum::<f64>() / 100.0)
}

/// What a process has alone and its part of what it shares, now; at most, that is not known of what is shared.
fn memory_mb(process: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let share = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB"));
    share.and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0) / 1000.0
}

/// Prints what a run came to; gives the seconds until everything was acknowledged.
pub(crate) fn report(title: &str, outcomes: &[Outcome], used: &Used) -> f64 {
    let mut waits: Vec<f64> = outcomes.iter().map(|outcome| outcome.waited.as_secs_f64()).collect();
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() as f64 * share) as usize).min(waits.len() - 1)] * 1e3;
    let ends: Vec<f64> = outcomes.iter().map(|o| (o.wanted + o.waited).as_secs_f64()).collect();
    let last = ends.iter().copied().fold(0.0, f64::max);
    let records: u64 = outcomes.iter().map(|outcome| outcome.records).sum();
    println!("\n{title}");
    println!(
        "  {} batches, {records} records acknowledged in {last:.1} s ({:.0} batches/s, {:.0} records/s)",
        outcomes.len(),
        outcomes.len() as f64 / last,
        records as f64 / last
    );
    println!(
        "  to the acknowledgement, ms: median {:.0}, p90 {:.0}, p99 {:.0}, longest {:.0}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    let (refused, failed) = outcomes.iter().fold((0, 0), |(r, f), o| (r + o.refused, f + o.failed));
    println!("  asked to come back {refused} times, without an answer {failed} times");
    println!(
        "  Jain's index of the waits of probes {:.3}; waits beyond ten medians: {}",
        jain(&by_probe(outcomes)),
        waits.iter().filter(|wait| **wait * 1e3 > 10.0 * at(0.5)).count()
    );
    let backlog: Vec<String> = (1..=10)
        .map(|tenth| {
            let time = last * f64::from(tenth) / 10.0;
            let due =
                outcomes.iter().zip(&ends).filter(|(o, end)| o.wanted.as_secs_f64() <= time && **end > time);
            format!("{:.0} s: {}", time, due.count())
        })
        .collect();
    println!("  batches waiting, {}", backlog.join(", "));
    println!(
        "  the server took {:.1} s of processor in {:.1} s, and {:.0} MB of memory at the end",
        used.cpu_s, used.seconds, used.memory_mb
    );
    last
}

/// The longest wait of each probe, in seconds.
fn by_probe(outcomes: &[Outcome]) -> Vec<f64> {
    let probes = outcomes.iter().map(|outcome| outcome.probe).max().map_or(0, |last| last + 1);
    let mut longest = vec![0.0_f64; probes];
    for outcome in outcomes {
        longest[outcome.probe] = longest[outcome.probe].max(outcome.waited.as_secs_f64());
    }
    longest
}

/// 1 when all have the same, one part of their number when one has everything (Jain, Chiu and Hawe, 1984).
fn jain(values: &[f64]) -> f64 {
    let (sum, squares) = values.iter().fold((0.0, 0.0), |(s, q), value| (s + value, q + value * value));
    sum * sum / (values.len() as f64 * squares)
}
