//! Classes of the map: colour, pattern and words for each.

use serde::Deserialize;

use super::lang::Lang;
use super::text;
use crate::figures::{CommuneFigures, OutageFigure, RateFigure};

/// Upper bounds of the classes of median download, Mbit/s.
///
/// # Source
/// Classes of the French regulator's fixed-access statistics: below 8, 8 to 30, 30 to 100, 100 and more.
const DOWNLOAD_BOUNDS: [f64; 3] = [8.0, 30.0, 100.0];

/// Upper bounds of the classes of outage, as shares of the time of known state: time that nobody observed is neither
/// good nor bad, so that the same observations have the same class whatever the period.
///
/// # Source
/// The usual availabilities 99.9, 99.5 and 99 % (8.76, 43.8 and 87.6 hours a year), as a scale and not as norms.
const OUTAGE_BOUNDS: [f64; 3] = [0.001, 0.005, 0.01];

/// What the map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Indicator {
    #[default]
    Debit,
    Coupures,
}

/// A class of the map; the code names its pattern and its colours in the style sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) code: &'static str,
    pub(super) label: String,
}

/// Codes of the classes that carry a value, from the worst.
const DOWNLOAD_CODES: [&str; 4] = ["d1", "d2", "d3", "d4"];
/// From the best: no outage has a class of its own.
const OUTAGE_CODES: [&str; 5] = ["o0", "o1", "o2", "o3", "o4"];

/// Too few readings to say.
const NOT_ENOUGH: &str = "few";
/// Nothing was tried.
const NOT_MEASURED: &str = "none";

impl Indicator {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Coupures => "coupures",
        }
    }

    /// Every class in the order of the legend.
    pub(super) fn classes(self, lang: Lang) -> Vec<Class> {
        let mut classes = match self {
            Self::Debit => download_classes(lang),
            Self::Coupures => outage_classes(lang),
        };
        let few = lang.t("données insuffisantes", "not enough data");
        classes.push(Class { code: NOT_ENOUGH, label: few.to_owned() });
        classes.push(Class { code: NOT_MEASURED, label: lang.t("non mesuré", "not measured").to_owned() });
        classes
    }

    /// The class of a commune; one without rows was not measured.
    pub(super) fn class_of(self, figures: Option<&CommuneFigures>) -> &'static str {
        let Some(figures) = figures else { return NOT_MEASURED };
        match self {
            Self::Debit => match &figures.download {
                RateFigure::NotMeasured => NOT_MEASURED,
                RateFigure::NotEnough { .. } => NOT_ENOUGH,
                RateFigure::Measured(numbers) => {
                    let megabits = numbers.median.as_mbit_per_s();
                    DOWNLOAD_CODES[DOWNLOAD_BOUNDS.iter().filter(|bound| megabits >= **bound).count()]
                }
            },
            Self::Coupures => match &figures.outage {
                OutageFigure::NotMeasured => NOT_MEASURED,
                OutageFigure::NotEnough { .. } => NOT_ENOUGH,
                OutageFigure::Measured(numbers) if numbers.mean.is_zero() => OUTAGE_CODES[0],
                OutageFigure::Measured(numbers) => {
                    let above = OUTAGE_BOUNDS.iter().filter(|bound| numbers.lost_ratio > **bound).count();
                    OUTAGE_CODES[1 + above]
                }
            },
        }
    }

    /// The commune's value in words.
    pub(super) fn value(self, figures: Option<&CommuneFigures>, lang: Lang) -> String {
        let none = || lang.t("non mesuré", "not measured").to_owned();
        let few = || lang.t("données insuffisantes", "not enough data").to_owned();
        let Some(figures) = figures else { return none() };
        match self {
            Self::Debit => match &figures.download {
                RateFigure::NotMeasured => none(),
                RateFigure::NotEnough { .. } => few(),
                RateFigure::Measured(numbers) => text::rate(numbers.median, lang),
            },
            Self::Coupures => match &figures.outage {
                OutageFigure::NotMeasured => none(),
                OutageFigure::NotEnough { .. } => few(),
                OutageFigure::Measured(numbers) => {
                    let share = (numbers.lost_ratio, lang.t("du temps connu", "of the known time"));
                    match text::outage(numbers, lang) {
                        none if numbers.mean.is_zero() => none,
                        time => format!("{time} ({} {})", text::percent(share.0, lang), share.1),
                    }
                }
            },
        }
    }
}

