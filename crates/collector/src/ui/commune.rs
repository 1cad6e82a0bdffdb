//! A commune in plain words.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use desserte_measure::METHOD_VERSION;
use desserte_model::CommuneCode;
use desserte_territory::Commune;
use desserte_units::BitRate;
use http::StatusCode;
use serde::Deserialize;

use super::address::Links;
use super::area::PERIODS;
use super::chart::{Chart, chart};
use super::dossier;
use super::happenings::HappeningsView;
use super::lang::Lang;
use super::nearby::{Nearby, nearby};
use super::page::{Frame, PageParams, message, problem, render};
use super::residents::residents;
use super::scale::Indicator;
use super::text;
use crate::api::communes::CommuneAnswer;
use crate::api::{blocking, window};
use crate::area::Area;
use crate::figures::{
    self, CommuneFigures, CommunePeriod, LineFigures, OutageFigure, OutageNumbers, RateFigure, RttFigure,
    Window,
};
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    jours: Option<u16>,
    au: Option<String>,
    /// Fingerprint of the figures that a permanent link was made from.
    empreinte: Option<String>,
}

#[derive(Template)]
#[template(path = "commune.html")]
struct View {
    frame: Frame,
    name: String,
    code: String,
    vintage: String,
    departement: String,
    departement_address: String,
    /// Its intercommunality: name and address.
    epci: Option<(String, String)>,
    population: Option<String>,
    anything: bool,
    /// Which stretch of time, and how much of it holds measurements.
    period: String,
    periods: Vec<(String, String, bool)>,
    nearby: Option<Nearby>,
    /// What became of the figures of the permanent link that led here.
    unchanged: Option<bool>,
    permalink: String,
    fingerprint: String,
    uses: String,
    compare: String,
    sentences: Vec<String>,
    figures: Vec<FigureRow>,
    lines: Vec<LineRow>,
    outcomes: Vec<(String, String)>,
    happened: HappeningsView,
    chart: Option<Chart>,
    /// What residents' own tests say; none where nobody gave one.
    residents: Option<String>,
    /// Whether the commune's dossier can be asked for.
    dossier: bool,
    /// Address of the residents' test; none without a server.
    tester: Option<String>,
    minimum_runs: u64,
    minimum_known: String,
    method: &'static str,
    api: String,
}

struct FigureRow {
    what: &'static str,
    value: String,
    behind: String,
}

struct LineRow {
    operator: String,
    technology: String,
    download: String,
    upload: String,
    runs: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &code, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

fn view(shared: &Shared, code: &str, query: &Query) -> Result<Response, ApiError> {
    let Some(commune) = asked(shared, code) else { return Ok(unknown(code, query.lang)) };
    let code = commune.code;
    let window = window(shared, query.jours, query.au.as_deref())?;
    let rules = &shared.config.publication;
    let commune_period = figures::of_commune(&shared.store, code, &window, rules)?;
    let figures = &commune_period.figures;
    let lang = query.lang;
    let departement = shared.territory.departement_of(code);
    let links = Links { shared, window: &window, lang };
    let path = format!("/commune/{code}");
    let fingerprint = fingerprint(shared, code, &window, &commune_period)?;
    let around = shared.departement_figures(&commune.departement, &window)?;
    let map = shared.map(&Area::Departement(commune.departement.clone()));
    let view = View {
        frame: Frame::new(shared, lang, commune.name.clone(), &links.without_language(&path, &[])),
        name: commune.name.clone(),
        code: code.to_string(),
        vintage: shared.territory.vintage().to_string(),
        departement: departement.map_or(commune.departement.as_str(), |d| d.label()).to_owned(),
        departement_address: links.departement(&commune.departement, Indicator::default()),
        epci: shared
            .territory
            .epci_of(code)
            .map(|epci| (epci.label().to_owned(), links.to(&format!("/epci/{}", epci.siren), &[]))),
        population: commune.population.map(|people| text::count(people.into(), lang)),
        anything: figures.probes > 0 || !figures.happenings.is_empty(),
        period: period_words(&commune_period, &window, lang),
        periods: periods(code, links),
        nearby: map.and_then(|map| nearby(code, &map, &around, links)),
        unchanged: query.empreinte.as_ref().map(|before| *before == fingerprint),
        permalink: links.permalink(&path, &[("empreinte", &fingerprint)]),
        fingerprint,
        uses: links.to(&format!("{path}/usages"), &[]),
        compare: links.to("/comparer", &[("a", code.as_str())]),
        sentences: sentences(figures, lang),
        figures: figure_rows(figures, &window, lang),
        lines: figures.lines.iter().map(|line| line_row(line, lang)).collect(),
        outcomes: outcomes(figures, lang),
        happened: HappeningsView::new(&figures.happenings, rules, lang),
        chart: chart(&commune_period.days, &window, lang),
        residents: residents(shared, commune, lang)?,
        dossier: dossier::offered(shared),
        tester: (!shared.config.locate.servers.is_empty())
            .then(|| format!("/tester?commune={code}{}", lang.t("", "&lang=en"))),
        minimum_runs: rules.minimum_runs,
        minimum_known: text::hours(rules.minimum_known()),
        method: METHOD_VERSION,
        api: links.data(&format!("/communes/{code}")),
    };
    render(&view)
}

/// The commune that an address names.
pub(super) fn asked<'a>(shared: &'a Shared, code: &str) -> Option<&'a Commune> {
    let code = code.to_ascii_uppercase().parse::<CommuneCode>().ok()?;
    shared.territory.commune(code)
}

