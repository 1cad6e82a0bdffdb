//! What readings are made of, kept so that they can be made again by another method.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::{RunOutcome, Throughput};
use serde_json::{Value, json};

use crate::cell::{Cell, RAMP, TCP_SHARE};
use crate::readings;
use crate::table::Row;

/// A full record of TLS 1.3: header, content type and tag beside 16 KiB.
const TLS_SHARE: f64 = 16_384.0 / (16_384.0 + 22.0);

/// Step of the line's series: a bin of which a window cuts a part counts in proportion.
pub(crate) const STEP: Duration = Duration::from_millis(2);

/// One run of the measurement and what its line did.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) cell: Cell,
    pub(crate) tls: bool,
    pub(crate) record: Throughput,
    /// The origin of the receiver's clock on the line's, microseconds.
    pub(crate) origin_us: u64,
    /// What the line handed over: time on its clock in microseconds, octets until then.
    pub(crate) series: Vec<(u64, u64)>,
    pub(crate) late_max_us: u64,
    pub(crate) overrun: u64,
}

impl Raw {
    /// What each tool would say, and the truth.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let record = &self.record;
        let steady = readings::desserte(record);
        let ramp = steady.map_or(RAMP, |(_, ramp)| ramp);
        let ramp_us = u64::try_from(ramp.as_micros()).unwrap_or(u64::MAX);
        // The estimate speaks of the time between the readings that it uses.
        let first = record.samples.iter().map(|sample| sample.elapsed_us).find(|at| *at >= ramp_us);
        let last = record.samples.last().map(|sample| sample.elapsed_us);
        let share = if self.tls { TCP_SHARE * TLS_SHARE } else { TCP_SHARE };
        let delivered = self.rate(first.unwrap_or(ramp_us), last.unwrap_or_default()) * share;
        let row = |tool: &str, reading| Row {
            rate_mbit: self.cell.rate_mbit,
            rtt_ms: self.cell.rtt_ms,
            direction: record.direction.code().to_owned(),
            seed: self.cell.seed,
            tls: self.tls,
            tool: tool.to_owned(),
            reading,
            delivered,
            nominal: self.cell.rate_mbit * 1e6 * share,
            late_max_us: self.late_max_us,
            overrun: self.overrun,
        };
        vec![
            row("desserte", steady.map(|(reading, _)| reading)),
            row("ndt7", readings::ndt7(record)),
            row("librespeed", readings::librespeed(record)),
        ]
    }

    /// Whether the run came to the end that it was meant to have.
    pub(crate) fn is_complete(&self) -> bool {
        self.record.outcome == RunOutcome::Complete
    }

    /// Bits of IP per second between two times on the receiver's clock.
    fn rate(&self, from_us: u64, until_us: u64) -> f64 {
        let octets = self.octets_until(until_us) - self.octets_until(from_us);
        octets * 8.0 / Duration::from_micros(until_us.saturating_sub(from_us)).as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    fn octets_until(&self, elapsed_us: u64) -> f64 {
        let at = self.origin_us + elapsed_us;
        let step = u64::try_from(STEP.as_micros()).unwrap_or(u64::MAX);
        let past = self.series.partition_point(|(end, _)| *end <= at);
        let before = past.checked_sub(1).map_or(0, |index| self.series[index].1) as f64;
        // An entry speaks of the step that ends at its time.
        match self.series.get(past) {
            Some((end, octets)) if end - step < at => {
                before + (*octets as f64 - before) * ((at + step - end) as f64 / step as f64)
            }
            _ => before,
        }
    }

    /// Writes a file of its own into `folder`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let transport = if self.tls { "tls" } else { "clear" };
        let Cell { rate_mbit, rtt_ms, seed } = self.cell;
        let direction = self.record.direction.code();
        let path = folder.join(format!("{rate_mbit}-{rtt_ms}-{seed}-{direction}-{transport}.json"));
        let raw = json!({
            "rate_mbit_per_s": rate_mbit,
            "rtt_ms": rtt_ms,
            "seed": seed,
            "tls": self.tls,
            "origin_us": self.origin_us,
            "late_max_us": self.late_max_us,
            "overrun_packets": self.overrun,
            "series": self.series,
            "record": self.record,
        });
        std::fs::write(path, serde_json::to_vec(&raw)?).context("keeping a run")
    }

    /// Reads every file of `folder`, by name.
    pub(crate) fn read_all(folder: &Path) -> anyhow::Result<Vec<Self>> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .with_context(|| format!("reading {}", folder.display()))?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        paths.sort();
        paths
            .iter()
            .map(|path| Self::read(path).with_context(|| format!("reading {}", path.display())))
            .collect()
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let mut raw: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let number = |key: &str| raw[key].as_u64().with_context(|| format!("no {key}"));
        Ok(Self {
            cell: Cell {
                rate_mbit: raw["rate_mbit_per_s"].as_f64().context("no rate")?,
                rtt_ms: number("rtt_ms")?,
                seed: number("seed")?,
            },
            tls: raw["tls"].as_bool().context("no transport")?,
            origin_us: number("origin_us")?,
            late_max_us: number("late_max_us")?,
            overrun: number("overrun_packets")?,
            series: serde_json::from_value(raw["series"].take())?,
            record: serde_json::from_value(raw["record"].take())?,
        })
    }
}