fn download_classes(lang: Lang) -> Vec<Class> {
    let [low, middle, high] = DOWNLOAD_BOUNDS;
    let labels = match lang {
        Lang::Fr => [
            format!("moins de {low} Mbit/s"),
            format!("de {low} à moins de {middle} Mbit/s"),
            format!("de {middle} à moins de {high} Mbit/s"),
            format!("{high} Mbit/s et plus"),
        ],
        Lang::En => [
            format!("below {low} Mbit/s"),
            format!("{low} to below {middle} Mbit/s"),
            format!("{middle} to below {high} Mbit/s"),
            format!("{high} Mbit/s and more"),
        ],
    };
    DOWNLOAD_CODES.into_iter().zip(labels).map(|(code, label)| Class { code, label }).collect()
}

fn outage_classes(lang: Lang) -> Vec<Class> {
    let numbers = OUTAGE_BOUNDS.map(|share| text::short(share * 100.0, lang));
    let [low, middle, high] = &numbers;
    let labels = match lang {
        Lang::Fr => [
            "aucune coupure vue".to_owned(),
            format!("jusqu'à {low}\u{a0}% du temps connu"),
            format!("plus de {low} à {middle}\u{a0}%"),
            format!("plus de {middle} à {high}\u{a0}%"),
            format!("plus de {high}\u{a0}%"),
        ],
        Lang::En => [
            "no outage seen".to_owned(),
            format!("up to {low}% of the known time"),
            format!("over {low} to {middle}%"),
            format!("over {middle} to {high}%"),
            format!("over {high}%"),
        ],
    };
    OUTAGE_CODES.into_iter().zip(labels).map(|(code, label)| Class { code, label }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::figures::{OutageNumbers, RttFigure};

    const HOUR: Duration = Duration::from_secs(3_600);

    fn commune(known_ratio: f64, lost: Duration) -> CommuneFigures {
        let lost_ratio = lost.as_secs_f64() / (48 * HOUR).as_secs_f64();
        CommuneFigures {
            download: RateFigure::NotMeasured,
            upload: RateFigure::NotMeasured,
            rtt: RttFigure::NotMeasured,
            outage: OutageFigure::Measured(OutageNumbers {
                mean: lost,
                count: u64::from(!lost.is_zero()),
                longest: (!lost.is_zero()).then_some(lost),
                known_ratio,
                availability_ratio: 1.0 - lost_ratio,
                lost_ratio,
                known: 48 * HOUR,
                probes: 1,
                probes_left_out: 0,
            }),
            happenings: crate::figures::Happenings::default(),
            echoes: (0, 0),
            runs_by_outcome: BTreeMap::new(),
            runs_left_out: 0,
            runs_too_short: 0,
            probes: 1,
            lines: vec![],
            technologies: vec![],
        }
    }

    #[test]
    fn the_same_observations_have_the_same_class_whatever_the_period() {
        for lost in [Duration::ZERO, HOUR / 60, HOUR / 6, HOUR] {
            let [month, quarter] = [48.0 / 720.0, 48.0 / 2_160.0].map(|known| commune(known, lost));
            let class = Indicator::Coupures.class_of(Some(&month));
            assert_eq!(class, Indicator::Coupures.class_of(Some(&quarter)), "{lost:?}");
        }
    }

    #[test]
    fn one_hour_lost_of_two_known_days_is_the_worst_class() {
        assert_eq!(Indicator::Coupures.class_of(Some(&commune(48.0 / 720.0, HOUR))), "o4");
    }

    #[test]
    fn none_seen_says_how_little_was_seen_and_never_zero() {
        let none = commune(0.066, Duration::ZERO);
        let said = |lang| Indicator::Coupures.value(Some(&none), lang).replace('\u{a0}', " ");
        assert_eq!(said(Lang::Fr), "aucune vue (état connu 6,6 % du temps)");
        assert_eq!(said(Lang::En), "none seen (state known 6.6% of the time)");
    }
}