/// Periods offered, with their addresses, and which is shown.
fn periods(code: CommuneCode, links: Links<'_>) -> Vec<(String, String, bool)> {
    let choice = |days: u16| {
        let window = Window { days, ..*links.window };
        let address = Links { window: &window, ..links }.commune(code);
        (text::days(days.into(), links.lang), address, days == links.window.days)
    };
    PERIODS.into_iter().map(choice).collect()
}

/// Characters of a fingerprint: 64 bits tell figures of one commune and period apart.
const FINGERPRINT_CHARS: usize = 16;

/// What stays the same as long as the figures do: the beginning of the SHA-256 of the interface's answer.
fn fingerprint(
    shared: &Shared,
    code: CommuneCode,
    window: &Window,
    commune: &CommunePeriod,
) -> Result<String, ApiError> {
    let answer = CommuneAnswer::new(shared, code, window, commune);
    let text = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
    let mut hash = desserte_signing::record_sha256(&text);
    hash.truncate(FINGERPRINT_CHARS);
    Ok(hash)
}

/// Characters repeated of a code that is none: a code has five.
const CODE_CHARS_SAID: usize = 16;

pub(super) fn unknown(code: &str, lang: Lang) -> Response {
    let code: String = code.chars().take(CODE_CHARS_SAID).collect();
    let words = match lang {
        Lang::Fr => format!("La commune {code} ne fait pas partie du territoire."),
        Lang::En => format!("Commune {code} is not part of the territory."),
    };
    let detail = lang.t(
        "L'adresse attend le code officiel de la commune (code INSEE, 5 caractères), et non le code postal. Paris, Lyon et Marseille sont chacune une seule commune (75056, 69123, 13055), sans leurs arrondissements.",
        "The address takes the commune's official code (INSEE, 5 characters), not the postcode. Paris, Lyon and Marseille are one commune each (75056, 69123, 13055), without their arrondissements.",
    );
    message(StatusCode::NOT_FOUND, lang, &words, Some(detail))
}

/// The period, and how much of it holds measurements: both, since a month with one measured day is not a month measured.
fn period_words(commune: &CommunePeriod, window: &Window, lang: Lang) -> String {
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
fn outcomes(figures: &CommuneFigures, lang: Lang) -> Vec<(String, String)> {
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
fn sentences(figures: &CommuneFigures, lang: Lang) -> Vec<String> {
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

fn figure_rows(figures: &CommuneFigures, window: &Window, lang: Lang) -> Vec<FigureRow> {
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

fn line_row(line: &LineFigures, lang: Lang) -> LineRow {
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
