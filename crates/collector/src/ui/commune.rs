//! A commune in plain words.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use desserte_measure::METHOD_VERSION;
use desserte_model::CommuneCode;
use desserte_territory::Commune;
use http::StatusCode;
use serde::Deserialize;

use super::address::Links;
use super::area::PERIODS;
use super::chart::{Chart, chart};
use super::commune_words::{FigureRow, LineRow, figure_rows, line_row, outcomes, period_words, sentences};
use super::dossier;
use super::edition::{self, Address, Keep, Telling};
use super::happenings::HappeningsView;
use super::lang::Lang;
use super::nearby::{Nearby, nearby};
use super::page::{Frame, PageParams, framed, message, problem};
use super::residents::residents;
use super::scale::Indicator;
use super::text;
use crate::api::communes::CommuneAnswer;
use crate::api::{blocking, window};
use crate::area::Area;
use crate::editions::Page;
use crate::figures::{self, CommunePeriod, Window};
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::{Shared, Sketch};

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    jours: Option<u16>,
    au: Option<String>,
    /// Fingerprint of the figures that a permanent link is of.
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
    /// Whether the figures are those of the permanent link that led here, which were not kept.
    unchanged: Option<bool>,
    permalink: String,
    keep: Option<Keep>,
    /// Whether this is what is kept: residents may erase their tests, and so they are not in it.
    edition: bool,
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

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &code, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

/// Keeps what the page tells, and leads to its permanent link.
pub(super) async fn keep(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    client: Option<axum::Extension<Client>>,
    Form(query): Form<Query>,
) -> Response {
    let lang = query.lang;
    let kept = blocking(move || {
        let Some(commune) = asked(&shared, &code) else { return Ok(unknown(&code, lang)) };
        let window = edition::fixed(&window(&shared, query.jours, query.au.as_deref())?);
        let links = Links { shared: &shared, window: &window, lang };
        edition::keep(links, client.map(|client| client.0), &[], || Told::new(links, commune)?.telling())
    });
    kept.await.unwrap_or_else(|error| problem(error, lang))
}

fn path(code: &str) -> String {
    format!("/commune/{code}")
}

fn view(shared: &Shared, code: &str, query: &Query) -> Result<Response, ApiError> {
    let window = window(shared, query.jours, query.au.as_deref())?;
    let links = Links { shared, window: &window, lang: query.lang };
    let commune = asked(shared, code);
    if let Some(fingerprint) = &query.empreinte {
        // A commune that is no more may have been told of.
        let address = Address { path: &path(&code.to_ascii_uppercase()), parameters: &[] };
        let present = || commune.map(|commune| Ok(Told::new(links, commune)?.fingerprint)).transpose();
        if let Some(kept) = edition::answer(links, address, fingerprint, present)? {
            return Ok(kept);
        }
    }
    let Some(commune) = commune else { return Ok(unknown(code, query.lang)) };
    let told = Told::new(links, commune)?;
    let view = View {
        unchanged: query.empreinte.as_ref().map(|before| *before == told.fingerprint),
        ..told.live()?
    };
    framed(&view.frame, &view.render().map_err(ApiError::internal)?)
}

/// What is told of a commune over a period, before it has words.
struct Told<'a> {
    commune: &'a Commune,
    links: Links<'a>,
    period: CommunePeriod,
    /// The interface's answer, and the fingerprint of it.
    data: String,
    fingerprint: String,
}

impl<'a> Told<'a> {
    fn new(links: Links<'a>, commune: &'a Commune) -> Result<Self, ApiError> {
        let Links { shared, window, .. } = links;
        let period = figures::of_commune(&shared.store, commune.code, window, &shared.config.publication)?;
        let answer = CommuneAnswer::new(shared, commune.code, window, &period);
        let data = serde_json::to_string(&answer).map_err(ApiError::internal)?;
        Ok(Self { commune, links, period, fingerprint: edition::fingerprint(data.as_bytes()), data })
    }

    /// The page with what the commune's own figures say, and nothing else.
    fn own(&self, lang: Lang) -> View {
        let (commune, code) = (self.commune, self.commune.code);
        let links = Links { lang, ..self.links };
        let Links { shared, window, .. } = links;
        let rules = &shared.config.publication;
        let figures = &self.period.figures;
        let departement = shared.territory.departement_of(code);
        let path = path(code.as_str());
        View {
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
            period: period_words(&self.period, window, lang),
            periods: periods(code, links),
            nearby: None,
            unchanged: None,
            permalink: links.permalink(&path, &[]),
            keep: None,
            edition: true,
            fingerprint: self.fingerprint.clone(),
            uses: links.to(&format!("{path}/usages"), &[]),
            compare: links.to("/comparer", &[("a", code.as_str())]),
            sentences: sentences(figures, lang),
            figures: figure_rows(figures, window, lang),
            lines: figures.lines.iter().map(|line| line_row(line, lang)).collect(),
            outcomes: outcomes(figures, lang),
            happened: HappeningsView::new(&figures.happenings, rules, lang),
            chart: chart(&self.period.days, window, lang),
            residents: None,
            dossier: false,
            tester: None,
            minimum_runs: rules.minimum_runs,
            minimum_known: text::hours(rules.minimum_known()),
            method: METHOD_VERSION,
            api: edition::data_address(&self.fingerprint),
        }
    }

    /// The page of today: with what is around, what residents say, and what can be asked for.
    fn live(&self) -> Result<View, ApiError> {
        let Links { shared, window, lang } = self.links;
        let (commune, code) = (self.commune, self.commune.code);
        let around = shared.departement_figures(&commune.departement, window)?;
        let map = shared.map(&Area::Departement(commune.departement.clone()), Sketch::Whole);
        let path = path(code.as_str());
        Ok(View {
            nearby: map.and_then(|map| nearby(code, &map, &around, self.links)),
            residents: residents(shared, commune, lang)?,
            dossier: dossier::offered(shared),
            tester: (!shared.config.locate.servers.is_empty())
                .then(|| format!("/tester?commune={code}{}", lang.t("", "&lang=en"))),
            api: self.links.data(&format!("/communes/{code}")),
            keep: Keep::new(self.links, &path, &[]),
            edition: false,
            ..self.own(lang)
        })
    }

    fn telling(self) -> Result<Telling, ApiError> {
        let page = |lang| {
            let view = self.own(lang);
            let content = view.render().map_err(ApiError::internal)?;
            Ok::<_, ApiError>(Page { title: view.frame.title, content })
        };
        let pages = [page(Lang::Fr)?, page(Lang::En)?];
        Ok(Telling {
            communes: vec![self.commune.code],
            pages: vec![(path(self.commune.code.as_str()), pages)],
            fingerprint: self.fingerprint,
            data: self.data,
        })
    }
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
