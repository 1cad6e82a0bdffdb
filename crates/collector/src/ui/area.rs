//! The map of a département or of an intercommunality and its twin, a table.

mod links;
mod part;
mod rows;
mod shapes;
#[cfg(test)]
mod weight;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use desserte_model::CommuneCode;
use desserte_territory::Commune;
use desserte_territory::drawing::DepartementMap;
use serde::Deserialize;

use super::address::Links;
use super::edition::{self, Address, Keep, Telling};
use super::epci::EpciView;
use super::lang::Lang;
use super::page::{Frame, PageParams, framed, problem};
use super::scale::{Class, Indicator};
use super::zoning::{Tile, ZonedView};
use super::{text, zoning};
use crate::api::departements::DepartementAnswer;
use crate::api::{blocking, window};
use crate::area::Area;
use crate::editions::Page;
use crate::figures::Figures;
use crate::listen::Client;
use crate::problem::ApiError;
use crate::state::{Shared, Sketch};
use links::Own;
pub(super) use links::{Link, PERIODS, borrowed};
use part::{Part, apart};
pub(super) use rows::departements;
use rows::{TableRow, measured_words, parts, rows};
pub(super) use shapes::{Group, Signed, groups, signed};

#[derive(Clone, Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    pub(super) lang: Lang,
    #[serde(default)]
    pub(super) indicateur: Indicator,
    /// Zoning shown over the figures.
    pub(super) zonage: Option<String>,
    pub(super) jours: Option<u16>,
    pub(super) au: Option<String>,
    /// Département that the zoomable map opens on.
    pub(super) departement: Option<String>,
    /// Fingerprint of the figures that a permanent link is of.
    pub(super) empreinte: Option<String>,
}

impl Query {
    /// What of the question is no period, for addresses that keep it.
    pub(super) fn parameters(
        &self,
        indicator: Indicator,
        zoning: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let chosen = (indicator != Indicator::default()).then(|| ("indicateur", indicator.code().to_owned()));
        let zoned = zoning.map(|key| ("zonage", key.to_owned()));
        chosen.into_iter().chain(zoned).collect()
    }
}

#[derive(Template)]
#[template(path = "area.html")]
struct View {
    frame: Frame,
    name: String,
    what: &'static str,
    code: String,
    /// Whether the map is on the page, and the tables.
    has_map: bool,
    has_tables: bool,
    /// The page of the part that is not on this one.
    other_part: String,
    debit: bool,
    /// What an intercommunality's page says beside; `None` on that of a département and beside tables alone.
    epci: Option<EpciView>,
    /// Intercommunalities of a département.
    parts: Vec<Link>,
    tabs: Vec<Link>,
    periods: Vec<Link>,
    zonings: Vec<Link>,
    /// The zoning asked for, or that it cannot be shown.
    zoned: Option<ZonedView>,
    no_zoning: bool,
    from: String,
    to: String,
    view_box: String,
    groups: Vec<Group>,
    /// Patterns with signs over them, and the lines between zones.
    signed: Vec<Signed>,
    tile: Tile,
    lines: Arc<str>,
    legend: Vec<LegendRow>,
    rows: Vec<TableRow>,
    measured_words: String,
    minimum_runs: u64,
    minimum_known: String,
    permalink: String,
    keep: Option<Keep>,
    /// Whether a permanent link led here whose figures were not kept.
    not_kept: bool,
    /// Address of the map that can be zoomed; none without its files.
    zoom: Option<String>,
    svg: String,
    /// The same data for programs: a file for each département.
    api: Vec<Link>,
}

struct LegendRow {
    class: Class,
    communes: usize,
}

pub(super) async fn departement(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    answered(shared, Asked { kind: Kind::Departement, part: Part::Map, code }, query).await
}

pub(super) async fn departement_tables(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    answered(shared, Asked { kind: Kind::Departement, part: Part::Tables, code }, query).await
}

pub(super) async fn epci(
    State(shared): State<Arc<Shared>>,
    Path(siren): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    answered(shared, Asked { kind: Kind::Epci, part: Part::Map, code: siren }, query).await
}

pub(super) async fn epci_tables(
    State(shared): State<Arc<Shared>>,
    Path(siren): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    answered(shared, Asked { kind: Kind::Epci, part: Part::Tables, code: siren }, query).await
}

/// Keeps what the page of a département tells, and leads to its permanent link.
pub(super) async fn keep_departement(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    client: Option<axum::Extension<Client>>,
    Form(query): Form<Query>,
) -> Response {
    let asked = Asked { kind: Kind::Departement, part: Part::Map, code };
    kept(shared, asked, client.map(|client| client.0), query).await
}

/// The same of its tables.
pub(super) async fn keep_departement_tables(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    client: Option<axum::Extension<Client>>,
    Form(query): Form<Query>,
) -> Response {
    let asked = Asked { kind: Kind::Departement, part: Part::Tables, code };
    kept(shared, asked, client.map(|client| client.0), query).await
}

