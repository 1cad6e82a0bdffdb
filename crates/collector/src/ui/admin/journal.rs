//! Who asked what of the administration.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use desserte_store::AuditEntry;

use super::super::lang::Lang;
use super::super::page::{Frame, PageParams, render};
use super::board::moment;
use super::login::{Query, or_trouble};
use crate::api::blocking;
use crate::api::schema::utc_text;
use crate::problem::ApiError;
use crate::state::Shared;

/// Lines on the page; `desserte audit` has all of them.
const LINES_MAX: u32 = 200;

#[derive(Template)]
#[template(path = "admin-log.html")]
struct View {
    frame: Frame,
    lines: Vec<Line>,
}

struct Line {
    at: String,
    entry: AuditEntry,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    or_trouble(blocking(move || view(&shared, lang)).await, lang)
}

fn view(shared: &Shared, lang: Lang) -> Result<Response, ApiError> {
    let title = lang.t("Journal de la gestion", "Log of the administration").to_owned();
    let entries = shared.store.audit_log(LINES_MAX)?.into_iter().rev();
    let lines = entries.map(|entry| Line { at: moment(&utc_text(entry.at)), entry }).collect();
    render(&View { frame: Frame::new(shared, lang, title, "/administration/journal"), lines })
}
