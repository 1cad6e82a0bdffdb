//! The table for people.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::plot;
use crate::raw::Raw;
use crate::table::{self, Row};

/// Tools in the order of the table: name in the file, in the table, in the plot.
pub(crate) const TOOLS: [(&str, &str, &str); 4] = [
    ("desserte", "Desserte, steady goodput", "Desserte"),
    ("ndt7", "ndt7-style, mean from zero", "ndt7-style"),
    ("librespeed", "LibreSpeed-style, grace, bonus, x 1.06", "LibreSpeed-style"),
    ("iperf3", "iperf3, receiver's mean from zero", "iperf3"),
];

/// Writes `accuracy.md` and `accuracy.svg`.
pub(crate) fn write(out: &Path, docs: &Path) -> anyhow::Result<()> {
    // What other programs said is in the table only; what is made of our records is made again.
    let runs = Raw::read_all(&out.join("raw"))?;
    let mut rows: Vec<Row> = runs.iter().flat_map(Raw::rows).collect();
    let complete: Vec<Row> = runs
        .iter()
        .filter(|run| run.is_complete())
        .flat_map(Raw::rows)
        .filter(|row| row.tool == "desserte")
        .collect();
    rows.extend(table::read(&out.join("runs.csv"))?.into_iter().filter(|row| row.tool == "iperf3"));
    anyhow::ensure!(!rows.is_empty(), "no readings in {}", out.display());
    std::fs::create_dir_all(docs).context("making the folder")?;
    std::fs::write(docs.join("accuracy.svg"), plot::draw(&rows)).context("writing the plot")?;
    std::fs::write(docs.join("accuracy.md"), text(&rows, &complete)?).context("writing the table")
}

fn text(rows: &[Row], complete: &[Row]) -> anyhow::Result<String> {
    let mut text = String::from(INTRODUCTION);
    writeln!(text, "\n## All lines\n")?;
    writeln!(
        text,
        "| tool | readings | median of abs. error | p95 | lowest | highest | most, of theoretical goodput |"
    )?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for way in ["download", "upload"] {
        for (tool, name, _) in TOOLS {
            let of: Vec<&Row> = rows.iter().filter(|row| row.tool == tool && row.direction == way).collect();
            writeln!(text, "| {name}, {way} | {}", summary(&of))?;
        }
    }
    for (tool, name, _) in TOOLS {
        let of: Vec<&Row> = rows.iter().filter(|row| row.tool == tool).collect();
        writeln!(text, "| **{name}, both** | {}", summary(&of))?;
    }
    let whole: Vec<&Row> = complete.iter().collect();
    writeln!(text, "| Desserte, runs that came to their planned end, both | {}", summary(&whole))?;
    writeln!(text, "\n## Desserte, by rate and round trip\n")?;
    writeln!(text, "Largest error of any run, of both directions and all seeds, with its sign.\n")?;
    let (rates, rtts) = axes(rows);
    write!(text, "| Mbit/s |")?;
    rtts.iter().try_for_each(|rtt| write!(text, " {rtt} ms |"))?;
    writeln!(text, "\n| ---: |{}", " ---: |".repeat(rtts.len()))?;
    for rate in &rates {
        write!(text, "| {rate} |")?;
        for rtt in &rtts {
            let worst = rows
                .iter()
                .filter(|row| row.tool == "desserte" && same(row.rate_mbit, *rate) && row.rtt_ms == *rtt)
                .filter_map(Row::error)
                .max_by(|a, b| a.abs().total_cmp(&b.abs()));
            write!(text, " {} |", worst.map_or("not run".to_owned(), signed))?;
        }
        writeln!(text)?;
    }
    let runs = rows.iter().filter(|row| row.tool == "desserte").count();
    let none = rows.iter().filter(|row| row.tool == "desserte" && row.reading.is_none()).count();
    let late = rows.iter().filter(|row| row.tool == "desserte" && row.late_max_us > 20_000).count();
    let overrun = rows.iter().filter(|row| row.overrun > 0).count();
    writeln!(
        text,
        "\n{runs} runs of the measurement, {none} of them without a figure. In {late} the emulator handed some packet over more \
         than 20 ms late (other work on the machine); packets lost uncounted: in {overrun} readings. None is left out.\n"
    )?;
    writeln!(text, "![Error of each reading by rate](accuracy.svg)")?;
    Ok(text)
}

const INTRODUCTION: &str = "\
# Accuracy on emulated lines

How far each tool's figure is from what the line really delivered. Made by `crates/netlab/examples/accuracy` (its head has the
commands), which runs the measurement's own client and server, over TLS unless said otherwise, between two network
namespaces through the emulator of `crates/netlab`, and iperf3 on the same line after it. CUBIC everywhere, one stream, ten seconds.

- *Line*: the rate counts octets of IP. Drop-tail queue of one round trip at the rate, at least 100 ms and ten packets. Seed 1 is a
  clean line; 2 adds jitter (up to a tenth of the round trip, at most 5 ms, order kept); 3 adds 0.01 % random loss to that.
- *Error*: against the octets of IP that the emulator handed to the receiving kernel from the first reading after the ramp
  (the estimate's own; 2 s for iperf3) to the last reading, times the share that is payload: 1448 of 1500, and 16384 of 16406
  under TLS. WebSocket framing (a few octets per message), the server's text messages and what TCP sent twice without need are
  not deducted.
- *Theoretical goodput*: the line's rate times the same share. One stream cannot fill every long line in ten seconds; then
  what was delivered is less, and the error is still that against what was delivered.
- *ndt7-style* and *LibreSpeed-style* are computed from the same runs: download from the receiver's counter, from zero, or after 1.5 s of
  grace with a factor of 1.06; upload from the server's last `TCP_INFO`, from zero, or after 3 s of grace from what the
  sender's kernel had sent for the first time (a browser counts what its kernel has taken, which is more), times 1.06.
- A mean from zero is far from the steady part where the start is unlike it: below it on long lines, above it where the first losses come
  late. That distance is the start, not a miscount.
- A run is *cut short* where the protocol's time was over before an upload's queue had drained (long lines with large queues). Its record says so
  and none of our medians holds it; it is counted here all the same, and the last line of the table leaves it out.
";

fn summary(rows: &[&Row]) -> String {
    let mut errors: Vec<f64> = rows.iter().filter_map(|row| row.error()).collect();
    errors.sort_by(f64::total_cmp);
    let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let (Some(lowest), Some(highest)) = (errors.first(), errors.last()) else {
        return "0 | | | | | |".to_owned();
    };
    let most = rows.iter().filter_map(|row| row.of_nominal()).fold(0.0, f64::max);
    format!(
        "{} | {:.2} % | {:.2} % | {} | {} | {:.2} % |",
        errors.len(),
        nearest_rank(&sizes, 50) * 100.0,
        nearest_rank(&sizes, 95) * 100.0,
        signed(*lowest),
        signed(*highest),
        most * 100.0
    )
}

/// The smallest value that so many per cent of all do not pass.
fn nearest_rank(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn signed(error: f64) -> String {
    format!("{:+.2} %", error * 100.0)
}

/// Rates and round trips that occur, rising.
pub(crate) fn axes(rows: &[Row]) -> (Vec<f64>, Vec<u64>) {
    let mut rates: Vec<f64> = rows.iter().map(|row| row.rate_mbit).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup_by(|a, b| same(*a, *b));
    let mut rtts: Vec<u64> = rows.iter().map(|row| row.rtt_ms).collect();
    rtts.sort_unstable();
    rtts.dedup();
    (rates, rtts)
}

/// Rates come from one list; they are the same or far apart.
pub(crate) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}
