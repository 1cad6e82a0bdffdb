//! What a commune's page says of its figures: sentences, and the rows of its tables.

use desserte_units::BitRate;

use super::lang::Lang;
use super::text;
use crate::figures::{
    CommuneFigures, CommunePeriod, LineFigures, OutageFigure, OutageNumbers, RateFigure, RttFigure, Window,
};

/// A figure, with what it was made from.
pub(super) struct FigureRow {
    pub(super) what: &'static str,
    pub(super) value: String,
    pub(super) behind: String,
}

/// A kind of line with its figures.
pub(super) struct LineRow {
    pub(super) operator: String,
    pub(super) technology: String,
    pub(super) download: String,
    pub(super) upload: String,
    pub(super) runs: String,
}

/// The period, and how much of it holds measurements: both, since a month with one measured day is not a month measured.
pub(super) fn period_words(commune: &CommunePeriod, window: &Window, lang: Lang) -> String {
    let from = text::day(window.period.start, lang);
    let to = text::day(window.period.end.saturating_add_micros(-1), lang);
    let days = text::days(commune.days_with_measurements, lang);
    let probes = text::probes(commune.figures.probes, lang);
    match (commune.last_day.map(|day| text::day(day, lang)), lang) {
        (None, Lang::Fr) => format!("Période\u{a0}: du {from} au {to}."),
        (None, Lang::En) => format!("Period: {from} to {to}."),
        (Some(last), Lang::Fr) => {
            format!(
                "Période\u{a0}: du {from} au {to}. Mesures présentes sur {days}, la dernière le {last}. {probes}."
            )
        }
        (Some(last), Lang::En) => {
            format!("Period: {from} to {to}. Measurements on {days}, the last on {last}. {probes}.")
        }
    }
}

/// Lines of different technologies are told apart before anything is said of them together, from this ratio of their
/// medians on: a choice of 2026-11-21.
const VERY_DIFFERENT: f64 = 2.0;

/// The medians by technology when they differ so much that one median of the commune describes no line of it.
fn different_lines(figures: &CommuneFigures, lang: Lang) -> Option<String> {
    let mut medians: Vec<(&str, BitRate)> = figures
        .technologies
        .iter()
        .filter_map(|(code, figure)| Some((technology(code, lang), figure.measured()?.median)))
        .collect();
    medians.sort_by(|a, b| a.1.as_bits_per_second().total_cmp(&b.1.as_bits_per_second()));
    let (slowest, fastest) = (medians.first()?.1, medians.last()?.1);
    if fastest.as_bits_per_second() <= slowest.as_bits_per_second() * VERY_DIFFERENT {
        return None;
    }
    let all: Vec<String> =
        medians.iter().map(|(name, rate)| format!("{name} {}", text::rate_number(*rate, lang))).collect();
    let all = all.join(" · ");
    Some(match lang {
        Lang::Fr => format!("Lignes très différentes\u{a0}: {all}\u{a0}Mbit/s."),
        Lang::En => format!("Very different lines: {all}\u{a0}Mbit/s."),
    })
}

/// How runs ended; what became of the complete ones stands beside them, so that counts never contradict.
pub(super) fn outcomes(figures: &CommuneFigures, lang: Lang) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = figures
        .runs_by_outcome
        .iter()
        .map(|(outcome, runs)| (outcome_words(outcome, lang).to_owned(), text::count(*runs, lang)))
        .collect();
    if let Some(at) = figures.runs_by_outcome.keys().position(|outcome| outcome == "complete") {
        let complete = figures.runs_by_outcome.get("complete").copied().unwrap_or(0);
        let (short, out) = (figures.runs_too_short, figures.runs_left_out);
        let parts = [
            (lang.t("dont retenus", "of which counted"), complete.saturating_sub(short + out)),
            (lang.t("dont trop courts pour un débit stable", "of which too short for a steady rate"), short),
            (
                lang.t(
                    "dont laissés de côté (Wi-Fi, ou comptés ailleurs qu'à l'application)",
                    "of which left out (Wi-Fi, or counted elsewhere than at the application)",
                ),
                out,
            ),
        ];
        rows.splice(at + 1..=at, parts.map(|(what, runs)| (what.to_owned(), text::count(runs, lang))));
    }
    rows
}

