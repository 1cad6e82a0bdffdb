//! Service indicators one by one: each with its state, and no number where there is not enough behind it.

use desserte_equity::Interval;
use desserte_equity::verdict::{Lack, Told as State, Verdict};
use desserte_model::Direction;
use desserte_service::{AreaReport, AreaUse, Hours, RateFigures, Sets, SiteReport, UseFigure};
use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What is told.
    pub indicator: String,
    /// Which use, direction or set of thresholds.
    pub of: Option<String>,
    /// Unit of value and ends.
    pub unit: String,
    /// `enough`, `indicative`, `not_enough`, `not_measured`, or `observed` for what needs no verdict.
    pub state: String,
    /// What is lacking: `observations`, `class_a_probes`, `days`, `slots`.
    pub lacks: Vec<String>,
    /// The value; `None` where there is not enough.
    pub value: Option<f64>,
    /// Lower end of its interval or bounds.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Figures in the making.
#[derive(Default)]
struct List {
    figures: Vec<Figure>,
}

/// How many slots of a kind there are.
type Count = fn(&Hours) -> usize;

/// What is told of a verdict: a value and its ends.
type Ends = (Option<f64>, Option<f64>, Option<f64>);

fn only(value: f64) -> Ends {
    (Some(value), None, None)
}

fn with_interval(value: f64, interval: Option<Interval>) -> Ends {
    (Some(value), interval.map(|interval| interval.low), interval.map(|interval| interval.high))
}

impl List {
    fn add<T>(
        &mut self,
        indicator: &'static str,
        of: Option<&str>,
        unit: &'static str,
        verdict: Option<&Verdict<T>>,
        ends: impl Fn(&T) -> Ends,
    ) {
        let (state, figure, lacks): (_, _, &[Lack]) = match verdict.map(Verdict::told) {
            None => ("not_measured", None, &[]),
            Some(State::Enough(figure)) => ("enough", Some(figure), &[]),
            Some(State::Indicative(figure, lacks)) => ("indicative", Some(figure), lacks),
            Some(State::NotEnough(lacks)) => ("not_enough", None, lacks),
        };
        let (value, low, high) = figure.map_or((None, None, None), ends);
        self.figures.push(Figure {
            indicator: indicator.to_owned(),
            of: of.map(str::to_owned),
            unit: unit.to_owned(),
            state: state.to_owned(),
            lacks: lacks.iter().map(|one| lack(one).to_owned()).collect(),
            value,
            low,
            high,
        });
    }

    /// What was observed, which needs no verdict.
    fn count(&mut self, indicator: &'static str, of: Option<&str>, unit: &'static str, value: f64) {
        self.figures.push(Figure {
            indicator: indicator.to_owned(),
            of: of.map(str::to_owned),
            unit: unit.to_owned(),
            state: "observed".to_owned(),
            lacks: Vec::new(),
            value: Some(value),
            low: None,
            high: None,
        });
    }
}

/// What is lacking, as files and answers call it.
pub(crate) fn lack(lack: &Lack) -> &'static str {
    match lack {
        Lack::Observations { .. } => "observations",
        Lack::ClassAProbes { .. } => "class_a_probes",
        Lack::Days { .. } => "days",
        Lack::Slots { .. } => "slots",
    }
}

/// The figures of a territory.
#[must_use]
pub fn of_area(area: &AreaReport, sets: &Sets) -> Vec<Figure> {
    let mut list = List::default();
    list.count("sites", None, "sites", number(area.sites));
    list.count("communes", None, "communes", number(area.communes));
    list.count("sites_without_population", None, "sites", number(area.unweighted));
    list.count("sites_in_public_buildings", None, "sites", number(area.public_buildings.0));
    list.count("sites_of_undeclared_place", None, "sites", number(area.public_buildings.1));
    for use_of in &area.uses {
        area_use(&mut list, use_of, sets);
    }
    list.add("consistent_rate", Some("download"), "Mbit/s", area.consistent_down.as_ref(), |rate| {
        only(*rate)
    });
    list.add("consistent_rate", Some("upload"), "Mbit/s", area.consistent_up.as_ref(), |rate| only(*rate));
    list.figures
}

/// The figures of a site.
#[must_use]
pub fn of_site(report: &SiteReport, sets: &Sets) -> Vec<Figure> {
    let mut list = List::default();
    site(&mut list, report, sets);
    list.figures
}

fn area_use(list: &mut List, figure: &AreaUse, sets: &Sets) {
    let id = Some(sets.uses.uses[figure.of].id.as_str());
    list.count("sites_told", id, "sites", number(figure.sites));
    list.count("effective_sites", id, "sites", figure.effective_count);
    let hours = figure.hours.as_ref();
    list.add("hours", id, "h a week", hours, |hours| with_interval(hours.hours, hours.interval));
    list.add("hours_bounds", id, "h a week", hours, |hours| {
        (None, Some(hours.hours_low), Some(hours.hours_high))
    });
    list.add(
        "regularly_possible",
        id,
        "share of inhabitants",
        figure.regular.as_ref(),
        |(share, interval)| with_interval(*share, *interval),
    );
}

