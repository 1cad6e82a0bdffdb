//! Figures one by one, as JSON and CSV: each with its state, and no number where there is not enough behind it.

use anyhow::Context as _;
use desserte_equity::Interval;
use desserte_equity::verdict::{Lack, Told as State, Verdict};
use desserte_measure::METHOD_VERSION;
use desserte_model::Direction;
use desserte_service::{AreaUse, Hours, RateFigures, Sets, SiteReport, UseFigure};
use serde_json::{Value, json};

use super::Told;
use crate::out::Outcome;

/// One figure.
struct Figure {
    /// `territory` or `site`.
    level: &'static str,
    commune: Option<String>,
    probe: Option<String>,
    indicator: &'static str,
    /// Which use, direction or set of thresholds.
    of: Option<String>,
    unit: &'static str,
    state: &'static str,
    lacks: Vec<&'static str>,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// Columns of the CSV and keys of a figure in JSON.
const COLUMNS: [&str; 11] =
    ["level", "commune", "probe", "indicator", "of", "unit", "state", "lacks", "value", "low", "high"];

/// Figures of one level, in the making.
struct List {
    level: &'static str,
    commune: Option<String>,
    probe: Option<String>,
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
            level: self.level,
            commune: self.commune.clone(),
            probe: self.probe.clone(),
            indicator,
            of: of.map(str::to_owned),
            unit,
            state,
            lacks: lacks.iter().map(lack).collect(),
            value,
            low,
            high,
        });
    }

    /// What was observed, which needs no verdict.
    fn count(&mut self, indicator: &'static str, of: Option<&str>, unit: &'static str, value: f64) {
        let (level, commune, probe) = (self.level, self.commune.clone(), self.probe.clone());
        let of = of.map(str::to_owned);
        let (value, lacks) = (Some(value), Vec::new());
        let state = "observed";
        self.figures.push(Figure {
            level,
            commune,
            probe,
            indicator,
            of,
            unit,
            state,
            lacks,
            value,
            low: None,
            high: None,
        });
    }
}

fn lack(lack: &Lack) -> &'static str {
    match lack {
        Lack::Observations { .. } => "observations",
        Lack::ClassAProbes { .. } => "class_a_probes",
        Lack::Days { .. } => "days",
        Lack::Slots { .. } => "slots",
    }
}

fn of(told: &Told<'_>) -> Vec<Figure> {
    let mut list = List { level: "territory", commune: None, probe: None, figures: Vec::new() };
    let area = &told.area;
    list.count("sites", None, "sites", number(area.sites));
    list.count("communes", None, "communes", number(area.communes));
    list.count("sites_without_population", None, "sites", number(area.unweighted));
    list.count("sites_in_public_buildings", None, "sites", number(area.public_buildings.0));
    list.count("sites_of_undeclared_place", None, "sites", number(area.public_buildings.1));
    for use_of in &area.uses {
        area_use(&mut list, use_of, told.sets);
    }
    list.add("consistent_rate", Some("download"), "Mbit/s", area.consistent_down.as_ref(), |rate| {
        only(*rate)
    });
    list.add("consistent_rate", Some("upload"), "Mbit/s", area.consistent_up.as_ref(), |rate| only(*rate));
    for report in told.reports {
        list.level = "site";
        list.commune = Some(report.site.commune.to_string());
        list.probe = Some(report.site.probe.to_string());
        site(&mut list, report, told.sets);
    }
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

pub(super) fn direction(of: Direction) -> &'static str {
    match of {
        Direction::Download => "download",
        Direction::Upload => "upload",
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

pub(super) fn json(told: &Told<'_>) -> Value {
    let figure = |figure: &Figure| {
        json!({
            "level": figure.level, "commune": figure.commune, "probe": figure.probe, "indicator": figure.indicator,
            "of": figure.of, "unit": figure.unit, "state": figure.state, "lacks": figure.lacks,
            "value": figure.value, "low": figure.low, "high": figure.high,
        })
    };
    json!({
        "place": told.place,
        "from": told.from.to_string(),
        "to": told.to.to_string(),
        "time": "local",
        "demonstration": told.demonstration,
        "method": METHOD_VERSION,
        "parameters": told.sets.names(),
        "may_over_represent_centres": told.area.may_be_biased,
        "figures": of(told).iter().map(figure).collect::<Vec<_>>(),
    })
}

pub(super) fn csv(told: &Told<'_>) -> Outcome {
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    let doing = "cannot write to standard output";
    let extra = ["from", "to", "parameters"];
    writer.write_record(COLUMNS.iter().chain(&extra)).context(doing)?;
    let (from, to, sets) = (told.from.to_string(), told.to.to_string(), told.sets.names().join(" "));
    let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    for figure in of(told) {
        let row = [
            figure.level,
            &figure.commune.unwrap_or_default(),
            &figure.probe.unwrap_or_default(),
            figure.indicator,
            &figure.of.unwrap_or_default(),
            figure.unit,
            figure.state,
            &figure.lacks.join(" "),
            &text(figure.value),
            &text(figure.low),
            &text(figure.high),
            &from,
            &to,
            &sets,
        ];
        writer.write_record(row).context(doing)?;
    }
    writer.flush().context(doing)?;
    Ok(())
}