/// What the figures mean, one sentence each; nothing for what cannot be said.
pub(super) fn sentences(figures: &CommuneFigures, lang: Lang) -> Vec<String> {
    let mut said: Vec<String> = different_lines(figures, lang).into_iter().collect();
    if let Some(numbers) = figures.download.measured() {
        let median = text::rate(numbers.median, lang);
        said.push(match lang {
            Lang::Fr => format!("En téléchargement, la moitié des essais ont atteint {median} ou plus."),
            Lang::En => format!("Half of the download runs reached {median} or more."),
        });
        if let Some(p20) = numbers.p20 {
            let p20 = text::rate(p20, lang);
            said.push(match lang {
                Lang::Fr => {
                    format!("Huit essais sur dix ont atteint {p20}\u{a0}; les autres sont restés en dessous.")
                }
                Lang::En => format!("Eight runs in ten reached {p20}; the others stayed below."),
            });
        }
    }
    said.extend(figures.outage.measured().map(|numbers| outage_sentence(numbers, lang)));
    said
}

/// Says what was seen and no more: who or what cut the lines is not known here.
fn outage_sentence(numbers: &OutageNumbers, lang: Lang) -> String {
    let mean = text::hours(numbers.mean);
    let known = text::percent(numbers.known_ratio, lang);
    let seen = match (lang, numbers.probes, numbers.mean.is_zero()) {
        (Lang::Fr, 1, true) => {
            return format!(
                "Aucune coupure n'a été vue pendant les {known} du temps où l'état de la ligne est connu."
            );
        }
        (Lang::Fr, _, true) => {
            return format!(
                "Aucune coupure n'a été vue pendant les {known} du temps où l'état des lignes est connu."
            );
        }
        (Lang::En, _, true) => {
            return format!("No outage was seen in the {known} of the time of known state.");
        }
        (Lang::Fr, 1, false) => format!("La ligne mesurée n'a pas répondu pendant {mean}"),
        (Lang::Fr, _, false) => {
            format!("Les lignes mesurées n'ont pas répondu pendant {mean} (moyenne par sonde)")
        }
        (Lang::En, 1, false) => format!("The measured line did not answer for {mean}"),
        (Lang::En, _, false) => {
            format!("The measured lines did not answer for {mean} (mean over the probes)")
        }
    };
    match lang {
        Lang::Fr => format!(
            "{seen}\u{a0}; la cause n'est pas connue. L'état est connu pendant {known} du temps\u{a0}: la durée réelle peut être plus longue."
        ),
        Lang::En => format!(
            "{seen}; the cause is not known. The state is known for {known} of the time: it may really have been longer."
        ),
    }
}

pub(super) fn figure_rows(figures: &CommuneFigures, window: &Window, lang: Lang) -> Vec<FigureRow> {
    let runs = |figure: &RateFigure| {
        let french = ("essai retenu", "essais retenus");
        text::counted(figure.runs(), french, ("run that counts", "runs that count"), lang)
    };
    let mut rows = vec![
        FigureRow {
            what: lang.t("Débit descendant médian", "Median download"),
            value: rate_words(&figures.download, lang),
            behind: runs(&figures.download),
        },
        FigureRow {
            what: lang.t("Débit montant médian", "Median upload"),
            value: rate_words(&figures.upload, lang),
            behind: runs(&figures.upload),
        },
        rtt_row(&figures.rtt, lang),
    ];
    rows.extend(outage_rows(&figures.outage, window, lang));
    rows
}

fn rtt_row(figure: &RttFigure, lang: Lang) -> FigureRow {
    let (value, minutes) = match figure {
        RttFigure::NotMeasured => (not_measured(lang), 0),
        RttFigure::NotEnough { minutes } => (not_enough(lang), *minutes),
        RttFigure::Measured { median, minutes } => (text::milliseconds(*median, lang), *minutes),
    };
    FigureRow {
        what: lang.t("Temps d'aller-retour médian, ligne au repos", "Median round trip, line at rest"),
        value,
        behind: text::counted(minutes, ("minute", "minutes"), ("minute", "minutes"), lang),
    }
}

