//! What came out, as figures and as text.

use std::fmt::Write as _;

use desserte_measure::{Verdict, error_bound};
use desserte_units::BitRate;

use crate::recording::Recording;
use crate::rules::{RULES, Stopped, threshold};
use crate::shapes::KEEPING;
use crate::wider;

/// Bands of rates: name, and the full run's goodput from and below, in Mbit/s. The lines of 20 and 100 Mbit/s of IP belong to the
/// outer bands.
pub(crate) const BANDS: [(&str, f64, f64); 3] =
    [("up to 20 Mbit/s", 0.0, 20.5), ("between", 20.5, 96.0), ("100 Mbit/s and more", 96.0, f64::MAX)];

/// A full run with what each rule, in the order of [`RULES`], made of it.
pub(crate) struct Tried {
    pub(crate) run: Recording,
    pub(crate) stopped: Vec<Stopped>,
}

impl Tried {
    pub(crate) fn of(run: Recording) -> Self {
        let stopped = RULES.iter().map(|rule| (rule.run)(&run)).collect();
        Self { run, stopped }
    }

    pub(crate) fn is_in(&self, band: usize) -> bool {
        let (_, from, below) = BANDS[band];
        (from..below).contains(&(self.run.full / 1e6))
    }

    fn error(&self, rule: usize) -> f64 {
        self.run.error_of(self.stopped[rule].estimate)
    }

    fn share(&self, rule: usize) -> f64 {
        self.run.cost(self.stopped[rule].at)
    }
}

/// A rule on a set of runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// Octets of all runs together as a share of the full runs'.
    pub(crate) octets: f64,
    pub(crate) share_median: f64,
    pub(crate) error_p50: f64,
    pub(crate) error_p95: f64,
    /// Against what the line delivered, where nobody else used it.
    pub(crate) oracle_p50: Option<f64>,
    pub(crate) oracle_p95: Option<f64>,
    /// What a shadow audit of these runs would publish.
    pub(crate) audited: Option<f64>,
}

/// The smallest value below which at least this share of all lie, or which is it.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

pub(crate) fn outcome(runs: &[&Tried], rule: usize) -> Outcome {
    let full: f64 = runs.iter().map(|tried| tried.run.full_octets()).sum();
    let used: f64 = runs.iter().map(|tried| tried.share(rule) * tried.run.full_octets()).sum();
    let mut shares: Vec<f64> = runs.iter().map(|tried| tried.share(rule)).collect();
    let mut errors: Vec<f64> = runs.iter().map(|tried| tried.error(rule)).collect();
    let against = |tried: &&Tried| {
        tried
            .run
            .oracle
            .filter(|oracle| *oracle > 0.0)
            .map(|oracle| (tried.stopped[rule].estimate / oracle - 1.0).abs())
    };
    let mut oracle: Vec<f64> = runs.iter().filter_map(against).collect();
    Outcome {
        octets: used / full,
        share_median: quantile(&mut shares, 0.5).unwrap_or(f64::NAN),
        error_p50: quantile(&mut errors, 0.5).unwrap_or(f64::NAN),
        error_p95: quantile(&mut errors, 0.95).unwrap_or(f64::NAN),
        oracle_p50: quantile(&mut oracle, 0.5),
        oracle_p95: quantile(&mut oracle, 0.95),
        audited: error_bound(&errors).p95_at_most,
    }
}

/// The classes, in the order in which they were drawn.
pub(crate) fn classes(tried: &[Tried]) -> Vec<&'static str> {
    let mut classes: Vec<&str> = Vec::new();
    for tried in tried {
        if !classes.contains(&tried.run.class) {
            classes.push(tried.run.class);
        }
    }
    classes
}

pub(crate) fn is_trace(tried: &Tried) -> bool {
    tried.run.class.starts_with("trace")
}

pub(crate) fn is_keeping(tried: &Tried) -> bool {
    KEEPING.contains(&tried.run.class)
}

pub(crate) fn percent(value: f64) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{:.1}", value * 100.0) }
}

fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), percent)
}

