//! One line of the grid: both directions, our run and iperf3's.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::{ByteSample, Direction, Throughput};
use desserte_netlab::link::{Jitter, LinkConfig, Loss};
use desserte_netlab::shim::Report;
use desserte_netlab::{EmulatedLine, Lab};
use desserte_units::BitRate;
use serde_json::json;

use crate::server::Server;
use crate::table::Row;
use crate::{Run, iperf, readings};

/// One line of the grid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) rate_mbit: f64,
    pub(crate) rtt_ms: u64,
    pub(crate) seed: u64,
}

/// TCP over IPv4 with time stamps: payload of a full packet of 1500 octets.
const TCP_SHARE: f64 = 1448.0 / 1500.0;
/// A full record of TLS 1.3: header, content type and tag beside 16 KiB.
const TLS_SHARE: f64 = 16_384.0 / (16_384.0 + 22.0);

/// Where the steady part begins for tools that do not say so.
const RAMP: Duration = Duration::from_secs(2);

/// A queue is one round trip at the rate of the line, and at least this.
const QUEUE_MIN: Duration = Duration::from_millis(100);

/// Octets after which a transfer is taken to have begun; the talk before it is less.
const BEGUN_OCTETS: u64 = 20_000;

/// Step of the line's series that is kept.
const RAW_STEP: Duration = Duration::from_millis(10);

impl Cell {
    /// Measures both directions with each tool.
    pub(crate) fn measure(&self, run: &Run, server: &Server, subnet: u8) -> anyhow::Result<Vec<Row>> {
        let config = self.link()?;
        let mut lab = Lab::new(&format!("ac{subnet}"), subnet)?;
        let line = lab.emulated_line("house", &config, &config, self.seed)?;
        let mut rows = Vec::new();
        for direction in [Direction::Download, Direction::Upload] {
            self.fresh(&line, &config)?;
            let (record, origin) = client(&line, server, direction)?;
            rows.extend(self.our_rows(run, &line, &record, origin)?);
            if !run.no_iperf {
                self.fresh(&line, &config)?;
                let reading = iperf::run(&line, direction)?;
                rows.push(self.iperf_row(run, &line, direction, reading)?);
            }
        }
        Ok(rows)
    }

    fn link(&self) -> anyhow::Result<LinkConfig> {
        let rate = BitRate::from_mbit_per_s(self.rate_mbit).context("a rate")?;
        let rtt = Duration::from_millis(self.rtt_ms);
        let spread = (rtt / 10).clamp(Duration::from_micros(200), Duration::from_millis(5));
        // 1 is clean, 2 has jitter, 3 has jitter and loss, then again.
        let kind = self.seed % 3;
        Ok(LinkConfig {
            delay: rtt / 2,
            queue_octets: LinkConfig::queue_for(rate, rtt.max(QUEUE_MIN)),
            jitter: (kind != 1).then(|| Jitter::of(spread)),
            loss: if kind == 0 { Loss::Random(1e-4) } else { Loss::None },
            ..LinkConfig::of(rate)
        })
    }

    /// The line as if nobody had used it yet.
    fn fresh(&self, line: &EmulatedLine, config: &LinkConfig) -> anyhow::Result<()> {
        // What is left of the run before leaves the queues.
        std::thread::sleep(Duration::from_millis(500 + 2 * self.rtt_ms));
        line.shim.replace(config, config, self.seed);
        let quiet = |command: &mut Command| command.output().map(|_| ());
        quiet(Command::new("ip").args(["tcp_metrics", "delete", &line.address.to_string()]))?;
        quiet(line.command("ip").args(["tcp_metrics", "flush", "all"]))?;
        Ok(())
    }

