//! Holds the measurement against the emulated line's own counters, and other tools' readings beside it.
//!
//! ```text
//! cargo run --profile demo -p desserte-netlab --example accuracy -- run --out target/accuracy
//! cargo run --profile demo -p desserte-netlab --example accuracy -- report --out target/accuracy --docs docs/measurements
//! ```
//!
//! `run` needs root and iperf3. It goes through the grid of rates, round trips, directions and seeds, writes a line to
//! `runs.csv` for each reading and may be stopped and begun again: what is in the file is not done twice.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that tells how far it is")]

mod cell;
mod client;
mod iperf;
mod plot;
mod queue;
mod raw;
mod readings;
mod report;
mod server;
mod table;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use desserte_model::Direction;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measures.
    Run(Run),
    /// Makes the table and the plot; our figures are computed again from what was kept, by today's method.
    Report {
        /// Where `runs.csv` is.
        #[arg(long)]
        out: PathBuf,
        /// Where `accuracy.md` and `accuracy.svg` go.
        #[arg(long)]
        docs: PathBuf,
    },
    /// One run of the client, inside a namespace.
    #[command(hide = true)]
    Client { url: String, direction: String, authority: Option<PathBuf> },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Run {
    /// Where `runs.csv` and the raw records go.
    #[arg(long)]
    out: PathBuf,
    /// Mbit/s of IP octets.
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0])]
    rates: Vec<f64>,
    /// Milliseconds.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 20, 100, 600])]
    rtts: Vec<u64>,
    /// 1 is a clean line, 2 one with jitter, 3 one with jitter and loss; larger ones repeat these with other chances.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 3])]
    seeds: Vec<u64>,
    /// Without TLS.
    #[arg(long)]
    clear: bool,
    /// Without iperf3.
    #[arg(long)]
    no_iperf: bool,
    /// Lines measured at the same time at the most.
    #[arg(long, default_value_t = 8)]
    jobs: usize,
    /// Mbit/s in use at the same time at the most, save by one line alone.
    #[arg(long, default_value_t = 60.0)]
    at_once: f64,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Run(run) => {
            std::fs::create_dir_all(run.out.join("raw")).context("making the folder")?;
            queue::work(&run)
        }
        Task::Report { out, docs } => report::write(&out, &docs),
        Task::Client { url, direction, authority } => {
            let direction = if direction == "upload" { Direction::Upload } else { Direction::Download };
            client::run(&url, direction, authority.as_deref())
        }
    }
}
