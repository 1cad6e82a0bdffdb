//! Bars of the median of each day.

use desserte_units::Timestamp;

use super::lang::Lang;
use super::text;
use crate::figures::{Day, RateFigure, Window};

/// Width and height of the drawing, in its own units.
const SIZE: (u32, u32) = (600, 160);

/// A bar chart of the days of a period.
pub(super) struct Chart {
    pub(super) view_box: String,
    /// Height of the base line.
    pub(super) base: u32,
    pub(super) bars: Vec<Bar>,
    /// What the top of the chart means.
    pub(super) top: String,
    pub(super) first: String,
    pub(super) last: String,
}

/// One day.
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    /// Whether there is a median; otherwise a mark says that there were too few runs.
    pub(super) measured: bool,
    pub(super) day: String,
    pub(super) value: String,
}

/// Draws the days; `None` when no day has a median.
pub(super) fn chart(days: &[Day], window: &Window, lang: Lang) -> Option<Chart> {
    let median = |day: &Day| day.download.measured().map(|numbers| numbers.median);
    let highest = days
        .iter()
        .filter_map(median)
        .max_by(|a, b| a.as_bits_per_second().total_cmp(&b.as_bits_per_second()))?;
    let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
    let (first, last) = (day_of(window.period.start), day_of(window.period.end.saturating_add_micros(-1)));
    // One slot for each calendar day that the period touches: the last date stands under its own bar.
    let step = width / number(last - first + 1);
    let bars = days
        .iter()
        .map(|day| {
            let figure = &day.download;
            let share =
                median(day).map(|median| median.as_bits_per_second() / highest.as_bits_per_second().max(1.0));
            let tall = share.map_or(6.0, |share| (share * (height - 10.0)).max(1.0));
            let x = (number(day_of(day.start) - first) * step).max(0.0);
            Bar {
                x: format!("{x:.1}"),
                y: format!("{:.1}", height - tall),
                width: format!("{:.1}", (step * 0.8).max(1.0)),
                height: format!("{tall:.1}"),
                measured: share.is_some(),
                day: text::day(day.start, lang),
                value: match figure {
                    RateFigure::Measured(numbers) => text::rate(numbers.median, lang),
                    RateFigure::NotEnough { .. } => {
                        lang.t("données insuffisantes", "not enough data").to_owned()
                    }
                    RateFigure::NotMeasured => lang.t("non mesuré", "not measured").to_owned(),
                },
            }
        })
        .collect();
    Some(Chart {
        view_box: format!("0 0 {} {}", SIZE.0, SIZE.1 + 2),
        base: SIZE.1,
        bars,
        top: text::rate(highest, lang),
        first: text::day(window.period.start, lang),
        last: text::day(window.period.end.saturating_add_micros(-1), lang),
    })
}

/// Days since the Unix epoch.
fn day_of(moment: Timestamp) -> i64 {
    moment.as_unix_micros().div_euclid(86_400_000_000)
}

#[expect(clippy::cast_precision_loss, reason = "a period lasts at most some months")]
fn number(days: i64) -> f64 {
    days as f64
}

#[cfg(test)]
mod tests {
    use desserte_units::BitRate;

    use super::*;
    use crate::figures::RateNumbers;

    fn day(at: i64) -> Day {
        let median = BitRate::from_mbit_per_s(10.0).unwrap();
        Day {
            start: Timestamp::from_unix_secs(at * 86_400),
            download: RateFigure::Measured(RateNumbers { median, p20: None, runs: 6, probes: 1 }),
            upload: RateFigure::NotMeasured,
        }
    }

    fn check(now_s: i64, slots: i64) {
        let window = Window::ending(Timestamp::from_unix_secs(now_s), 30).unwrap();
        let last = day_of(window.period.end.saturating_add_micros(-1));
        let days = [day(last - slots + 1), day(last)];
        let chart = chart(&days, &window, Lang::Fr).unwrap();
        let width: f64 = 600.0 / number(slots);
        assert_eq!(chart.bars[0].x, "0.0", "the first day stands at the left edge");
        assert_eq!(chart.bars[1].x, format!("{:.1}", 600.0 - width), "the last day ends at the right edge");
        assert_eq!((&chart.first, &chart.last), (&chart.bars[0].day, &chart.bars[1].day));
    }

    #[test]
    fn a_period_has_a_slot_for_each_calendar_day_it_touches() {
        check(100 * 86_400 + 12 * 3_600, 31);
        // Ends at midnight: whole days only.
        check(100 * 86_400 - 1, 30);
    }
}
