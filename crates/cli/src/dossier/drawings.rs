//! Maps and plots of a dossier, as vectors.

mod labels;
mod long;
mod map;

use std::collections::BTreeMap;

use desserte_dossier::{Case, Drawing, Lang, Request, part};
use desserte_measure::MinuteState;
use desserte_model::{CommuneCode, Direction};
use desserte_plot::{Caption, DayRow, Quarter, RunMark, days, runs};
use desserte_service::{Calendar, Records, Sets};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;

use super::place::Found;

/// Quarters of an hour in a day.
const QUARTERS: usize = 96;

/// Days of a period from which on drawings go by weeks and months: more rows than these no page holds, and single runs are a cloud.
const DAYS_ONE_BY_ONE: u32 = 62;

/// Sites whose days are drawn: of more, tables tell.
const SITES_MAX: usize = 12;

/// Drawings as they are made, site by site, so that the records of one site are held at a time.
pub(super) struct Gallery<'a> {
    lang: Lang,
    method: &'a str,
    days: (Date, Date),
    /// How many days these are.
    count: u32,
    sets: &'a Sets,
    sites: usize,
    told: Vec<Drawing>,
    files: BTreeMap<String, String>,
}

impl<'a> Gallery<'a> {
    pub(super) fn new(request: &'a Request, days: (Date, Date), sets: &'a Sets) -> Self {
        let count = days.0.until(days.1).map_or(0, |span| u32::try_from(span.get_days()).unwrap_or(0));
        Self {
            lang: request.lang,
            method: &request.method,
            days,
            count,
            sets,
            sites: 0,
            told: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    fn add(&mut self, drawn: Option<(Caption, String)>) {
        let Some((caption, svg)) = drawn else { return };
        let part = format!("{}{}.svg", part::DRAWINGS, caption.name);
        self.told.push(Drawing {
            part: part.clone(),
            title: caption.title,
            description: caption.description,
        });
        self.files.insert(part, svg);
    }

    /// Draws what is drawn of a site.
    pub(super) fn site(&mut self, label: &str, commune: CommuneCode, records: &Records) {
        if self.sites == SITES_MAX {
            return;
        }
        self.sites += 1;
        let scene = Scene {
            lang: self.lang,
            method: self.method,
            days: self.days,
            count: self.count,
            calendar: self.sets.calendars.of(commune),
            sets: self.sets,
        };
        if self.count <= DAYS_ONE_BY_ONE {
            self.add(scene.states(label, records));
            self.add(scene.runs(label, records));
        } else {
            self.add(scene.weeks(label, records));
            self.add(scene.months(label, records, Direction::Download));
            self.add(scene.months(label, records, Direction::Upload));
        }
    }

    /// The drawings, the map first, and their files by part.
    pub(super) fn finish(
        mut self,
        case: &Case,
        found: &Found,
        territory: &Territory,
    ) -> (Vec<Drawing>, BTreeMap<String, String>) {
        let sites = std::mem::take(&mut self.told);
        self.add(map::of(case, found, territory));
        self.told.extend(sites);
        (self.told, self.files)
    }
}

/// What drawings of one site are made with.
struct Scene<'a> {
    lang: Lang,
    method: &'a str,
    days: (Date, Date),
    count: u32,
    calendar: Calendar,
    sets: &'a Sets,
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
        if self.lang == Lang::Fr { french.to_owned() } else { english.to_owned() }
    }

    fn source(&self) -> String {
        let source = self.t("Mesures : Desserte", "Measurements: Desserte");
        format!("{source}, {}", self.method)
    }

    fn plot_lang(&self) -> desserte_plot::Lang {
        match self.lang {
            Lang::Fr => desserte_plot::Lang::Fr,
            Lang::En => desserte_plot::Lang::En,
        }
    }

    fn caption(&self, kind: &str, label: &str, title: (&str, &str), description: (&str, &str)) -> Caption {
        let dash = self.t(" :", " –");
        Caption {
            name: format!("{kind}-{}", label.to_lowercase()),
            title: format!("{label}{dash} {}", self.t(title.0, title.1)),
            description: self.t(description.0, description.1),
            source: self.source(),
        }
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
        let all = self.days.0.series(jiff::Span::new().days(1)).take_while(|day| *day < self.days.1);
        let rows: Vec<DayRow> = all
            .map(|day| {
                let counts = by_day.get(&day).copied().unwrap_or([Counts::default(); QUARTERS]);
                DayRow {
                    label: day.to_string(),
                    quarters: counts.iter().map(|counts| self.state(counts)).collect(),
                }
            })
            .collect();
        let caption = self.caption(
            "days",
            label,
            (
                "l’état de la ligne, quart d’heure par quart d’heure",
                "state of the line, a quarter of an hour at a time",
            ),
            (
                "Une ligne par jour, à l’heure du lieu. La hauteur dit l’état : fine en service, moyenne dégradée, pleine coupée ; vide quand \
                 personne n’a observé.",
                "A row for each day, local time. Height tells the state: thin in service, half degraded, full down; empty where nobody observed.",
            ),
        );
        let svg = days(caption.clone(), &rows, self.plot_lang()).svg;
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
        let count = self.count;
        let step = usize::try_from(count / 6 + 1).ok()?;
        let all = self.days.0.series(jiff::Span::new().days(1)).take_while(|day| *day < self.days.1);
        let labels: Vec<(f64, String)> = (0_u32..)
            .zip(all)
            .step_by(step)
            .map(|(number, day)| (f64::from(number), day.strftime("%d/%m").to_string()))
            .collect();
        let caption = self.caption(
            "runs",
            label,
            ("chaque essai de débit", "each throughput run"),
            (
                "Débit utile de chaque essai qui entre dans les chiffres, en Mbit/s. Ronds : descendant ; carrés : montant.",
                "Goodput of each run that enters a figure, in Mbit/s. Circles: download; squares: upload.",
            ),
        );
        let svg = runs(caption.clone(), &marks, f64::from(count), &labels, self.plot_lang()).svg;
        Some((caption, svg))
    }
}
