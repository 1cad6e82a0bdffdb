//! Windows: the hours of the week in which something is wanted, by the clock of the place.

use desserte_equity::Parameter;
use serde::Deserialize;

/// Minutes of a day.
const DAY: u16 = 1_440;

/// A window of the week.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its identifier.
    pub id: String,
    /// Its name in French.
    pub fr: String,
    /// Its name in English.
    pub en: String,
    /// When.
    pub rule: Parameter<WindowRule>,
}

/// When a window is open.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawRule")]
pub struct WindowRule {
    spans: Vec<Span>,
    holidays: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    spans: Vec<Span>,
    holidays: bool,
}

/// Hours of some days: closed at the start, open at the end.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    /// ISO days of the week, Monday being 1.
    days: Vec<u8>,
    from: Clock,
    to: Clock,
}

/// A time of day in minutes, up to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Clock(u16);

impl TryFrom<String> for Clock {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time of day on a quarter of an hour, such as 08:00");
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let part = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
        let (hours, minutes) = part(hours).zip(part(minutes)).ok_or_else(wrong)?;
        let at = hours.saturating_mul(60).saturating_add(minutes);
        if minutes < 60 && minutes % 15 == 0 && at <= DAY { Ok(Self(at)) } else { Err(wrong()) }
    }
}

impl TryFrom<RawRule> for WindowRule {
    type Error = String;

    fn try_from(raw: RawRule) -> Result<Self, String> {
        let mut taken: Vec<(u8, Clock, Clock)> = Vec::new();
        for span in &raw.spans {
            if span.from >= span.to {
                return Err("a window ends after it begins".to_owned());
            }
            for day in &span.days {
                if !(1..=7).contains(day) {
                    return Err(format!("{day} is no ISO day of the week, 1 to 7"));
                }
                if taken.iter().any(|(other, from, to)| other == day && span.from < *to && *from < span.to) {
                    return Err(format!("day {day} of the week has hours that are named twice"));
                }
                taken.push((*day, span.from, span.to));
            }
        }
        if taken.is_empty() {
            return Err("a window has hours".to_owned());
        }
        Ok(Self { spans: raw.spans, holidays: raw.holidays })
    }
}

impl WindowRule {
    /// Whether a minute of a local day lies in the window.
    pub(crate) fn holds(&self, weekday: u8, minute: u16, holiday: bool) -> bool {
        (self.holidays || !holiday)
            && self
                .spans
                .iter()
                .any(|span| span.days.contains(&weekday) && (span.from.0..span.to.0).contains(&minute))
    }

    /// Hours of a week that has no public holiday.
    #[must_use]
    pub fn hours_per_week(&self) -> f64 {
        let minutes = self
            .spans
            .iter()
            .flat_map(|span| span.days.iter().map(|_| f64::from(span.to.0) - f64::from(span.from.0)));
        minutes.sum::<f64>() / 60.0
    }
}
