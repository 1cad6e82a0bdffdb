//! The first page: where something was measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use desserte_store::Scope;
use desserte_territory::drawing::NationalShape;
use serde::Deserialize;

use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use super::text;
use crate::api::blocking;
use crate::state::Shared;

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    view_box: String,
    shapes: Vec<Shape>,
    legend: Vec<(&'static str, &'static str, usize)>,
    departements: Vec<Row>,
    /// Whether there is a map that can be zoomed.
    zoom: bool,
    /// What the list of the others is called; `None` when every département has measurements.
    others: Option<String>,
    /// Départements without measurement; their map is there all the same.
    unmeasured: Vec<Other>,
}

/// A département on the map.
struct Shape {
    d: String,
    class: &'static str,
    code: String,
    words: String,
}

/// Classes of the share of a département's communes with measurements; how much is known is neither good nor bad.
const KNOWN_BOUNDS: [f64; 2] = [0.1, 0.5];
const KNOWN_CODES: [&str; 3] = ["m1", "m2", "m3"];

struct Other {
    code: String,
    name: String,
}

struct Row {
    code: String,
    name: String,
    communes: String,
    last: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    let made = blocking(move || {
        let mut seen: BTreeMap<String, (u64, Option<_>)> = BTreeMap::new();
        for commune in shared.store.communes_seen(&Scope::All)? {
            let departement = shared.territory.departement_of(commune.commune);
            let code = departement.map_or(commune.commune.departement(), |departement| &departement.code);
            let entry = seen.entry(code.to_owned()).or_insert((0, None));
            entry.0 += 1;
            entry.1 = entry.1.max(commune.last);
        }
        let map = shared.national_map();
        let shapes: Vec<Shape> = map
            .shapes
            .iter()
            .map(|shape| {
                let measured = seen.get(&shape.code).map_or(0, |(communes, _)| *communes);
                shape_of(shape, measured, &shared, lang)
            })
            .collect();
        let unmeasured: Vec<Other> = shared
            .territory
            .departements()
            .iter()
            .filter(|departement| !seen.contains_key(&departement.code))
            .map(|departement| Other { code: departement.code.clone(), name: departement.label().to_owned() })
            .collect();
        let departements: Vec<Row> = seen
            .into_iter()
            .filter_map(|(code, (communes, last))| {
                Some(Row {
                    name: shared.territory.departement(&code)?.label().to_owned(),
                    code,
                    communes: text::count(communes, lang),
                    last: last.map_or_else(|| "–".to_owned(), |last| text::day(last, lang)),
                })
            })
            .collect();
        let title = lang.t("Ce que donnent vraiment les réseaux", "What networks really give").to_owned();
        let frame = Frame::new(&shared, lang, title, "/");
        let others = u64::try_from(unmeasured.len()).ok().filter(|others| *others > 0).map(|others| {
            let french = ("département du territoire sans mesure", "départements du territoire sans mesure");
            let english = (
                "département of the territory without measurement",
                "départements of the territory without measurement",
            );
            text::counted(others, french, english, lang)
        });
        let view_box = format!("0 0 {} {}", map.view_width, map.view_height);
        let legend = legend(&shapes, lang);
        let zoom = shared.map_files.is_some();
        render(&Home { frame, view_box, shapes, legend, departements, zoom, others, unmeasured })
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}

fn shape_of(shape: &NationalShape, measured: u64, shared: &Shared, lang: Lang) -> Shape {
    let total = shared.territory.communes_of_departement(&shape.code).count();
    #[expect(clippy::cast_precision_loss, reason = "a département has some hundred communes")]
    let share = measured as f64 / total.max(1) as f64;
    let class = match KNOWN_BOUNDS.iter().filter(|bound| share >= **bound).count() {
        _ if measured == 0 => "none",
        above => KNOWN_CODES[above],
    };
    let name = shape.name.as_deref().unwrap_or(&shape.code);
    let said = match (measured, lang) {
        (0, Lang::Fr) => "non mesuré".to_owned(),
        (0, Lang::En) => "not measured".to_owned(),
        (_, Lang::Fr) => format!(
            "{} sur {total}",
            text::counted(measured, ("commune mesurée", "communes mesurées"), ("", ""), lang)
        ),
        (_, Lang::En) => format!(
            "{} of {total}",
            text::counted(measured, ("", ""), ("measured commune", "measured communes"), lang)
        ),
    };
    let words = format!("{name}{} {said}", lang.t("\u{a0}:", ":"));
    Shape { d: shape.d.clone(), class, code: shape.code.clone(), words }
}

/// Classes with their words and how many départements are in each.
fn legend(shapes: &[Shape], lang: Lang) -> Vec<(&'static str, &'static str, usize)> {
    let classes = [
        ("m3", lang.t("la moitié des communes ou plus", "half of the communes or more")),
        ("m2", lang.t("d'une commune sur dix à la moitié", "one commune in ten to half")),
        ("m1", lang.t("moins d'une commune sur dix", "less than one commune in ten")),
        ("none", lang.t("aucune commune mesurée", "no commune measured")),
    ];
    classes
        .map(|(code, words)| (code, words, shapes.iter().filter(|shape| shape.class == code).count()))
        .to_vec()
}