fn site(list: &mut List, report: &SiteReport, sets: &Sets) {
    list.count("days", None, "days", f64::from(report.days));
    for figure in &report.uses {
        use_of(list, figure, sets);
    }
    for rates in &report.rates {
        rates_of(list, rates);
    }
    list.add("iqb_original", None, "score", report.iqb.original.as_ref(), |score| only(*score));
    list.add("iqb_evidence", None, "score", report.iqb.evidence.as_ref(), |score| only(*score));
    let voice = report.voice.as_ref();
    list.add("voice_r_p50_estimated", None, "R, planning model", voice, |voice| only(voice.r_p50));
    list.add("voice_r_p20_estimated", None, "R, planning model", voice, |voice| only(voice.r_p20));
    list.add("voice_mos_p20_estimated", None, "MOS, planning model", voice, |voice| only(voice.mos_p20));
    let outages = report.outages.as_ref();
    list.add("outages", None, "outages", outages, |outages| only(number(outages.count)));
    list.add("outage_total", None, "s", outages, |outages| only(outages.total.as_secs_f64()));
    let seconds = |time: Option<std::time::Duration>| (time.map(|time| time.as_secs_f64()), None, None);
    list.add("time_to_restore_median", None, "s", outages, |outages| seconds(outages.median));
    list.add("time_to_restore_longest", None, "s", outages, |outages| seconds(outages.longest));
    list.add("availability", None, "share", outages, |outages| (outages.availability, None, None));
    list.add("time_unknown", None, "share", outages, |outages| only(outages.unknown_share));
}

fn use_of(list: &mut List, figure: &UseFigure, sets: &Sets) {
    let id = Some(sets.uses.uses[figure.of].id.as_str());
    let bounds = |hours: &Hours| (hours.hours, Some(hours.hours_low), Some(hours.hours_high));
    list.add("hours", id, "h a week", Some(&figure.minimum), bounds);
    list.add("hours_comfortable", id, "h a week", Some(&figure.comfortable), bounds);
    let counted = |figure: &Verdict<Hours>, of: fn(&Hours) -> usize| match figure.told() {
        State::Enough(hours) | State::Indicative(hours, _) => Some(number(of(hours))),
        State::NotEnough(_) => None,
    };
    let slots: [(&'static str, Count); 3] = [
        ("slots_possible", |hours| hours.ok),
        ("slots_not_possible", |hours| hours.ko),
        ("slots_unknown", |hours| hours.unknown),
    ];
    for (indicator, of) in slots {
        if let Some(count) = counted(&figure.minimum, of) {
            list.count(indicator, id, "slots of 15 min", count);
        }
    }
    if let Some(sessions) = &figure.sessions {
        let some = Some(sessions);
        list.add("sessions_held", id, "sessions", some, |sessions| only(number(sessions.counts.held)));
        list.add("sessions_lost", id, "sessions", some, |sessions| only(number(sessions.counts.lost)));
        list.add("sessions_unknown", id, "sessions", some, |sessions| only(number(sessions.counts.unknown)));
        list.add("sessions_lost_share", id, "share", some, |sessions| {
            with_interval(sessions.lost_share, sessions.interval)
        });
    }
}

fn rates_of(list: &mut List, rates: &RateFigures) {
    let name = direction(rates.direction);
    let direction = Some(name);
    list.count("runs", direction, "runs", number(rates.runs));
    list.count("runs_at_peak", direction, "runs", number(rates.runs_at_peak));
    list.add("rate_p50", direction, "Mbit/s", rates.p50.as_ref(), |rate| only(*rate));
    list.add("rate_p20_peak", direction, "Mbit/s", rates.p20_peak.as_ref(), |rate| only(*rate));
    list.add("stability_peak", direction, "ratio", rates.stability.as_ref(), |ratio| only(*ratio));
    list.add("peak_ratio", direction, "ratio", rates.peak_ratio.as_ref(), |ratio| only(*ratio));
    list.add("rate_of_subscribed", direction, "ratio", rates.of_subscribed.as_ref(), |ratio| only(*ratio));
    for threshold in &rates.thresholds {
        let of = format!("{} {} {}", threshold.set, name, threshold.step);
        list.add("runs_reaching", Some(&of), "share", Some(&threshold.share), |(share, interval)| {
            with_interval(*share, *interval)
        });
    }
}

/// A direction, as files and answers call it.
#[must_use]
pub fn direction(of: Direction) -> &'static str {
    match of {
        Direction::Download => "download",
        Direction::Upload => "upload",
    }
}

/// A count as a number.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn number(count: usize) -> f64 {
    count as f64
}
