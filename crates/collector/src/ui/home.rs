//! The first page: where something was measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use desserte_store::Scope;
use serde::Deserialize;

use super::lang::Lang;
use super::page::{Frame, problem, render};
use super::text;
use crate::api::{Params, blocking};
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
    others: Option<String>,
}

struct Row {
    code: String,
    name: String,
    communes: String,
    last: String,
}

pub(super) async fn page(State(shared): State<Arc<Shared>>, Params(query): Params<Query>) -> Response {
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
        let others = shared.territory.departements().len() - departements.len();
        let others = u64::try_from(others).ok().filter(|others| *others > 0).map(|others| {
            let french = (
                "autre département du territoire, sans mesure.",
                "autres départements du territoire, sans mesure.",
            );
            let english = (
                "other département of the territory, without measurement.",
                "other départements of the territory, without measurement.",
            );
            text::counted(others, french, english, lang)
        });
        render(&Home { frame, departements, others })
    });
    made.await.unwrap_or_else(|error| problem(error, lang))
}
