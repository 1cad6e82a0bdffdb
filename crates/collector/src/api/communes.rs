//! One commune as JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use desserte_measure::METHOD_VERSION;
use desserte_model::CommuneCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::happenings::{InterruptionsAnswer, ReachabilityAnswer};
use super::schema::{ProblemSchema, utc_text};
use super::{Params, blocking, window};
use crate::config::Publication;
use crate::figures::{
    self, CommuneFigures, CommunePeriod, Day, LineFigures, OutageFigure, RateFigure, RttFigure, Window,
};
use crate::problem::ApiError;
use crate::state::Shared;

/// Which period.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodQuery {
    /// Length of the period in days, up to the current hour; 30 unless the collector is set otherwise.
    #[param(minimum = 1, maximum = 92)]
    pub(crate) jours: Option<u16>,
    /// Hour of UTC at which the period ends, such as 2026-11-01T00; the current hour when absent.
    #[param(pattern = r"^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])$")]
    pub(crate) au: Option<String>,
}

/// Figures of one commune over a period.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommuneAnswer {
    commune: CommuneIdentity,
    /// True when nothing here describes a real user's line.
    demonstration: bool,
    period: PeriodAnswer,
    method: MethodAnswer,
    #[serde(flatten)]
    figures: FiguresAnswer,
    interruptions: InterruptionsAnswer,
    reachability: ReachabilityAnswer,
    /// Figures by declared operator and technology.
    lines: Vec<LineAnswer>,
    /// Figures by day of UTC; days without a run are absent.
    days: Vec<DayAnswer>,
}

/// Which commune.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommuneIdentity {
    /// Code of the official list.
    code: String,
    name: String,
    departement: String,
    /// SIREN of the intercommunality; null when not known.
    epci: Option<String>,
    /// Inhabitants; null when not known.
    population: Option<u32>,
    /// Year of the official list that the code belongs to.
    vintage: u16,
}

/// From when to when, closed at the start and open at the end.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeriodAnswer {
    from_utc: String,
    to_utc: String,
    days: u16,
}

/// How figures were made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MethodAnswer {
    /// Version of the estimators.
    version: &'static str,
    /// Definition of quantiles.
    quantile: &'static str,
    /// Complete runs below which no rate is given.
    minimum_runs: u64,
    /// Minutes of known state below which a probe's outages do not count.
    minimum_known_minutes: u64,
}

/// Whether a figure may be given.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State3 {
    /// Given.
    Measured,
    /// Tried, but not often enough to say.
    NotEnough,
    /// Nothing was tried.
    NotMeasured,
}

/// Throughput of complete runs, application layer, Wi-Fi left out.
#[derive(Serialize, ToSchema)]
pub(crate) struct RateAnswer {
    state: State3,
    /// Null unless measured.
    median_bits_per_second: Option<f64>,
    /// Reached by eight runs in ten; null unless measured and enough runs for it.
    p20_bits_per_second: Option<f64>,
    /// Complete runs behind the figure.
    runs: u64,
    /// Probes that made them; null unless measured.
    probes: Option<u64>,
}

/// Idle round-trip time.
#[derive(Serialize, ToSchema)]
pub(crate) struct RttAnswer {
    state: State3,
    /// Null unless measured.
    median_us: Option<f64>,
    /// Minutes with an answer.
    minutes: u64,
}

/// Outages seen by the probes that knew the state of their line for long enough.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutageAnswer {
    state: State3,
    /// Mean over the probes; a lower bound, since time of unknown state is not in it. Null unless measured.
    mean_s: Option<f64>,
    /// Outages, all probes together; null unless measured.
    count: Option<u64>,
    /// The longest; null without one.
    longest_s: Option<f64>,
    /// Share of the period of known state; null unless measured.
    known_ratio: Option<f64>,
    /// Share of the known time without outage; null unless measured.
    availability_ratio: Option<f64>,
    /// Probes that count; null unless measured.
    probes: Option<u64>,
}

/// Figures of a commune.
#[derive(Serialize, ToSchema)]
pub(crate) struct FiguresAnswer {
    download: RateAnswer,
    upload: RateAnswer,
    rtt_idle: RttAnswer,
    outage: OutageAnswer,
    /// Runs of both directions by how they ended.
    runs_by_outcome: std::collections::BTreeMap<String, u64>,
    /// Complete runs that enter no figure (Wi-Fi, or octets counted elsewhere than at the application layer).
    runs_left_out: u64,
    /// Complete runs that ended before the rate was steady, most often at the ceiling of the data budget.
    runs_too_short: u64,
    /// Probes with records in the period.
    probes: u64,
}

/// Figures of one kind of line.
#[derive(Serialize, ToSchema)]
pub(crate) struct LineAnswer {
    /// As declared; null when not known.
    operator: Option<String>,
    /// As declared; null when not known.
    technology: Option<String>,
    download: RateAnswer,
    upload: RateAnswer,
}

/// Figures of one day.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayAnswer {
    /// Midnight UTC.
    from_utc: String,
    download: RateAnswer,
    upload: RateAnswer,
}

