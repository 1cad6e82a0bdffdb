//! Which lines are measured when: slow ones side by side, fast ones alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::cell::Cell;
use crate::server::Server;
use crate::{Run, table};

/// First of the subnets, one for each line at a time.
const SUBNET: u8 = 60;

struct Waiting {
    cells: Vec<Cell>,
    in_use: f64,
    failed: u32,
}

/// Measures everything that is not in the file yet.
pub(crate) fn work(run: &Run) -> anyhow::Result<()> {
    let path = run.out.join("runs.csv");
    let done = table::done(&table::read(&path)?);
    let mut cells = Vec::new();
    for rate_mbit in &run.rates {
        for rtt_ms in &run.rtts {
            for seed in &run.seeds {
                if !done.contains(&table::key(*rate_mbit, *rtt_ms, *seed, !run.clear)) {
                    cells.push(Cell { rate_mbit: *rate_mbit, rtt_ms: *rtt_ms, seed: *seed });
                }
            }
        }
    }
    // The last comes first: fast lines, alone, then ever more of the slow ones side by side.
    cells.sort_by(|a, b| a.rate_mbit.total_cmp(&b.rate_mbit));
    let total = cells.len();
    println!("{total} lines to measure, {} done before", done.len());
    let jobs = run.jobs.clamp(1, 60);
    let subnets = (SUBNET..).take(jobs);
    let names = subnets.clone().map(|subnet| format!("198.18.{subnet}.1")).collect();
    let server = Server::start(names, run.clear, &run.out)?;
    // What is under way is finished; its namespaces must go.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let waiting = Mutex::new(Waiting { cells, in_use: 0.0, failed: 0 });
    let freed = Condvar::new();
    std::thread::scope(|scope| {
        for subnet in subnets {
            let (waiting, freed, server, path, stop) = (&waiting, &freed, &server, &path, &stop);
            scope.spawn(move || {
                while let Some(cell) = next(waiting, freed, run.at_once, stop) {
                    let result = cell.measure(run, server, subnet);
                    let mut state = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    state.in_use -= cell.rate_mbit;
                    match result.and_then(|rows| table::append(path, &rows).map(|()| rows)) {
                        Ok(rows) => tell(&rows, state.cells.len()),
                        Err(error) => {
                            state.failed += 1;
                            eprintln!("{cell:?}: {error:#}");
                        }
                    }
                    drop(state);
                    freed.notify_all();
                }
            });
        }
    });
    let failed = waiting.lock().unwrap_or_else(PoisonError::into_inner).failed;
    anyhow::ensure!(failed == 0, "{failed} of {total} lines failed; run again for them");
    Ok(())
}

/// The next line that fits beside those under way; `None` when none is left, or when asked to stop.
fn next(waiting: &Mutex<Waiting>, freed: &Condvar, at_once: f64, stop: &AtomicBool) -> Option<Cell> {
    let mut state = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let rate = state.cells.last()?.rate_mbit;
        if state.in_use <= 0.0 || state.in_use + rate <= at_once {
            state.in_use += rate;
            return state.cells.pop();
        }
        state = freed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn tell(rows: &[table::Row], left: usize) {
    let Some(first) = rows.first() else { return };
    let mut text = format!("{:>5} Mbit/s {:>3} ms seed {}:", first.rate_mbit, first.rtt_ms, first.seed);
    for row in rows {
        let error = row.error().map_or("none".to_owned(), |error| format!("{:+.2} %", error * 100.0));
        let way = if row.direction == "upload" { "up" } else { "down" };
        text.push_str(&format!("  {way} {} {error}", row.tool));
    }
    println!("{text}  late {:.1} ms, {left} left", millis(rows.iter().map(|row| row.late_max_us).max()));
}

#[expect(clippy::cast_precision_loss, reason = "times of a run")]
fn millis(micros: Option<u64>) -> f64 {
    micros.unwrap_or_default() as f64 / 1e3
}
