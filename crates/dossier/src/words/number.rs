//! Numbers, days and lengths of time as people read them.

use super::Teller;
use crate::case::{Figure, Told};
use crate::request::Lang;

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Space between thousands.
const THIN: char = '\u{202f}';

impl Teller<'_> {
    /// A number with so many decimals, thousands apart.
    pub(super) fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (french, digits) = (self.case.lang == Lang::Fr, whole.trim_start_matches('-'));
        // What rounds to nothing has no sign.
        let is_below = whole != digits && text.contains(|digit: char| ('1'..='9').contains(&digit));
        let mut told = if is_below { "\u{2212}".to_owned() } else { String::new() };
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                told.push(if french { THIN } else { ',' });
            }
            told.push(digit);
        }
        if !fraction.is_empty() {
            told.push(if french { ',' } else { '.' });
            told.push_str(fraction);
        }
        told
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn count(&self, count: u64) -> String {
        self.number(count as f64, 0)
    }

    pub(super) fn percent(&self, share: f64) -> String {
        format!("{} %", self.number(100.0 * share, 1))
    }

    /// A day: `1er octobre 2026`. Another text is given as it is.
    pub(super) fn day(&self, day: &str) -> String {
        let read = || {
            let mut parts = day.splitn(3, '-');
            let (year, month, day) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
            let day: u8 = day.parse().ok()?;
            let month = month.checked_sub(1)?;
            Some(match (self.case.lang, day) {
                (Lang::Fr, 1) => format!("1er {} {year}", MONTHS_FR.get(month)?),
                (Lang::Fr, _) => format!("{day} {} {year}", MONTHS_FR.get(month)?),
                (Lang::En, _) => format!("{day} {} {year}", MONTHS_EN.get(month)?),
            })
        };
        read().unwrap_or_else(|| day.to_owned())
    }

    /// A length of time: `2 h 05`, `12 min`.
    pub(super) fn time(seconds: f64) -> String {
        let minutes = (seconds / 60.0).round();
        let (hours, rest) = ((minutes / 60.0).floor(), minutes % 60.0);
        if hours >= 1.0 { format!("{hours:.0} h {rest:02.0}") } else { format!("{rest:.0} min") }
    }

    /// What may be told of a figure's value; a dash where there is no number.
    pub(super) fn value(figure: Option<&Figure>, tell: impl Fn(f64) -> String) -> String {
        let told = figure.filter(|figure| figure.state != Told::NotEnough).and_then(|figure| figure.value);
        told.map_or_else(|| "–".to_owned(), tell)
    }

    /// Both ends of a figure: `41,0 – 44,2`.
    pub(super) fn ends(figure: Option<&Figure>, tell: impl Fn(f64) -> String) -> String {
        let ends = figure
            .filter(|figure| figure.state != Told::NotEnough)
            .and_then(|figure| figure.low.zip(figure.high));
        ends.map_or_else(|| "–".to_owned(), |(low, high)| format!("{} – {}", tell(low), tell(high)))
    }
}
