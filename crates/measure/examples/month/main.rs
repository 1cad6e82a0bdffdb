//! Prints what thirty days at 500 MB a month are spent on, and how often each daypart of each week is measured.
//!
//! `cargo run --profile demo -p desserte-measure --example month [SEEDS] [MEGABYTES]`

#![expect(clippy::print_stdout, reason = "this program prints its tables")]

mod life;
#[path = "../outage_suite/sim.rs"]
mod sim;

use desserte_measure::Purpose;
use desserte_units::{BitRate, ByteCount};
use life::{Line, fewest_in_a_daypart, live};

fn main() {
    let argument = |place| std::env::args().nth(place).and_then(|text| text.parse::<u64>().ok());
    let (seeds, megabytes) = (argument(1).unwrap_or(5), argument(2).unwrap_or(500));
    println!(
        "Thirty days from 1 March 2027, cap {megabytes} MB a calendar month; MB as an interface counts them, mean of {seeds} seeds"
    );
    println!(
        "| line Mbit/s | loss % | {:?} | {:?} | {:?} | {:?} | all | most in a month | most charged | pairs | fewest in a daypart of a week |",
        Purpose::ALL[0],
        Purpose::ALL[1],
        Purpose::ALL[2],
        Purpose::ALL[3]
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for rate in [2.0, 8.0, 30.0, 300.0] {
        for loss in [0.0, 0.01] {
            let Some(rate) = BitRate::from_mbit_per_s(rate) else { continue };
            let months: Vec<_> = (0..seeds)
                .map(|seed| live(seed, ByteCount::from_megabytes(megabytes), Line { rate, loss }))
                .collect();
            #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
            let mean = |of: &dyn Fn(&life::Month) -> u64| {
                months.iter().map(of).sum::<u64>() as f64 / seeds as f64 / 1e6
            };
            #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
            let most =
                |of: &dyn Fn(&life::Month) -> u64| months.iter().map(of).max().unwrap_or(0) as f64 / 1e6;
            println!(
                "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} |",
                rate.as_mbit_per_s(),
                100.0 * loss,
                mean(&|month| month.counted[0]),
                mean(&|month| month.counted[1]),
                mean(&|month| month.counted[2]),
                mean(&|month| month.counted[3]),
                mean(&|month| month.counted.iter().sum()),
                most(&|month| month.counted_month_max),
                most(&|month| month.charged.iter().copied().max().unwrap_or(0)),
                months.iter().map(|month| month.pairs.len()).min().unwrap_or(0),
                months.iter().map(|month| fewest_in_a_daypart(&month.pairs)).min().unwrap_or(0),
            );
        }
    }
}