fn outage_rows(figure: &OutageFigure, window: &Window, lang: Lang) -> Vec<FigureRow> {
    let what = lang.t("Coupures, moyenne par sonde", "Outage, mean over the probes");
    let numbers = match figure {
        OutageFigure::NotMeasured => {
            return vec![FigureRow { what, value: not_measured(lang), behind: String::new() }];
        }
        OutageFigure::NotEnough { known } => {
            let known = text::hours(*known);
            let behind = match lang {
                Lang::Fr => format!("état de la ligne connu {known} au plus"),
                Lang::En => format!("line's state known for {known} at most"),
            };
            return vec![FigureRow { what, value: not_enough(lang), behind }];
        }
        OutageFigure::Measured(numbers) => numbers,
    };
    let longest = numbers.longest.map(text::hours).unwrap_or_default();
    let left_out = match numbers.probes_left_out {
        0 => String::new(),
        n => format!(
            ", {} {}",
            text::probes(n, lang),
            lang.t("de côté, faute de durée", "left out for want of time")
        ),
    };
    let count = text::counted(numbers.count, ("coupure", "coupures"), ("outage", "outages"), lang);
    let probes = text::probes(numbers.probes, lang);
    let behind = match (numbers.count, lang) {
        (0, Lang::Fr) => format!("aucune coupure vue par {probes}{left_out}"),
        (0, Lang::En) => format!("no outage seen by {probes}{left_out}"),
        (_, Lang::Fr) => format!("{count}, la plus longue {longest}\u{a0}; {probes}{left_out}"),
        (_, Lang::En) => format!("{count}, the longest {longest}; {probes}{left_out}"),
    };
    let hours = window.period.length().as_secs() / 3_600;
    let hours = text::counted(hours, ("heure", "heures"), ("hour", "hours"), lang);
    vec![
        FigureRow { what, value: text::outage(numbers, lang), behind },
        FigureRow {
            what: lang.t("Part du temps où l'état est connu", "Share of time of known state"),
            value: text::percent(numbers.known_ratio, lang),
            behind: match lang {
                Lang::Fr => {
                    format!("sur {hours}\u{a0}; le reste n'est compté ni comme marche ni comme coupure")
                }
                Lang::En => format!("of {hours}; the rest counts neither as up nor as down"),
            },
        },
        FigureRow {
            what: lang.t("Disponibilité pendant ce temps connu", "Availability during that known time"),
            value: text::availability(numbers.availability_ratio, numbers.known, lang),
            behind: String::new(),
        },
    ]
}

pub(super) fn line_row(line: &LineFigures, lang: Lang) -> LineRow {
    let unknown = lang.t("non précisé", "not stated");
    LineRow {
        operator: line.operator.as_deref().unwrap_or(unknown).chars().take(64).collect(),
        technology: line.technology.as_deref().map_or(unknown, |code| technology(code, lang)).to_owned(),
        download: rate_words(&line.download, lang),
        upload: rate_words(&line.upload, lang),
        runs: format!(
            "{} / {}",
            text::count(line.download.runs(), lang),
            text::count(line.upload.runs(), lang)
        ),
    }
}

/// A rate, or why there is none.
pub(super) fn rate_words(figure: &RateFigure, lang: Lang) -> String {
    match figure {
        RateFigure::NotMeasured => not_measured(lang),
        RateFigure::NotEnough { .. } => not_enough(lang),
        RateFigure::Measured(numbers) => text::rate(numbers.median, lang),
    }
}

fn not_measured(lang: Lang) -> String {
    lang.t("non mesuré", "not measured").to_owned()
}

fn not_enough(lang: Lang) -> String {
    lang.t("données insuffisantes", "not enough data").to_owned()
}

fn technology(code: &str, lang: Lang) -> &'static str {
    match code {
        "ftth" => lang.t("fibre", "fibre"),
        "dsl" => lang.t("cuivre (ADSL, VDSL)", "copper (ADSL, VDSL)"),
        "coax" => lang.t("câble", "cable"),
        "4g_fixe" => lang.t("4G fixe", "fixed 4G"),
        "5g_fixe" => lang.t("5G fixe", "fixed 5G"),
        "radio" => lang.t("radio", "radio"),
        "sat" => "satellite",
        "mobile" => lang.t("mobile", "mobile"),
        _ => lang.t("autre", "other"),
    }
}

fn outcome_words(outcome: &str, lang: Lang) -> &'static str {
    match outcome {
        "complete" => lang.t("complets", "complete"),
        "cut_short" => lang.t("interrompus", "cut short"),
        "unreachable" => lang.t("serveur non joint", "server not reached"),
        "server_busy" => lang.t("serveur occupé", "server busy"),
        "refused_by_budget" => lang.t("empêchés par le budget de données", "held back by the data budget"),
        "probe_fault" => lang.t("défaut de la sonde", "fault of the probe"),
        _ => lang.t("autres", "others"),
    }
}
