//! A commune in plain words.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use desserte_measure::METHOD_VERSION;
use desserte_model::CommuneCode;
use serde::Deserialize;

use super::chart::{Chart, chart};
use super::lang::Lang;
use super::page::{Frame, problem, render};
use super::text;
use crate::api::{Params, blocking, window};
use crate::figures::{self, CommuneFigures, LineFigures, OutageFigure, RateFigure, RttFigure, Window};
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    jours: Option<u16>,
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
    epci: Option<String>,
    population: Option<String>,
    days: u16,
    from: String,
    to: String,
    anything: bool,
    probes: String,
    sentences: Vec<String>,
    figures: Vec<FigureRow>,
    lines: Vec<LineRow>,
    outcomes: Vec<(String, String)>,
    left_out: String,
    chart: Option<Chart>,
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
    Params(query): Params<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &code, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

fn view(shared: &Shared, code: &str, query: &Query) -> Result<Response, ApiError> {
    let unknown = || ApiError::not_found("no such commune");
    let code: CommuneCode = code.parse().map_err(|_| unknown())?;
    let commune = shared.territory.commune(code).ok_or_else(unknown)?;
    let window = window(shared, query.jours)?;
    let rules = &shared.config.publication;
    let (figures, days) = figures::of_commune(&shared.store, code, &window, rules)?;
    let lang = query.lang;
    let departement = shared.territory.departement_of(code);
    let path = format!("/commune/{code}?jours={}", window.days);
    let view = View {
        frame: Frame::new(shared, lang, commune.name.clone(), &path),
        name: commune.name.clone(),
        code: code.to_string(),
        vintage: shared.territory.vintage().to_string(),
        departement: departement.map_or(commune.departement.as_str(), |d| d.label()).to_owned(),
        departement_address: format!("/departement/{}{}", commune.departement, lang.query()),
        epci: shared.territory.epci_of(code).map(|epci| epci.label().to_owned()),
        population: commune.population.map(|people| text::count(people.into(), lang)),
        days: window.days,
        from: text::day(window.period.start, lang),
        to: text::day(window.period.end.saturating_add_micros(-1), lang),
        anything: figures.probes > 0,
        probes: text::probes(figures.probes, lang),
        sentences: sentences(&figures, lang),
        figures: figure_rows(&figures, &window, lang),
        lines: figures.lines.iter().map(|line| line_row(line, lang)).collect(),
        outcomes: figures
            .runs_by_outcome
            .iter()
            .map(|(outcome, runs)| (outcome_words(outcome, lang).to_owned(), text::count(*runs, lang)))
            .collect(),
        left_out: text::count(figures.runs_left_out, lang),
        chart: chart(&days, &window, lang),
        minimum_runs: rules.minimum_runs,
        minimum_known: text::hours(rules.minimum_known()),
        method: METHOD_VERSION,
        api: format!("/api/v1/communes/{code}?jours={}", window.days),
    };
    render(&view)
}

/// What the figures mean, one sentence each; nothing for what cannot be said.
fn sentences(figures: &CommuneFigures, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
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
    if let Some(numbers) = figures.outage.measured() {
        let mean = text::hours(numbers.mean);
        let known = text::percent(numbers.known_ratio, lang);
        said.push(match (lang, numbers.count) {
            (Lang::Fr, 0) => format!("Aucune coupure n'a été vue pendant les {known} du temps où l'état de la ligne est connu."),
            (Lang::En, 0) => format!("No outage was seen in the {known} of the time during which the line's state is known."),
            (Lang::Fr, _) => format!(
                "La ligne a été coupée {mean} en moyenne par sonde. L'état de la ligne est connu pendant {known} du temps\u{a0}: la durée réelle peut être plus longue."
            ),
            (Lang::En, _) => format!(
                "The line was down for {mean}, mean over the probes. Its state is known for {known} of the time: it may really have been longer."
            ),
        });
    }
    said
}

fn figure_rows(figures: &CommuneFigures, window: &Window, lang: Lang) -> Vec<FigureRow> {
    let runs = |figure: &RateFigure| {
        let french = ("essai complet", "essais complets");
        text::counted(figure.runs(), french, ("complete run", "complete runs"), lang)
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
    let minutes = text::count(minutes, lang);
    FigureRow {
        what: lang.t("Temps d'aller-retour médian, ligne au repos", "Median round trip, line at rest"),
        value,
        behind: format!("{minutes} {}", lang.t("minutes", "minutes")),
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
    let hours = text::count(window.period.length().as_secs() / 3_600, lang);
    vec![
        FigureRow { what, value: text::hours(numbers.mean), behind },
        FigureRow {
            what: lang.t("Part du temps où l'état est connu", "Share of time of known state"),
            value: text::percent(numbers.known_ratio, lang),
            behind: match lang {
                Lang::Fr => {
                    format!(
                        "sur {hours} heures\u{a0}; le reste n'est compté ni comme marche ni comme coupure"
                    )
                }
                Lang::En => format!("of {hours} hours; the rest counts neither as up nor as down"),
            },
        },
        FigureRow {
            what: lang.t("Disponibilité pendant ce temps connu", "Availability during that known time"),
            value: text::availability(numbers.availability_ratio, lang),
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
