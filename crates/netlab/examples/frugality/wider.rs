//! What would be saved by being content with wider intervals.

use std::fmt::Write as _;

use desserte_measure::{STOP, StopParameters, StopRule, Terms};

use crate::recording::PLANNED;
use crate::report::{Tried, percent, quantile};
use crate::rules::stopped_by;

const CLASSES: [&str; 4] = ["steady, 40 and 100 ms", "loss", "wavering like Wi-Fi", "rising"];

pub(crate) fn table(tried: &[Tried]) -> String {
    let published = STOP.value;
    let of = |half_width_max: f64, trend_max: f64, excursion_per_second: f64| StopParameters {
        half_width_max,
        trend_max,
        excursion_per_second,
        ..published
    };
    let mut text = "### What wider intervals would save\n\n| class | half width, trend, excursion a second at most | octets, each run counting alike | error p50 | error p95 |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for class in CLASSES {
        let runs: Vec<&Tried> = tried.iter().filter(|tried| tried.run.class == class).collect();
        for parameters in
            [published, of(0.03, 0.03, 0.02), of(0.04, 0.03, 0.03), of(0.05, 0.05, 0.03), of(0.07, 0.05, 1.0)]
        {
            let stopped: Vec<_> = runs
                .iter()
                .map(|tried| {
                    let rule = StopRule::with(Terms::planned(PLANNED), parameters);
                    (&tried.run, stopped_by(&tried.run, rule))
                })
                .collect();
            let octets = stopped.iter().map(|(run, stopped)| run.cost(stopped.at)).sum::<f64>();
            let mut errors: Vec<f64> =
                stopped.iter().map(|(run, stopped)| run.error_of(stopped.estimate)).collect();
            let _ = writeln!(
                text,
                "| {class} | {} %, {} %, {} % | {} | {} | {} |",
                (parameters.half_width_max * 100.0).round(),
                (parameters.trend_max * 100.0).round(),
                (parameters.excursion_per_second * 100.0).round(),
                percent(octets / runs.len() as f64),
                quantile(&mut errors, 0.5).map_or_else(String::new, percent),
                quantile(&mut errors, 0.95).map_or_else(String::new, percent),
            );
        }
    }
    text + "\n"
}
