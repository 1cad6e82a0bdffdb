//! Prints how well the watch finds scripted interruptions, and what it costs.
//!
//! `cargo run --profile demo -p desserte-measure --example outage_suite [SEEDS]`

#![expect(clippy::print_stdout, reason = "this program prints its tables")]

mod score;
mod sim;

use std::time::Duration;

use desserte_measure::{WatchSettings, Watchfulness};
use score::{Score, quantile, score};
use sim::{Case, run};

const DAY: Duration = Duration::from_secs(86_400);
const DAYS_A_MONTH: f64 = 31.0;

fn main() {
    let seeds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    println!("Scripted interruptions: 7 causes x 8 lengths (5 s to 2 h), {seeds} seeds each; edges in ms");
    println!(
        "| setting | rtt ms | loss % | gaps | found | right cause | invented | edge p50 | p95 | max | target max | power max | outside |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for watchfulness in [Watchfulness::Fine, Watchfulness::Frugal] {
        for rtt_ms in [20, 100, 600] {
            for loss in [0.0, 0.01, 0.05] {
                let settings = WatchSettings::of(watchfulness);
                let mut all = Score::default();
                for seed in 0..seeds {
                    all.add(score(1000 + seed, usize::MAX, loss, Duration::from_millis(rtt_ms), settings));
                }
                let mut edges = all.edges_ms;
                let (mut target, mut power) = (all.target_edges_ms, all.power_edges_ms);
                let mut edge = |part| quantile(&mut edges, part).unwrap_or(0);
                println!(
                    "| {} | {rtt_ms} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    watchfulness.code(),
                    100.0 * loss,
                    all.gaps,
                    all.found,
                    all.right_cause,
                    all.invented,
                    edge(0.5),
                    edge(0.95),
                    edge(1.0),
                    quantile(&mut target, 1.0).unwrap_or(0),
                    quantile(&mut power, 1.0).unwrap_or(0),
                    all.outside,
                );
            }
        }
    }
    println!();
    println!(
        "Twenty-four hours without an interruption, 20 ms, {seeds} seeds each; MB (IPv4 octets both ways) in 31 days"
    );
    println!("| setting | loss % | invented | MB even | MB on suspicion |");
    println!("| --- | --- | --- | --- | --- |");
    for watchfulness in Watchfulness::ALL {
        for loss in [0.0, 0.01, 0.05] {
            let (mut invented, mut regular, mut quick) = (0, 0, 0);
            for seed in 0..seeds {
                let outcome = calm(seed, loss, WatchSettings::of(watchfulness));
                invented += outcome.found.len();
                regular += outcome.regular_octets;
                quick += outcome.quick_octets;
            }
            #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
            let month = |octets: u64| octets as f64 / seeds as f64 * DAYS_A_MONTH / 1e6;
            println!(
                "| {} | {} | {invented} | {:.1} | {:.1} |",
                watchfulness.code(),
                100.0 * loss,
                month(regular),
                month(quick)
            );
        }
    }
}

fn calm(seed: u64, loss: f64, settings: WatchSettings) -> sim::Outcome {
    run(&Case {
        seed,
        length: DAY,
        gaps: Vec::new(),
        loss,
        rtt: Duration::from_millis(20),
        jitter: Duration::from_millis(5),
        settings,
        signs: Duration::from_secs(60),
    })
}