/// All tables, as Markdown.
pub(crate) fn tables(tried: &[Tried]) -> String {
    let mut text = String::new();
    let mut section = |title: &str, pick: &dyn Fn(&Tried) -> bool| {
        let _ = writeln!(
            text,
            "### {title}\n\n| band | rule | runs | octets | median share | error p50 | error p95 | line p50 | line p95 |"
        );
        let _ = writeln!(text, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (band, (name, ..)) in BANDS.iter().enumerate() {
            let runs: Vec<&Tried> = tried.iter().filter(|tried| pick(tried) && tried.is_in(band)).collect();
            for (rule, of) in RULES.iter().enumerate().filter(|_| !runs.is_empty()) {
                let found = outcome(&runs, rule);
                let _ = writeln!(
                    text,
                    "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    of.name,
                    runs.len(),
                    percent(found.octets),
                    percent(found.share_median),
                    percent(found.error_p50),
                    percent(found.error_p95),
                    maybe(found.oracle_p50),
                    maybe(found.oracle_p95),
                );
            }
        }
        text.push('\n');
    };
    section("Lines that keep their rate or waver around it", &is_keeping);
    section("All drawn lines", &|tried| !is_trace(tried));
    section("All recorded lines", &is_trace);
    text + &by_class(tried) + &thresholds(tried) + &wider::table(tried)
}

fn by_class(tried: &[Tried]) -> String {
    let mut text = "### Desserte by class\n\n| class | band | runs | octets | median share | error p50 | error p95 | audit bound | line p50 | line p95 |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for class in classes(tried) {
        for (band, (name, ..)) in BANDS.iter().enumerate() {
            let runs: Vec<&Tried> =
                tried.iter().filter(|tried| tried.run.class == class && tried.is_in(band)).collect();
            if runs.is_empty() {
                continue;
            }
            let found = outcome(&runs, 0);
            let _ = writeln!(
                text,
                "| {class} | {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
                runs.len(),
                percent(found.octets),
                percent(found.share_median),
                percent(found.error_p50),
                percent(found.error_p95),
                maybe(found.audited),
                maybe(found.oracle_p50),
                maybe(found.oracle_p95),
            );
        }
    }
    text + "\n"
}

/// How far the line is from the rate asked about: the rate as a multiple of the full run's goodput.
const ASKED: [f64; 6] = [1.0 / 3.0, 1.0 / 1.5, 1.0 / 1.2, 1.2, 1.5, 3.0];

fn thresholds(tried: &[Tried]) -> String {
    let mut text = "### Threshold mode by class\n\n| class | rate asked about / full goodput | runs | wrong | undecided | octets of the full run | of the adaptive run | median of the latter |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for class in classes(tried) {
        for ratio in ASKED {
            let runs: Vec<&Tried> = tried.iter().filter(|tried| tried.run.class == class).collect();
            let (mut wrong, mut undecided, mut used, mut adaptive, mut full) = (0, 0, 0.0, 0.0, 0.0);
            let mut shares = Vec::new();
            for tried in &runs {
                let asked = BitRate::from_bits_per_second(tried.run.full * ratio).unwrap_or_default();
                let (verdict, at) = threshold(&tried.run, asked);
                wrong += u32::from(verdict == if ratio < 1.0 { Verdict::No } else { Verdict::Yes });
                undecided += u32::from(verdict == Verdict::Undecided);
                let cost = tried.run.cost(at);
                used += cost * tried.run.full_octets();
                adaptive += tried.share(0) * tried.run.full_octets();
                full += tried.run.full_octets();
                shares.push(cost / tried.share(0));
            }
            let count = runs.len() as f64;
            let _ = writeln!(
                text,
                "| {class} | {ratio:.2} | {} | {} | {} | {} | {} | {} |",
                runs.len(),
                percent(f64::from(wrong) / count),
                percent(f64::from(undecided) / count),
                percent(used / full),
                percent(used / adaptive),
                maybe(quantile(&mut shares, 0.5)),
            );
        }
    }
    text
}

/// One line for each run and rule.
pub(crate) fn csv(tried: &[Tried]) -> String {
    let mut text =
        "class,line,rule,full_bits_per_second,line_bits_per_second,stopped_s,octets_share_ratio,estimate_bits_per_second\n".to_owned();
    for tried in tried {
        for (rule, stopped) in RULES.iter().zip(&tried.stopped) {
            let _ = writeln!(
                text,
                "\"{}\",\"{}\",{},{:.0},{},{:.3},{:.4},{:.0}",
                tried.run.class,
                tried.run.name,
                rule.name,
                tried.run.full,
                tried.run.oracle.map(|oracle| format!("{oracle:.0}")).unwrap_or_default(),
                stopped.at,
                tried.run.cost(stopped.at),
                stopped.estimate,
            );
        }
    }
    text
}