    fn our_rows(
        &self,
        run: &Run,
        line: &EmulatedLine,
        record: &Throughput,
        origin: Duration,
    ) -> anyhow::Result<Vec<Row>> {
        let last =
            record.samples.last().with_context(|| format!("nothing was measured: {:?}", record.outcome))?;
        let steady = readings::desserte(record);
        let ramp = steady.map_or(RAMP, |(_, ramp)| ramp);
        // The estimate speaks of the time between the readings that it uses.
        let first = record.samples.iter().map(at).find(|at| *at >= ramp).unwrap_or(ramp);
        // The receiver's clock starts at its end of the handshake. The probe saw an upload's readings later than they
        // were taken, by the way down at the least.
        let origin = match record.direction {
            Direction::Download => origin,
            Direction::Upload => origin.saturating_sub(Duration::from_millis(self.rtt_ms) / 2),
        };
        let share = if run.clear { TCP_SHARE } else { TCP_SHARE * TLS_SHARE };
        let began = origin.saturating_sub(Duration::from_micros(line.shim.origin().as_micros()));
        let report = report(line, record.direction);
        let delivered = rate(&report, began + first, began + at(last)) * share;
        self.keep(run, record, began, &report)?;
        let row = |tool: &str, reading| Row {
            tool: tool.to_owned(),
            reading,
            delivered,
            nominal: self.rate_mbit * 1e6 * share,
            ..self.row(run, record.direction, &report)
        };
        let overrun = line.overrun()?;
        let mut rows = vec![
            row("desserte", steady.map(|(reading, _)| reading)),
            row("quotient", readings::quotient_after(record, ramp)),
            row("ndt7", readings::ndt7(record)),
            row("librespeed", readings::librespeed(record)),
        ];
        rows.iter_mut().for_each(|row| row.overrun = overrun);
        Ok(rows)
    }

    /// Keeps what the readings were made of: the record, and what the line delivered on the receiver's clock.
    fn keep(&self, run: &Run, record: &Throughput, began: Duration, report: &Report) -> anyhow::Result<()> {
        let transport = if run.clear { "clear" } else { "tls" };
        let Self { rate_mbit, rtt_ms, seed } = self;
        let name = format!("{rate_mbit}-{rtt_ms}-{seed}-{}-{transport}.json", record.direction.code());
        let raw = json!({
            "origin_on_line_us": u64::try_from(began.as_micros()).unwrap_or(u64::MAX),
            "line": report.to_json(RAW_STEP),
            "record": record,
        });
        std::fs::write(run.out.join("raw").join(name), serde_json::to_vec(&raw)?)
            .context("keeping the record")
    }

    fn iperf_row(
        &self,
        run: &Run,
        line: &EmulatedLine,
        direction: Direction,
        reading: f64,
    ) -> anyhow::Result<Row> {
        let report = report(line, direction);
        let began = report.delivered.series().find(|(_, octets)| *octets >= BEGUN_OCTETS);
        let began = began.context("iperf3 carried nothing")?.0;
        let delivered = rate(&report, began + RAMP, began + Duration::from_secs(10)) * TCP_SHARE;
        Ok(Row {
            tool: "iperf3".to_owned(),
            reading: Some(reading),
            delivered,
            nominal: self.rate_mbit * 1e6 * TCP_SHARE,
            overrun: line.overrun()?,
            ..self.row(run, direction, &report)
        })
    }

    fn row(&self, run: &Run, direction: Direction, report: &Report) -> Row {
        Row {
            rate_mbit: self.rate_mbit,
            rtt_ms: self.rtt_ms,
            direction: direction.code().to_owned(),
            seed: self.seed,
            tls: !run.clear,
            tool: String::new(),
            reading: None,
            delivered: 0.0,
            nominal: 0.0,
            late_max_us: u64::try_from(report.late_max.as_micros()).unwrap_or(u64::MAX),
            overrun: 0,
        }
    }
}

/// Runs the client in the house; gives its record and origin on the system's monotonic clock.
fn client(
    line: &EmulatedLine,
    server: &Server,
    direction: Direction,
) -> anyhow::Result<(Throughput, Duration)> {
    let scheme = if server.authority.is_some() { "wss" } else { "ws" };
    let program = std::env::current_exe().context("finding this program")?;
    let mut command = line.command(&program.to_string_lossy());
    command.args(["client", &format!("{scheme}://{}:{}", line.gateway, server.port), direction.code()]);
    command.args(&server.authority);
    let output = command.output().context("running the client")?;
    let mut said: serde_json::Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("the client said: {}", String::from_utf8_lossy(&output.stderr)))?;
    let origin = said["origin_us"].as_u64().context("a run without an origin")?;
    let record = serde_json::from_value(said["record"].take()).context("reading the record")?;
    Ok((record, Duration::from_micros(origin)))
}

fn report(line: &EmulatedLine, direction: Direction) -> Report {
    match direction {
        Direction::Download => line.shim.download(),
        Direction::Upload => line.shim.upload(),
    }
}

const fn at(sample: &ByteSample) -> Duration {
    Duration::from_micros(sample.elapsed_us)
}

/// Bits of IP per second that were handed over in a window.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn rate(report: &Report, from: Duration, until: Duration) -> f64 {
    report.delivered.octets_between(from, until) as f64 * 8.0 / until.saturating_sub(from).as_secs_f64()
}
