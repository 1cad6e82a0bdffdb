//! Two territories side by side, with what the difference allows to say.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use desserte_equity::{Comparison, Interval};
use desserte_measure::METHOD_VERSION;
use desserte_model::Direction;
use serde::Deserialize;

use super::address::{Links, escaped};
use super::lang::Lang;
use super::matching::Place;
use super::page::{Frame, PageParams, problem, render};
use super::scale::Indicator;
use super::text;
use crate::api::{blocking, window};
use crate::area::Area;
use crate::figures::{Compared, Median, Reading, readings_of_commune, readings_of_communes};
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
    #[serde(default)]
    a: String,
    #[serde(default)]
    b: String,
    jours: Option<u16>,
    au: Option<String>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct View {
    frame: Frame,
    a: String,
    b: String,
    /// What is wrong with the question.
    advice: Option<&'static str>,
    days: u16,
    end: Option<String>,
    places: Vec<Named>,
    period: String,
    rows: Vec<Row>,
    parameters: String,
    /// Whether the places are communes.
    communes: bool,
    method: &'static str,
}

struct Named {
    name: String,
    address: String,
}

struct Row {
    what: &'static str,
    values: Vec<String>,
    /// Ranges on one scale, as parts of a thousand, in the order of the places.
    bars: Vec<Option<Bar>>,
    verdict: String,
    tie: bool,
}

/// The interval of a value and the value, in thousandths of the scale.
struct Bar {
    low: String,
    width: String,
    at: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    blocking(move || view(&shared, &query)).await.unwrap_or_else(|error| problem(error, lang))
}

fn view(shared: &Shared, query: &Query) -> Result<Response, ApiError> {
    let lang = query.lang;
    let window = window(shared, query.jours, query.au.as_deref())?;
    let links = Links { shared, window: &window, lang };
    let find = |question: &str| {
        let found = shared.places().find(&shared.territory, question);
        let several = !found.sure && found.places.len() > 1;
        (found.places.into_iter().next(), several)
    };
    let ((a, several_a), (b, several_b)) = (find(&query.a), find(&query.b));
    let asked = !query.a.trim().is_empty() || !query.b.trim().is_empty();
    let (places, advice) = match (a, b) {
        (Some(a), Some(b)) if a == b => {
            (None, Some(lang.t("C'est deux fois le même lieu.", "This is the same place twice.")))
        }
        (Some(a @ Place::Commune(_)), Some(b @ Place::Commune(_)))
        | (Some(a @ Place::Departement(_)), Some(b @ Place::Departement(_)))
        | (Some(a @ Place::Epci(_)), Some(b @ Place::Epci(_))) => {
            let advice = (several_a || several_b).then_some(lang.t(
                "Plusieurs lieux portent un nom proche ; le premier a été pris. Donnez le code INSEE pour en prendre un autre.",
                "Several places have a similar name; the first was taken. Give the INSEE code to take another.",
            ));
            (Some([a, b]), advice)
        }
        (Some(_), Some(_)) => (
            None,
            Some(lang.t(
                "Comparez deux communes, deux intercommunalités ou deux départements.",
                "Compare two communes, two intercommunalities or two départements.",
            )),
        ),
        _ if asked => (
            None,
            Some(lang.t(
                "Un des lieux n'a pas été trouvé. Donnez son nom ou son code INSEE.",
                "One of the places was not found. Give its name or INSEE code.",
            )),
        ),
        _ => (None, None),
    };
    let title = lang.t("Comparer deux lieux", "Compare two places").to_owned();
    let own = links.without_language("/comparer", &[("a", &escaped(&query.a)), ("b", &escaped(&query.b))]);
    let mut view = View {
        frame: Frame::new(shared, lang, title, &own),
        a: query.a.clone(),
        b: query.b.clone(),
        advice,
        days: window.days,
        end: window.fixed.then(|| window.end_text()),
        places: Vec::new(),
        period: text::period(&window, lang),
        rows: Vec::new(),
        parameters: String::new(),
        communes: matches!(places, Some([Place::Commune(_), _])),
        method: METHOD_VERSION,
    };
    if let Some(places) = places {
        view.places = places.iter().filter_map(|place| named(place, links)).collect();
        view.frame.title =
            view.places.iter().map(|place| place.name.as_str()).collect::<Vec<_>>().join(" – ");
        for (direction, what) in [
            (Direction::Download, lang.t("Débit descendant médian", "Median download")),
            (Direction::Upload, lang.t("Débit montant médian", "Median upload")),
        ] {
            let [a, b] = [readings(&places[0], links, direction)?, readings(&places[1], links, direction)?];
            let what_of = format!("{}|{places:?}", direction.code());
            let compared = shared.compared(&what_of, &window, [&a, &b]);
            let row = row(what, &compared, [a.len(), b.len()], &view);
            view.rows.push(row);
            view.parameters.clone_from(&compared.parameters);
        }
    }
    render(&view)
}

fn named(place: &Place, links: Links<'_>) -> Option<Named> {
    let territory = &links.shared.territory;
    Some(match place {
        Place::Commune(code) => Named {
            name: format!("{} ({code})", territory.commune(*code)?.name),
            address: links.commune(*code),
        },
        Place::Departement(code) => Named {
            name: format!("{} ({code})", territory.departement(code)?.label()),
            address: links.departement(code, Indicator::default()),
        },
        Place::Epci(siren) => Named {
            name: territory.epci(siren)?.label().to_owned(),
            address: links.to(&format!("/epci/{siren}"), &[]),
        },
    })
}

