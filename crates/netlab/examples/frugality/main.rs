//! What stopping early saves and costs: our rule beside others, on the same full runs of drawn and recorded lines.
//!
//! `cargo run --profile demo -p desserte-netlab --example frugality -- --held-out --traces FOLDER --out docs/measurements`
//! writes `frugality-tables.md`, `frugality.svg` and `frugality.csv`; without `--held-out` it takes the seeds on which the rules
//! were tuned. The recorded lines (docs/measurements/frugality.md) are not part of the project.
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a study that prints; amounts far below 2^53"
)]

mod connections;
mod life;
mod plot;
mod recording;
mod report;
mod rules;
mod shapes;
mod spread;
mod wider;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use recording::Recording;
use report::Tried;
use shapes::Half;

#[derive(Parser)]
struct Words {
    /// The seeds that no rule was tuned on.
    #[arg(long)]
    held_out: bool,
    /// Folder of recorded lines.
    #[arg(long)]
    traces: Option<PathBuf>,
    /// Where to write; tables are printed otherwise.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let words = Words::parse();
    let half = if words.held_out { Half::HeldOut } else { Half::Tuning };
    let mut cases = shapes::drawn(half);
    if let Some(folder) = &words.traces {
        cases.extend(shapes::recorded(half, folder)?);
    }
    let tried = parallel(&cases.iter().collect::<Vec<_>>(), |case| Recording::of(case).map(Tried::of));
    let mut tables = report::tables(&tried);
    tables += &connections::table(&cases);
    tables += &life::table(half, &cases);
    if let Some(folder) = &words.traces {
        tables += &spread::table(half, folder)?;
    }
    let Some(out) = words.out else {
        println!("{tables}");
        return Ok(());
    };
    for (name, text) in [
        ("frugality-tables.md", tables),
        ("frugality.svg", plot::pareto(&tried)),
        ("frugality.csv", report::csv(&tried)),
    ] {
        std::fs::write(out.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    println!("{} of {} lines gave a steady goodput", tried.len(), cases.len());
    Ok(())
}

/// What is made of each, in their order, on all processors; what is made of none is left out.
fn parallel<T: Sync, R: Send>(all: &[&T], make: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let make = &make;
    // Dealt out like cards: fast lines, which take longest, stand together.
    let some = move |thread: usize| {
        let dealt = all.iter().enumerate().skip(thread).step_by(threads);
        dealt.filter_map(|(place, one)| Some((place, make(one)?))).collect::<Vec<_>>()
    };
    let mut made: Vec<(usize, R)> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || some(thread))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("a study stops at its first fault")).collect()
    });
    made.sort_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, made)| made).collect()
}
