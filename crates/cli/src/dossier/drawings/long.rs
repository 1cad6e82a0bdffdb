//! Drawings of a long period: states by week, rates by month.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::{Distribution, Unit};
use desserte_measure::MinuteState;
use desserte_model::Direction;
use desserte_plot::{Caption, QuantileRow, WeekRow, quantiles, weeks};
use desserte_service::Records;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Scene;

/// Days with a run from which on quantiles of a month are drawn: as many independent observations as a “four in five” figure wants.
const RUN_DAYS_MIN: usize = 14;

/// Time of a week by what was seen of it, in seconds.
#[derive(Default)]
struct Week {
    up: f64,
    degraded: f64,
    down: f64,
}

impl Scene<'_> {
    /// Hours of each week in which the line was down or degraded, and those that nobody observed. Weeks begin on Mondays; the first and the last may be shorter.
    pub(super) fn weeks(&self, label: &str, records: &Records) -> Option<(Caption, String)> {
        let mut by_week: BTreeMap<Date, Week> = BTreeMap::new();
        for minute in records.minutes.iter().filter(|minute| self.within(minute.stated.start)) {
            let day = self.calendar.shown(minute.stated.start)?.date();
            let week = by_week.entry(monday(day)).or_default();
            let seconds = minute.stated.window.as_secs_f64();
            match minute.stated.state {
                MinuteState::Up => week.up += seconds,
                MinuteState::Degraded => week.degraded += seconds,
                MinuteState::Down => week.down += seconds,
                MinuteState::Unknown(_) => {}
            }
        }
        if by_week.is_empty() {
            return None;
        }
        let (from, to) = self.days;
        let all = monday(from).series(1.week()).take_while(|week| *week < to);
        let rows: Vec<WeekRow> = all
            .map(|week| {
                let (start, end) = (week.max(from), week.saturating_add(1.week()).min(to));
                let (start, end) = (self.calendar.midnight(start), self.calendar.midnight(end));
                #[expect(clippy::cast_precision_loss, reason = "a week has far fewer than 2^53 microseconds")]
                let hours =
                    start.zip(end).map_or(0.0, |(start, end)| end.micros_since(start) as f64 / 3_600e6);
                let seen = by_week.get(&week);
                let hours_of = |seconds: f64| seconds / 3_600.0;
                let known = seen.map_or(0.0, |seen| hours_of(seen.up + seen.degraded + seen.down));
                WeekRow {
                    label: week.to_string(),
                    down: seen.map(|seen| hours_of(seen.down)),
                    degraded: seen.map(|seen| hours_of(seen.degraded)),
                    unknown: (hours - known).max(0.0),
                }
            })
            .collect();
        let caption = self.caption(
            "days",
            label,
            ("heures coupées et dégradées, semaine par semaine", "hours down and degraded, week by week"),
            (
                "Une ligne par semaine, nommée par son lundi. Barre sombre : heures coupées ; barre plus basse : heures dégradées ; à droite, les \
                 heures que personne n’a observées, qui ne sont ni l’un ni l’autre.",
                "A row for each week, named by its Monday. Dark bar: hours down; lower bar: hours degraded; on the right hours that nobody observed, \
                 which are neither.",
            ),
        );
        let svg = weeks(caption.clone(), &rows, self.plot_lang()).svg;
        Some((caption, svg))
    }

    /// How the rates of each month are spread.
    pub(super) fn months(
        &self,
        label: &str,
        records: &Records,
        direction: Direction,
    ) -> Option<(Caption, String)> {
        let mut by_month: BTreeMap<String, (BTreeSet<Date>, Vec<f64>)> = BTreeMap::new();
        for run in records.runs.iter().filter(|run| run.direction == direction && self.within(run.at)) {
            let day = self.calendar.shown(run.at)?.date();
            let (days, rates) = by_month.entry(day.strftime("%Y-%m").to_string()).or_default();
            days.insert(day);
            rates.extend(run.rate.map(|rate| rate.as_mbit_per_s()));
        }
        if by_month.is_empty() {
            return None;
        }
        let (from, to) = self.days;
        let all = from.first_of_month().series(1.month()).take_while(|month| *month < to);
        let rows: Vec<QuantileRow> = all
            .map(|month| {
                let name = month.strftime("%Y-%m").to_string();
                let (days, rates) = by_month.remove(&name).unwrap_or_default();
                let count = rates.len();
                let values = if days.len() < RUN_DAYS_MIN { None } else { spread(&rates) };
                QuantileRow {
                    label: name,
                    share: self.t(&format!("{count} essais"), &format!("{count} runs")),
                    values,
                }
            })
            .collect();
        let download = direction == Direction::Download;
        let caption = self.caption(
            if download { "runs" } else { "runs-up" },
            label,
            if download {
                ("débit descendant, mois par mois", "download rate, month by month")
            } else {
                ("débit montant, mois par mois", "upload rate, month by month")
            },
            (
                "Débit utile des essais qui entrent dans les chiffres, en Mbit/s ; un mois dont moins de 14 jours ont un essai n’a pas de chiffre.",
                "Goodput of the runs that enter a figure, in Mbit/s; a month of which fewer than 14 days have a run has no figure.",
            ),
        );
        let svg = quantiles(caption.clone(), &rows, "Mbit/s", self.plot_lang()).svg;
        Some((caption, svg))
    }
}

/// The quantiles that are drawn, by the same definition as in figures; `None` without rates.
fn spread(rates: &[f64]) -> Option<[f64; 5]> {
    let units: Vec<Unit> = rates.iter().map(|rate| Unit { value: Some(*rate), weight: 1.0 }).collect();
    let distribution = Distribution::new(&units).ok()?;
    Some([0.1, 0.2, 0.5, 0.8, 0.9].map(|share| distribution.quantile(share)))
}

fn monday(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}