fn readings(place: &Place, links: Links<'_>, direction: Direction) -> Result<Vec<Reading>, ApiError> {
    let Links { shared, window, .. } = links;
    let rules = &shared.config.publication;
    Ok(match place {
        Place::Commune(code) => readings_of_commune(&shared.store, *code, window, direction, rules)?,
        Place::Departement(code) => {
            let figures = shared.departement_figures(code, window)?;
            readings_of_communes(&figures, &shared.territory, direction, rules)
        }
        Place::Epci(siren) => {
            let figures = shared.figures_of(&Area::Epci(siren.clone()), window)?;
            readings_of_communes(&figures, &shared.territory, direction, rules)
        }
    })
}

fn row(what: &'static str, compared: &Compared, counts: [usize; 2], view: &View) -> Row {
    let lang = view.frame.lang;
    let top = compared
        .sides
        .iter()
        .flatten()
        .map(|side| side.interval.map_or(side.value, |interval| interval.high.max(side.value)))
        .fold(0.0, f64::max);
    let values = compared.sides.iter().zip(counts);
    let values = values.map(|(side, count)| value(side.as_ref(), count, view.communes, lang)).collect();
    let bars = compared.sides.iter().map(|side| bar(side.as_ref()?, top)).collect();
    Row { what, values, bars, verdict: verdict(compared, &view.places, lang), tie: is_tie(compared) }
}

fn is_tie(compared: &Compared) -> bool {
    compared.difference.is_some_and(|difference| difference.says == Comparison::Tie)
}

/// A value with its interval and what is behind it.
fn value(side: Option<&Median>, count: usize, communes: bool, lang: Lang) -> String {
    let Some(side) = side else {
        return lang.t("données insuffisantes", "not enough data").to_owned();
    };
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let behind = if communes {
        text::counted(count, ("essai", "essais"), ("run", "runs"), lang)
    } else {
        text::counted(count, ("commune", "communes"), ("commune", "communes"), lang)
    };
    let value = text::megabits(side.value, lang);
    match (side.interval, lang) {
        (Some(interval), Lang::Fr) => format!("{value} (entre {}, {behind})", ends(interval, lang)),
        (Some(interval), Lang::En) => format!("{value} (between {}, {behind})", ends(interval, lang)),
        (None, Lang::Fr) => {
            format!(
                "{value} (sans intervalle\u{a0}: trop peu de jours, de communes ou de valeurs différentes\u{a0}; {behind})"
            )
        }
        (None, Lang::En) => {
            format!("{value} (no interval: too few days, communes or different values; {behind})")
        }
    }
}

/// `12,3 et 14,5 Mbit/s`.
fn ends(interval: Interval, lang: Lang) -> String {
    let and = lang.t("et", "and");
    format!("{} {and} {}", text::megabits_number(interval.low, lang), text::megabits(interval.high, lang))
}

fn bar(side: &Median, top: f64) -> Option<Bar> {
    let interval = side.interval.filter(|_| top > 0.0)?;
    let place = |value: f64| 1_000.0 * value / top;
    Some(Bar {
        low: format!("{:.0}", place(interval.low)),
        width: format!("{:.0}", place(interval.high - interval.low).max(2.0)),
        at: format!("{:.0}", place(side.value)),
    })
}

fn verdict(compared: &Compared, places: &[Named], lang: Lang) -> String {
    let (Some(difference), [a, b]) = (compared.difference, places) else {
        return lang
            .t(
                "Données insuffisantes pour départager ces deux lieux : rien n'est dit.",
                "Not enough data to tell these two places apart: nothing is said.",
            )
            .to_owned();
    };
    let Interval { low, high, .. } = difference.interval;
    let signed = |value: f64| {
        let sign = if value > 0.0 {
            "+"
        } else if value < 0.0 {
            "−"
        } else {
            ""
        };
        format!("{sign}{}", text::megabits_number(value.abs(), lang))
    };
    let (more, less) = match difference.says {
        Comparison::Tie => {
            let range = (signed(low), signed(high));
            return match lang {
                Lang::Fr => format!(
                    "Ex æquo\u{a0}: la différence est dans la marge d'erreur (de {} à {}\u{a0}Mbit/s, à 95\u{a0}%). On ne peut pas dire où le débit est plus élevé.",
                    range.0, range.1
                ),
                Lang::En => format!(
                    "Tie: the difference is within the margin of error ({} to {}\u{a0}Mbit/s, at 95%). Where the rate is higher cannot be said.",
                    range.0, range.1
                ),
            };
        }
        Comparison::Higher => (&a.name, (low, high)),
        Comparison::Lower => (&b.name, (-high, -low)),
    };
    let other = if more == &a.name { &b.name } else { &a.name };
    let (from, to) = (text::megabits_number(less.0, lang), text::megabits(less.1, lang));
    match lang {
        Lang::Fr => {
            format!("plus élevé pour {more} que pour {other}\u{a0}: de {from} à {to} de plus, à 95\u{a0}%.")
        }
        Lang::En => format!("higher for {more} than for {other}: {from} to {to} more, at 95%."),
    }
}
