//! The first page: where something was measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use desserte_store::Scope;
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
    departements: Vec<Row>,
    /// What the list of the others is called; `None` when every département has measurements.
    others: Option<String>,
    /// Départements without measurement; their map is there all the same.
    unmeasured: Vec<Other>,
}

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
        render(&Home { frame, departements, others, unmeasured })
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}
