//! Maps and plots of a dossier, as vectors.

mod map;

use std::collections::BTreeMap;

use desserte_dossier::{Case, Drawing, Lang, part};
use desserte_measure::MinuteState;
use desserte_model::Direction;
use desserte_plot::{Caption, DayRow, Quarter, RunMark, days, runs};
use desserte_service::{Calendar, Records, Sets};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;

use super::facts::Facts;
use super::place::Found;

/// Quarters of an hour in a day.
const QUARTERS: usize = 96;

/// Days in a drawing of states at the most: more rows than these no page holds.
const ROWS_MAX: usize = 62;

/// Sites whose days are drawn: of more, tables tell.
const SITES_MAX: usize = 12;

/// Every drawing by its part, and what the case says of it.
pub(super) fn draw(
    facts: &Facts,
    found: &Found,
    territory: &Territory,
    sets: &Sets,
) -> (Vec<Drawing>, BTreeMap<String, String>) {
    let (mut told, mut files) = (Vec::new(), BTreeMap::new());
    let mut add = |name: &str, caption: &Caption, svg: String| {
        let part = format!("{}{name}.svg", part::DRAWINGS);
        let (title, description) = (caption.title.clone(), caption.description.clone());
        told.push(Drawing { part: part.clone(), title, description });
        files.insert(part, svg);
    };
    if let Some((caption, svg)) = map::of(&facts.case, found, territory) {
        add("map", &caption, svg);
    }
    for (site, (report, records)) in facts.case.sites.iter().zip(&facts.sites).take(SITES_MAX) {
        let scene = Scene {
            case: &facts.case,
            days: facts.days,
            calendar: sets.calendars.of(report.site.commune),
            sets,
        };
        let label = site.label.to_lowercase();
        if let Some((caption, svg)) = scene.states(&site.label, records) {
            add(&format!("days-{label}"), &caption, svg);
        }
        if let Some((caption, svg)) = scene.runs(&site.label, records) {
            add(&format!("runs-{label}"), &caption, svg);
        }
    }
    (told, files)
}

struct Scene<'a> {
    case: &'a Case,
    days: (Date, Date),
    calendar: Calendar,
    sets: &'a Sets,
}

fn lang(case: &Case) -> desserte_plot::Lang {
    match case.lang {
        Lang::Fr => desserte_plot::Lang::Fr,
        Lang::En => desserte_plot::Lang::En,
    }
}

/// Minutes of a quarter of an hour by state.
#[derive(Clone, Copy, Default)]
struct Counts {
    up: u32,
    degraded: u32,
    down: u32,
}

impl Scene<'_> {
    fn t(&self, french: &str, english: &str) -> String {
        if self.case.lang == Lang::Fr { french.to_owned() } else { english.to_owned() }
    }

    fn source(&self) -> String {
        let source = self.t("Mesures : Desserte", "Measurements: Desserte");
        format!("{source}, {}", self.case.method)
    }

    fn within(&self, at: Timestamp) -> bool {
        let (from, to) = self.days;
        self.calendar.midnight(from).is_some_and(|from| at >= from)
            && self.calendar.midnight(to).is_some_and(|to| at < to)
    }

    /// The state of each quarter of an hour, a row for each day.
    fn states(&self, label: &str, records: &Records) -> Option<(Caption, String)> {
        let mut by_day: BTreeMap<Date, [Counts; QUARTERS]> = BTreeMap::new();
        for minute in records.minutes.iter().filter(|minute| self.within(minute.stated.start)) {
            let shown = self.calendar.shown(minute.stated.start)?;
            let quarter =
                usize::try_from(shown.hour()).ok()? * 4 + usize::try_from(shown.minute()).ok()? / 15;
            let counts = &mut by_day.entry(shown.date()).or_insert([Counts::default(); QUARTERS])[quarter];
            match minute.stated.state {
                MinuteState::Up => counts.up += 1,
                MinuteState::Degraded => counts.degraded += 1,
                MinuteState::Down => counts.down += 1,
                MinuteState::Unknown(_) => {}
            }
        }
        if by_day.is_empty() {
            return None;
        }
        let all =
            self.days.0.series(jiff::Span::new().days(1)).take_while(|day| *day < self.days.1).take(ROWS_MAX);
        let rows: Vec<DayRow> = all
            .map(|day| {
                let counts = by_day.get(&day).copied().unwrap_or([Counts::default(); QUARTERS]);
                DayRow {
                    label: day.to_string(),
                    quarters: counts.iter().map(|counts| self.state(counts)).collect(),
                }
            })
            .collect();
        let title = self.t(
            "l’état de la ligne, quart d’heure par quart d’heure",
            "state of the line, a quarter of an hour at a time",
        );
        let caption = Caption {
            name: format!("days-{}", label.to_lowercase()),
            title: format!("{label} {} {title}", if self.case.lang == Lang::Fr { ":" } else { "–" }),
            description: self.t(
                "Une ligne par jour, à l’heure du lieu. La hauteur dit l’état : fine en service, moyenne dégradée, pleine coupée ; vide quand \
                 personne n’a observé.",
                "A row for each day, local time. Height tells the state: thin in service, half degraded, full down; empty where nobody observed.",
            ),
            source: self.source(),
        };
        let svg = days(caption.clone(), &rows, lang(self.case)).svg;
        Some((caption, svg))
    }

    /// The same rule as that of uses: how many minutes have to be known, and how many down ones count.
    fn state(&self, counts: &Counts) -> Option<Quarter> {
        let rule = &self.sets.uses.slot;
        let Counts { up, degraded, down } = *counts;
        if up + degraded + down < rule.known_min.min(12) {
            None
        } else if down >= rule.down_min {
            Some(Quarter::Down)
        } else if degraded >= rule.down_min {
            Some(Quarter::Degraded)
        } else {
            Some(Quarter::Up)
        }
    }

    fn runs(&self, label: &str, records: &Records) -> Option<(Caption, String)> {
        let start = self.calendar.midnight(self.days.0)?;
        #[expect(clippy::cast_precision_loss, reason = "a period has far fewer than 2^53 microseconds")]
        let day = |at: Timestamp| at.micros_since(start) as f64 / 86_400e6;
        let marks: Vec<RunMark> = records
            .runs
            .iter()
            .filter(|run| self.within(run.at))
            .filter_map(|run| {
                let download = run.direction == Direction::Download;
                Some(RunMark { day: day(run.at), rate: run.rate?.as_mbit_per_s(), download })
            })
            .collect();
        if marks.is_empty() {
            return None;
        }
        let count = self.case.period.days;
        let step = usize::try_from(count / 6 + 1).ok()?;
        let all = self.days.0.series(jiff::Span::new().days(1)).take_while(|day| *day < self.days.1);
        let labels: Vec<(f64, String)> = (0_u32..)
            .zip(all)
            .step_by(step)
            .map(|(number, day)| (f64::from(number), day.strftime("%d/%m").to_string()))
            .collect();
        let title = self.t("chaque essai de débit", "each throughput run");
        let caption = Caption {
            name: format!("runs-{}", label.to_lowercase()),
            title: format!("{label} {} {title}", if self.case.lang == Lang::Fr { ":" } else { "–" }),
            description: self.t(
                "Débit utile de chaque essai qui entre dans les chiffres, en Mbit/s. Ronds : descendant ; carrés : montant.",
                "Goodput of each run that enters a figure, in Mbit/s. Circles: download; squares: upload.",
            ),
            source: self.source(),
        };
        let svg = runs(caption.clone(), &marks, f64::from(count), &labels, lang(self.case)).svg;
        Some((caption, svg))
    }
}
