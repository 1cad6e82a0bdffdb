//! The file of readings.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

/// One tool's reading of one run.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) rate_mbit: f64,
    pub(crate) rtt_ms: u64,
    pub(crate) direction: String,
    pub(crate) seed: u64,
    pub(crate) tls: bool,
    pub(crate) tool: String,
    /// What the tool says; `None` when it says nothing.
    pub(crate) reading: Option<f64>,
    /// Payload that the line delivered per second after the ramp, by its own counters.
    pub(crate) delivered: f64,
    /// Payload that the line can carry.
    pub(crate) nominal: f64,
    pub(crate) late_max_us: u64,
    pub(crate) overrun: u64,
}

const HEADER: &str = "rate_mbit_per_s,rtt_ms,direction,seed,tls,tool,reading_bits_per_second,\
delivered_bits_per_second,nominal_bits_per_second,late_max_us,overrun_packets";

impl Row {
    /// Relative error against what was delivered.
    pub(crate) fn error(&self) -> Option<f64> {
        Some(self.reading? / self.delivered - 1.0)
    }

    /// The reading over what the line can carry.
    pub(crate) fn of_nominal(&self) -> Option<f64> {
        Some(self.reading? / self.nominal)
    }

    /// What it was that was measured.
    pub(crate) fn key(&self) -> String {
        key(self.rate_mbit, self.rtt_ms, self.seed, self.tls)
    }

    fn to_line(&self) -> String {
        let reading = self.reading.map(|reading| format!("{reading:.0}")).unwrap_or_default();
        format!(
            "{},{},{},{},{},{},{reading},{:.0},{:.0},{},{}",
            self.rate_mbit,
            self.rtt_ms,
            self.direction,
            self.seed,
            self.tls,
            self.tool,
            self.delivered,
            self.nominal,
            self.late_max_us,
            self.overrun
        )
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        Some(Self {
            rate_mbit: next()?.parse().ok()?,
            rtt_ms: next()?.parse().ok()?,
            direction: next()?.to_owned(),
            seed: next()?.parse().ok()?,
            tls: next()?.parse().ok()?,
            tool: next()?.to_owned(),
            reading: next()?.parse().ok(),
            delivered: next()?.parse().ok()?,
            nominal: next()?.parse().ok()?,
            late_max_us: next()?.parse().ok()?,
            overrun: next()?.parse().ok()?,
        })
    }
}

pub(crate) fn key(rate_mbit: f64, rtt_ms: u64, seed: u64, tls: bool) -> String {
    format!("{rate_mbit} {rtt_ms} {seed} {tls}")
}

/// All rows so far; none when there is no file yet.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path).context("reading the readings")?;
    text.lines()
        .skip(1)
        .map(|line| Row::from_line(line).with_context(|| format!("not a reading: {line}")))
        .collect()
}

/// What has been measured so far.
pub(crate) fn done(rows: &[Row]) -> HashSet<String> {
    rows.iter().map(Row::key).collect()
}

/// Adds the rows of one line, all at once.
pub(crate) fn append(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut text = if path.exists() { String::new() } else { format!("{HEADER}\n") };
    for row in rows {
        text.push_str(&row.to_line());
        text.push('\n');
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).context("opening the readings")?;
    file.write_all(text.as_bytes()).context("writing the readings")
}
