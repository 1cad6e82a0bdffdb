//! Classes of the map: colour, pattern and words for each.

use std::time::Duration;

use serde::Deserialize;

use super::lang::Lang;
use super::text;
use crate::figures::{CommuneFigures, OutageFigure, RateFigure, Window};

/// Upper bounds of the classes of median download, Mbit/s.
///
/// # Source
/// Classes of the French regulator's fixed-access statistics: below 8, 8 to 30, 30 to 100, 100 and more.
const DOWNLOAD_BOUNDS: [f64; 3] = [8.0, 30.0, 100.0];

/// Upper bounds of the classes of outage, as shares of the period.
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
    pub(super) fn classes(self, window: &Window, lang: Lang) -> Vec<Class> {
        let mut classes = match self {
            Self::Debit => download_classes(lang),
            Self::Coupures => outage_classes(window, lang),
        };
        let few = lang.t("données insuffisantes", "not enough data");
        classes.push(Class { code: NOT_ENOUGH, label: few.to_owned() });
        classes.push(Class { code: NOT_MEASURED, label: lang.t("non mesuré", "not measured").to_owned() });
        classes
    }

    /// The class of a commune; one without rows was not measured.
    pub(super) fn class_of(self, figures: Option<&CommuneFigures>, window: &Window) -> &'static str {
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
                    let share = numbers.mean.as_secs_f64() / window.period.length().as_secs_f64();
                    OUTAGE_CODES[1 + OUTAGE_BOUNDS.iter().filter(|bound| share > **bound).count()]
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
                OutageFigure::Measured(numbers) => text::hours(numbers.mean),
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

fn outage_classes(window: &Window, lang: Lang) -> Vec<Class> {
    let [low, middle, high] =
        OUTAGE_BOUNDS.map(|share| text::hours(Duration::from_secs_f64(window.hours() * 3_600.0 * share)));
    let labels = match lang {
        Lang::Fr => [
            "aucune coupure vue".to_owned(),
            format!("jusqu'à {low}"),
            format!("de {low} à {middle}"),
            format!("de {middle} à {high}"),
            format!("plus de {high}"),
        ],
        Lang::En => [
            "no outage seen".to_owned(),
            format!("up to {low}"),
            format!("{low} to {middle}"),
            format!("{middle} to {high}"),
            format!("more than {high}"),
        ],
    };
    OUTAGE_CODES.into_iter().zip(labels).map(|(code, label)| Class { code, label }).collect()
}
