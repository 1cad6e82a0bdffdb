//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use desserte_netlab::link::spec::SPEC_HELP;

/// Emulated lines for people: rate, delay, jitter, loss, queue, traces and outages, for any program.
#[derive(Debug, Parser)]
#[command(name = "netlab", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Runs a command in a house whose only way out is an emulated line to this machine.
    ///
    /// The command finds this machine's address in $NETLAB_GATEWAY and its own in $NETLAB_ADDRESS; servers of this
    /// machine that listen on all addresses are reached there. Everything is removed when the command ends. Needs root.
    #[command(after_help = format!(
        "DOWN and UP are {SPEC_HELP}\n\nExample, a satellite line:\n  netlab run --down 20mbit --up 2mbit \
         --delay 300ms --queue 600ms -- sh -c 'iperf3 -c $NETLAB_GATEWAY -R'"
    ))]
    Run(Run),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The way to the house.
    #[arg(long)]
    pub(crate) down: String,
    /// The way from the house; as DOWN without its own.
    #[arg(long)]
    pub(crate) up: Option<String>,
    /// One-way delay of both ways.
    #[arg(long, value_name = "TIME")]
    pub(crate) delay: Option<String>,
    /// Jitter of both ways.
    #[arg(long, value_name = "TIME")]
    pub(crate) jitter: Option<String>,
    /// Loss of both ways.
    #[arg(long, value_name = "SHARE")]
    pub(crate) loss: Option<String>,
    /// Queue of both ways.
    #[arg(long, value_name = "TIME|SIZE")]
    pub(crate) queue: Option<String>,
    /// Decides loss and jitter.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the counters go when the command has ended, as JSON; `-` for the standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) counters: Option<PathBuf>,
    /// Step of the series in the counters.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 100)]
    pub(crate) step: u64,
    /// Prefix of the interfaces' names, at most six letters; made from the process number if not said.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Addresses are taken from 198.18.SUBNET.0/24; made from the process number if not said.
    #[arg(long)]
    pub(crate) subnet: Option<u8>,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<OsString>,
}

impl Run {
    /// The words of both ways, those of one way after them so that they count.
    pub(crate) fn words(&self, own: &str) -> String {
        let shared =
            [("delay", &self.delay), ("jitter", &self.jitter), ("loss", &self.loss), ("queue", &self.queue)];
        let shared = shared.iter().filter_map(|(word, value)| Some(format!("{word}={}", value.as_ref()?)));
        shared.chain([own.to_owned()]).collect::<Vec<_>>().join(",")
    }
}
