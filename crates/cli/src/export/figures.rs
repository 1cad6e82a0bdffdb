//! From what the history answers to what is told: too few values give no number, and homes only coarse ones.

use desserte_equity::{CountsMin, ReleaseRules};

use super::question::Row;

/// What a cell of a released table holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Count(u32),
    Number(f64),
}

/// How far a figure can be told.
const MEASURED: &str = "measured";
const NOT_ENOUGH: &str = "not_enough";
const NOT_MEASURED: &str = "not_measured";

/// Microseconds in a second, and in a minute.
const SECOND_US: f64 = 1e6;
const MINUTE_US: u64 = 60_000_000;

/// By what rules figures of a cell are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) rules: &'a ReleaseRules,
    pub(super) counts_min: CountsMin,
    /// Whether homes are behind the figures.
    pub(super) protected: bool,
}

/// The figures of a withheld row: nothing.
pub(super) fn withheld() -> Vec<Option<Value>> {
    vec![None; super::columns::FIGURES.len()]
}

impl Telling<'_> {
    /// The figures of a row, in the order of `FIGURES`: `sums` as the history has them, `rates` of download and upload.
    pub(super) fn figures(self, sums: &Row, rates: [Option<&Row>; 2]) -> Vec<Option<Value>> {
        let mut cells = vec![self.count(sums, "probes"), self.count(sums, "days")];
        for (direction, rates) in ["download", "upload"].into_iter().zip(rates) {
            cells.extend(self.rate(direction, sums, rates));
        }
        cells.extend(self.line(sums));
        cells.extend(self.round_trip(sums));
        cells.push(self.count(sums, "interruptions_beyond"));
        let lasted = sums.whole("interruptions_beyond_us");
        cells.push(lasted.and_then(|us| self.number(Some(seconds(us)))));
        cells.push(self.count(sums, "interruptions_beyond_unmeasured"));
        cells.extend([self.count(sums, "reach_tried"), self.count(sums, "reach_failed")]);
        cells.extend(["method_first", "method_last"].map(|name| text(sums.text(name)?)));
        cells
    }

    fn rate(self, direction: &str, sums: &Row, rates: Option<&Row>) -> [Option<Value>; 7] {
        let tried = sums.count(&format!("{direction}_runs"));
        let values = rates.map_or(0, |rates| rates.count("rates"));
        let state = state(tried, values, self.counts_min.median);
        let quantile = |name: &str, least: f64| {
            if enough(values, least) { self.number(rates.and_then(|rates| rates.real(name))) } else { None }
        };
        [
            text(state),
            self.count(sums, &format!("{direction}_runs")),
            self.count(sums, &format!("{direction}_complete")),
            self.told_count(values),
            quantile("p20", self.counts_min.p20),
            quantile("p50", self.counts_min.median),
            quantile("p80", self.counts_min.p20),
        ]
    }

    fn line(self, sums: &Row) -> [Option<Value>; 7] {
        let time = |state: &str| sums.whole(&format!("{state}_us"));
        let known: i64 = ["up", "degraded", "down"].into_iter().filter_map(time).sum();
        let least = self.rules.known_minutes_min.value;
        let minutes = sums.count("minutes");
        let told = known.unsigned_abs() >= least.saturating_mul(MINUTE_US);
        let state = match (minutes, told) {
            (0, _) => NOT_MEASURED,
            (_, false) => NOT_ENOUGH,
            (_, true) => MEASURED,
        };
        let of = |state: &str| {
            if told { self.number(time(state).map(seconds)) } else { None }
        };
        let (sent, lost) = (sums.count("sent"), sums.count("lost"));
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let lost_ratio = (told && sent > 0).then(|| lost as f64 / sent as f64);
        [
            text(state),
            self.told_count(minutes),
            of("up"),
            of("degraded"),
            of("down"),
            of("unknown"),
            self.number(lost_ratio),
        ]
    }

    fn round_trip(self, sums: &Row) -> [Option<Value>; 4] {
        let minutes = sums.count("rtt_minutes");
        let quantile = |name: &str, least: f64| {
            if enough(minutes, least) { self.number(sums.real(name)) } else { None }
        };
        [
            text(state(sums.count("minutes"), minutes, self.counts_min.median)),
            self.told_count(minutes),
            quantile("rtt_p50_us", self.counts_min.median),
            quantile("rtt_p80_us", self.counts_min.p20),
        ]
    }

    fn count(self, sums: &Row, name: &str) -> Option<Value> {
        self.told_count(sums.count(name))
    }

    fn told_count(self, count: u64) -> Option<Value> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Some(Value::Count(if self.protected { self.rules.coarse_count(count) } else { count }))
    }

    fn number(self, number: Option<f64>) -> Option<Value> {
        number.map(|number| Value::Number(if self.protected { self.rules.coarse(number) } else { number }))
    }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn seconds(us: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a month of many lines stays below 2^53 microseconds")]
    let us = us as f64;
    us / SECOND_US
}

fn enough(values: u64, least: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let values = values as f64;
    values >= least
}

fn state(tried: u64, values: u64, least: f64) -> &'static str {
    match (tried, enough(values, least)) {
        (0, _) => NOT_MEASURED,
        (_, false) => NOT_ENOUGH,
        (_, true) => MEASURED,
    }
}