/// The same of an intercommunality.
pub(super) async fn keep_epci(
    State(shared): State<Arc<Shared>>,
    Path(siren): Path<String>,
    client: Option<axum::Extension<Client>>,
    Form(query): Form<Query>,
) -> Response {
    kept(
        shared,
        Asked { kind: Kind::Epci, part: Part::Map, code: siren },
        client.map(|client| client.0),
        query,
    )
    .await
}

/// The same of its tables.
pub(super) async fn keep_epci_tables(
    State(shared): State<Arc<Shared>>,
    Path(siren): Path<String>,
    client: Option<axum::Extension<Client>>,
    Form(query): Form<Query>,
) -> Response {
    let asked = Asked { kind: Kind::Epci, part: Part::Tables, code: siren };
    kept(shared, asked, client.map(|client| client.0), query).await
}

/// Which page is asked for.
struct Asked {
    kind: Kind,
    part: Part,
    code: String,
}

/// Which list of places a code is of.
#[derive(Clone, Copy)]
enum Kind {
    Departement,
    Epci,
}

impl Asked {
    /// The area, and its address with that of the page asked for, which may be those of an area of before.
    fn find(&self, shared: &Shared) -> (Option<Area>, String) {
        let (found, once) = match self.kind {
            Kind::Departement => {
                let code = self.code.to_ascii_uppercase();
                (Area::departement(&shared.territory, &code), Area::Departement(code))
            }
            Kind::Epci => (Area::epci(&shared.territory, &self.code), Area::Epci(self.code.clone())),
        };
        (found, self.part.path(&once))
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("no such département or intercommunality")
}

async fn answered(shared: Arc<Shared>, asked: Asked, query: Query) -> Response {
    let lang = query.lang;
    let made = blocking(move || {
        let (area, path) = asked.find(&shared);
        view(&shared, area.as_ref(), asked.part, &path, &query)
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}

fn view(
    shared: &Shared,
    area: Option<&Area>,
    part: Part,
    path: &str,
    query: &Query,
) -> Result<Response, ApiError> {
    let window = window(shared, query.jours, query.au.as_deref())?;
    let links = Links { shared, window: &window, lang: query.lang };
    if let Some(fingerprint) = &query.empreinte {
        let parameters = query.parameters(query.indicateur, query.zonage.as_deref());
        let address = Address { path, parameters: &borrowed(&parameters) };
        let present = || area.map(|area| Ok(Told::new(links, area)?.data()?.1)).transpose();
        if let Some(kept) = edition::answer(links, address, fingerprint, present)? {
            return Ok(kept);
        }
    }
    let mut view = Told::new(links, area.ok_or_else(unknown)?)?.view(query, part)?;
    view.not_kept = query.empreinte.is_some();
    framed(&view.frame, &view.render().map_err(ApiError::internal)?)
}

async fn kept(shared: Arc<Shared>, asked: Asked, client: Option<Client>, query: Query) -> Response {
    let lang = query.lang;
    let made = blocking(move || {
        let area = asked.find(&shared).0.ok_or_else(unknown)?;
        let window = edition::fixed(&window(&shared, query.jours, query.au.as_deref())?);
        let links = Links { shared: &shared, window: &window, lang };
        let zoning = zoning::offered(&shared, &area)
            .into_iter()
            .map(|zoned| zoned.column.rule.key.clone())
            .find(|key| Some(key) == query.zonage.as_ref());
        let query = Query { zonage: zoning, ..query };
        let parameters = query.parameters(query.indicateur, query.zonage.as_deref());
        edition::keep(links, client, &borrowed(&parameters), || {
            Told::new(links, &area)?.telling(&query, asked.part)
        })
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}

/// What is told of an area over a period, before it has words.
struct Told<'a> {
    area: &'a Area,
    links: Links<'a>,
    map: Arc<DepartementMap>,
    figures: Figures,
}

impl<'a> Told<'a> {
    fn new(links: Links<'a>, area: &'a Area) -> Result<Self, ApiError> {
        let Links { shared, window, .. } = links;
        let map = shared
            .map(area, Sketch::Page)
            .ok_or_else(|| ApiError::not_found("no commune of it has an outline"))?;
        Ok(Self { area, links, map, figures: shared.figures_of(area, window)? })
    }

    /// The interface's answer, and its fingerprint.
    fn data(&self) -> Result<(String, String), ApiError> {
        let Links { shared, window, .. } = self.links;
        let answer = DepartementAnswer::new(shared, self.area, window, &self.figures);
        let data = serde_json::to_string(&answer).map_err(ApiError::internal)?;
        let fingerprint = edition::fingerprint(data.as_bytes());
        Ok((data, fingerprint))
    }

    /// What is kept of a part, and of the other one with it where that stands apart: both under the same fingerprint, and each
    /// leading to the other.
    fn telling(&self, query: &Query, part: Part) -> Result<Telling, ApiError> {
        let (data, fingerprint) = self.data()?;
        let parameters = query.parameters(query.indicateur, query.zonage.as_deref());
        let page = |part: Part, lang| {
            let links = Links { lang, ..self.links };
            let told =
                Told { links, map: Arc::clone(&self.map), figures: Arc::clone(&self.figures), ..*self };
            let mut view = told.view(&Query { lang, ..query.clone() }, part)?;
            view.keep = None;
            view.zoom = None;
            let other = part.other().path(self.area);
            view.other_part =
                Address { path: &other, parameters: &borrowed(&parameters) }.permalink(links, &fingerprint);
            view.api = vec![Link {
                label: lang.t("gardées avec cette page", "kept with this page").to_owned(),
                address: edition::data_address(&fingerprint),
                current: false,
            }];
            let content = view.render().map_err(ApiError::internal)?;
            Ok::<_, ApiError>((Page { title: view.frame.title, content }, view.has_map && view.has_tables))
        };
        let both = |part: Part| {
            let ((french, whole), (english, _)) = (page(part, Lang::Fr)?, page(part, Lang::En)?);
            Ok::<_, ApiError>(((part.path(self.area), [french, english]), whole))
        };
        let (first, whole) = both(part)?;
        let mut pages = vec![first];
        if !whole {
            pages.push(both(part.other())?.0);
        }
        Ok(Telling { communes: self.figures.keys().copied().collect(), pages, fingerprint, data })
    }

    fn view(&self, query: &Query, part: Part) -> Result<View, ApiError> {
        let Self { area, links, map, figures } = self;
        let (area, links) = (*area, *links);
        let Links { shared, window, lang } = links;
        let (territory, rules) = (&shared.territory, &shared.config.publication);
        let communes: BTreeMap<CommuneCode, &Commune> =
            area.communes(territory).map(|commune| (commune.code, commune)).collect();
        let offered = zoning::offered(shared, area);
        let asked = query.zonage.as_deref();
        let zoned = offered.iter().find(|zoned| Some(zoned.column.rule.key.as_str()) == asked);
        let rows = rows(&communes, figures, zoned, links);
        let (has_map, has_tables) = (
            part == Part::Map,
            part == Part::Tables || !apart(map.communes.len(), rows.len(), zoned.is_some()),
        );
        let groups = if has_map { groups(map, figures, zoned, query, links) } else { Vec::new() };
        let legend = query
            .indicateur
            .classes(lang)
            .into_iter()
            .map(|class| {
                let of_class = groups.iter().filter(|group| group.class == class.code);
                let communes = of_class.map(|group| group.shapes.len()).sum();
                LegendRow { class, communes }
            })
            .collect();
        let own = Own { area, part, query, zoning: zoned.map(|zoned| zoned.column.rule.key.as_str()), links };
        let label = area.label(territory);
        let title = match part {
            Part::Map => format!("{label} – {}", what(query)),
            Part::Tables => format!("{label} – {}, {}", what(query), lang.t("tableau", "table")),
        };
        let french = Own { links: Links { lang: Lang::Fr, ..links }, ..own };
        let parameters = query.parameters(query.indicateur, own.zoning);
        Ok(View {
            frame: Frame::new(shared, lang, title, &french.address(query.indicateur, own.zoning)),
            name: label.to_owned(),
            what: what(query),
            code: area.code().to_owned(),
            has_map,
            has_tables,
            other_part: own.other_part(),
            debit: query.indicateur == Indicator::Debit,
            epci: (has_map && matches!(area, Area::Epci(_)))
                .then(|| EpciView::new(&communes, figures, links)),
            parts: if has_map { parts(area, &communes, links) } else { Vec::new() },
            tabs: own.tabs(),
            periods: own.periods(),
            zonings: own.zonings(&offered),
            no_zoning: asked.is_some() && zoned.is_none(),
            zoned: zoned.map(|zoned| ZonedView::new(zoned, &communes, figures, links)),
            from: text::day(window.period.start, lang),
            to: text::day(window.period.end.saturating_add_micros(-1), lang),
            view_box: map.view_box(),
            measured_words: measured_words(figures.len(), communes.len(), lang),
            rows,
            signed: signed(map, figures, zoned, query),
            tile: Tile::of(Sketch::Page),
            lines: zoned.map_or_else(|| "".into(), |zoned| shared.zone_lines(area, zoned, Sketch::Page)),
            groups,
            legend,
            minimum_runs: rules.minimum_runs,
            minimum_known: text::hours(rules.minimum_known()),
            zoom: shared.map_files.is_some().then(|| own.zoom(departements(&communes).first().copied())),
            svg: own.to(&format!("{}/carte.svg", area.path())),
            permalink: links.permalink(&part.path(area), &borrowed(&parameters)),
            keep: Keep::new(links, &part.path(area), &parameters),
            not_kept: false,
            api: departements(&communes)
                .into_iter()
                .map(|code| Link {
                    label: format!("département {code}"),
                    address: links.data(&format!("/departements/{code}")),
                    current: false,
                })
                .collect(),
        })
    }
}

pub(super) const fn what(query: &Query) -> &'static str {
    match query.indicateur {
        Indicator::Debit => query.lang.t("débit descendant médian", "median download"),
        Indicator::Coupures => query.lang.t("coupures", "outages"),
    }
}