/// Figures of one commune.
#[utoipa::path(
    get,
    path = "/api/v1/communes/{code}",
    tag = "figures",
    params(("code" = String, Path, description = "Code of the commune, such as 23096"), PeriodQuery),
    responses(
        (status = 200, body = CommuneAnswer),
        (status = 400, description = "A parameter cannot be read", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "Not in this collector's territory", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_commune(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Params(query): Params<PeriodQuery>,
) -> Result<Json<CommuneAnswer>, ApiError> {
    let code: CommuneCode = code.parse().map_err(|_| unknown(&code))?;
    let window = window(&shared, query.jours, query.au.as_deref())?;
    blocking(move || {
        let rules = &shared.config.publication;
        let commune = figures::of_commune(&shared.store, code, &window, rules)?;
        let answer = CommuneAnswer::new(&shared, code, &window, &commune);
        answer.map(Json).ok_or_else(|| unknown(code.as_str()))
    })
    .await
}

impl CommuneAnswer {
    /// The answer; `None` if the commune is not of the territory.
    pub(crate) fn new(
        shared: &Shared,
        code: CommuneCode,
        window: &Window,
        commune: &CommunePeriod,
    ) -> Option<Self> {
        let rules = &shared.config.publication;
        Some(Self {
            commune: identity(shared, code)?,
            demonstration: shared.demonstration,
            period: PeriodAnswer::from(window),
            method: MethodAnswer::from(rules),
            interruptions: (&commune.figures.happenings).into(),
            reachability: ReachabilityAnswer::new(&commune.figures.happenings, rules),
            lines: commune.figures.lines.iter().map(LineAnswer::from).collect(),
            days: commune.days.iter().map(DayAnswer::from).collect(),
            figures: FiguresAnswer::from(&commune.figures),
        })
    }
}

fn unknown(code: &str) -> ApiError {
    let code: String = code.chars().take(32).collect();
    ApiError::not_found(format!("{code:?} is no commune of this collector's territory"))
}

pub(super) fn identity(shared: &Shared, code: CommuneCode) -> Option<CommuneIdentity> {
    let commune = shared.territory.commune(code)?;
    Some(CommuneIdentity {
        code: code.to_string(),
        name: commune.name.clone(),
        departement: commune.departement.clone(),
        epci: commune.epci.clone(),
        population: commune.population,
        vintage: shared.territory.vintage().as_year(),
    })
}

impl From<&Window> for PeriodAnswer {
    fn from(window: &Window) -> Self {
        Self {
            from_utc: utc_text(window.period.start),
            to_utc: utc_text(window.period.end),
            days: window.days,
        }
    }
}

impl From<&Publication> for MethodAnswer {
    fn from(rules: &Publication) -> Self {
        Self {
            version: METHOD_VERSION,
            quantile: "Hyndman-Fan 7",
            minimum_runs: rules.minimum_runs,
            minimum_known_minutes: rules.minimum_known_minutes,
        }
    }
}

impl From<&RateFigure> for RateAnswer {
    fn from(figure: &RateFigure) -> Self {
        let numbers = figure.measured();
        Self {
            state: match figure {
                RateFigure::NotMeasured => State3::NotMeasured,
                RateFigure::NotEnough { .. } => State3::NotEnough,
                RateFigure::Measured(_) => State3::Measured,
            },
            median_bits_per_second: numbers.map(|numbers| numbers.median.as_bits_per_second()),
            p20_bits_per_second: numbers.and_then(|numbers| numbers.p20).map(|p20| p20.as_bits_per_second()),
            runs: figure.runs(),
            probes: numbers.map(|numbers| numbers.probes),
        }
    }
}

impl From<&RttFigure> for RttAnswer {
    fn from(figure: &RttFigure) -> Self {
        let (state, median_us, minutes) = match figure {
            RttFigure::NotMeasured => (State3::NotMeasured, None, 0),
            RttFigure::NotEnough { minutes } => (State3::NotEnough, None, *minutes),
            RttFigure::Measured { median, minutes } => {
                (State3::Measured, Some(median.as_secs_f64() * 1e6), *minutes)
            }
        };
        Self { state, median_us, minutes }
    }
}

impl From<&OutageFigure> for OutageAnswer {
    fn from(figure: &OutageFigure) -> Self {
        let numbers = figure.measured();
        Self {
            state: match figure {
                OutageFigure::NotMeasured => State3::NotMeasured,
                OutageFigure::NotEnough { .. } => State3::NotEnough,
                OutageFigure::Measured(_) => State3::Measured,
            },
            mean_s: numbers.map(|numbers| numbers.mean.as_secs_f64()),
            count: numbers.map(|numbers| numbers.count),
            longest_s: numbers.and_then(|numbers| numbers.longest).map(|longest| longest.as_secs_f64()),
            known_ratio: numbers.map(|numbers| numbers.known_ratio),
            availability_ratio: numbers.map(|numbers| numbers.availability_ratio),
            probes: numbers.map(|numbers| numbers.probes),
        }
    }
}

impl From<&CommuneFigures> for FiguresAnswer {
    fn from(figures: &CommuneFigures) -> Self {
        Self {
            download: (&figures.download).into(),
            upload: (&figures.upload).into(),
            rtt_idle: (&figures.rtt).into(),
            outage: (&figures.outage).into(),
            runs_by_outcome: figures.runs_by_outcome.clone(),
            runs_left_out: figures.runs_left_out,
            runs_too_short: figures.runs_too_short,
            probes: figures.probes,
        }
    }
}

impl From<&LineFigures> for LineAnswer {
    fn from(line: &LineFigures) -> Self {
        Self {
            operator: line.operator.clone(),
            technology: line.technology.clone(),
            download: (&line.download).into(),
            upload: (&line.upload).into(),
        }
    }
}

impl From<&Day> for DayAnswer {
    fn from(day: &Day) -> Self {
        Self { from_utc: utc_text(day.start), download: (&day.download).into(), upload: (&day.upload).into() }
    }
}
