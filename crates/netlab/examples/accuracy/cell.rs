//! One line of the grid: both directions, our run and iperf3's.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use desserte_model::{Direction, Throughput};
use desserte_netlab::link::{Jitter, LinkConfig, Loss};
use desserte_netlab::shim::Report;
use desserte_netlab::{EmulatedLine, Lab};
use desserte_units::BitRate;

use crate::raw::{Raw, STEP};
use crate::server::Server;
use crate::table::Row;
use crate::{Run, iperf};

/// One line of the grid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) rate_mbit: f64,
    pub(crate) rtt_ms: u64,
    pub(crate) seed: u64,
}

/// TCP over IPv4 with time stamps: payload of a full packet of 1500 octets.
pub(crate) const TCP_SHARE: f64 = 1448.0 / 1500.0;

/// Where the steady part begins for tools that do not say so.
pub(crate) const RAMP: Duration = Duration::from_secs(2);

/// A queue is one round trip at the rate of the line, and at least this.
const QUEUE_MIN: Duration = Duration::from_millis(100);

/// Octets after which a transfer is taken to have begun; the talk before it is less.
const BEGUN_OCTETS: u64 = 20_000;

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
            rows.extend(self.our_rows(run, &line, record, origin)?);
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
        record: Throughput,
        origin: Duration,
    ) -> anyhow::Result<Vec<Row>> {
        anyhow::ensure!(!record.samples.is_empty(), "nothing was measured: {:?}", record.outcome);
        let began = origin.saturating_sub(Duration::from_micros(line.shim.origin().as_micros()));
        let report = report(line, record.direction);
        let raw = Raw {
            cell: *self,
            tls: !run.clear,
            record,
            origin_us: micros(began),
            series: report.series(STEP),
            late_max_us: micros(report.late_max),
            overrun: line.overrun()?,
        };
        raw.write(&run.out.join("raw"))?;
        Ok(raw.rows())
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
            rate_mbit: self.rate_mbit,
            rtt_ms: self.rtt_ms,
            direction: direction.code().to_owned(),
            seed: self.seed,
            tls: !run.clear,
            tool: "iperf3".to_owned(),
            reading: Some(reading),
            delivered,
            nominal: self.rate_mbit * 1e6 * TCP_SHARE,
            late_max_us: micros(report.late_max),
            overrun: line.overrun()?,
        })
    }
}

/// Runs the client in the house; gives its record and the origin of the receiver's clock on the system's monotonic clock.
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
    // The receiver's clock starts at its end of the handshake: in an upload that is the server's.
    let origin = match direction {
        Direction::Download => Duration::from_micros(origin),
        Direction::Upload => {
            server.admitted(line.address.into(), direction).context("a run that nobody let in")?
        }
    };
    Ok((record, origin))
}

fn report(line: &EmulatedLine, direction: Direction) -> Report {
    match direction {
        Direction::Download => line.shim.download(),
        Direction::Upload => line.shim.upload(),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Bits of IP per second that were handed over in a window.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn rate(report: &Report, from: Duration, until: Duration) -> f64 {
    report.delivered.octets_between(from, until) as f64 * 8.0 / until.saturating_sub(from).as_secs_f64()
}
