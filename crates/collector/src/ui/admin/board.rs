//! Probes and invitations of somebody's territory, and what can be done with them.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::lang::Lang;
use super::super::page::{Frame, PageParams, render};
use super::login::{Query, or_trouble};
use super::{BOARD, trouble};
use crate::access::{Caller, Right};
use crate::api::admin::{self, AdminInvitation, AdminProbe};
use crate::api::blocking;
use crate::problem::ApiError;
use crate::state::Shared;

#[derive(Template)]
#[template(path = "admin.html")]
struct View {
    frame: Frame,
    /// Whose probes these are.
    territory: String,
    probes: Vec<ProbeRow>,
    invitations: Vec<InvitationRow>,
    may_invite: bool,
    may_withdraw: bool,
    may_read_audit: bool,
}

struct ProbeRow {
    name: String,
    site: Option<String>,
    commune: String,
    state: String,
    last_seen: String,
    version: String,
    id: String,
}

struct InvitationRow {
    number: i64,
    name: String,
    site: Option<String>,
    commune: String,
    until: String,
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    or_trouble(blocking(move || view(&shared, &caller, lang)).await, lang)
}

fn view(shared: &Shared, caller: &Caller, lang: Lang) -> Result<Response, ApiError> {
    let answer = admin::probes_of(shared, caller)?;
    let title = lang.t("Sondes et invitations", "Probes and invitations").to_owned();
    render(&View {
        frame: Frame::new(shared, lang, title, BOARD),
        territory: territory(shared, caller, lang),
        probes: answer.probes.into_iter().map(|probe| probe_row(shared, probe, lang)).collect(),
        invitations: answer.invitations.into_iter().map(|one| invitation_row(shared, one, lang)).collect(),
        may_invite: caller.may(Right::Invite),
        may_withdraw: caller.may(Right::Withdraw),
        may_read_audit: caller.may(Right::ReadAudit),
    })
}

/// Takes an invitation back, and shows what is left.
pub(super) async fn withdraw(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    PageParams(query): PageParams<Query>,
) -> Response {
    let lang = query.lang;
    match blocking(move || admin::withdraw(&shared, &caller, &number)).await {
        Ok(()) => Redirect::to(&format!("{BOARD}{}", lang.query())).into_response(),
        Err(error) => trouble(error, lang),
    }
}

/// The name of somebody's territory.
fn territory(shared: &Shared, caller: &Caller, lang: Lang) -> String {
    let Some(code) = caller.territory() else {
        return lang.t("tout le territoire de ce collecteur", "all of this collector's territory").to_owned();
    };
    match code.parse() {
        Ok(commune) => commune_words(shared, Some(commune), lang),
        Err(_) => {
            let of = shared.territory.departements().iter().find(|one| one.code == code);
            of.map_or_else(|| code.to_owned(), |departement| departement.label().to_owned())
        }
    }
}

/// The name and the code of a commune.
pub(super) fn commune_words(
    shared: &Shared,
    commune: Option<desserte_model::CommuneCode>,
    lang: Lang,
) -> String {
    match commune {
        Some(code) => match shared.territory.commune(code) {
            Some(commune) => format!("{} ({code})", commune.name),
            None => code.to_string(),
        },
        None => lang.t("inconnue", "not known").to_owned(),
    }
}

fn probe_row(shared: &Shared, probe: AdminProbe, lang: Lang) -> ProbeRow {
    let commune = probe.commune.and_then(|code| code.parse().ok());
    let never = || lang.t("jamais", "never").to_owned();
    let state = match probe.state {
        "waiting" => lang.t("en attente de sa première mesure", "waiting for its first measurement"),
        "active" => lang.t("active", "active"),
        "silent" => lang.t("muette", "silent"),
        "retired" => lang.t("hors service", "out of service"),
        admin::ELSEWHERE => lang.t("envoie au collecteur", "sends to collector"),
        other => other,
    };
    let collector = probe.collector.filter(|_| probe.state == admin::ELSEWHERE);
    ProbeRow {
        name: probe.name,
        site: probe.site,
        commune: commune_words(shared, commune, lang),
        state: collector.map_or_else(|| state.to_owned(), |number| format!("{state}\u{a0}{number}")),
        last_seen: probe.last_seen_utc.map_or_else(never, |text| moment(&text)),
        version: probe.version.unwrap_or_default(),
        id: probe.id,
    }
}

fn invitation_row(shared: &Shared, one: AdminInvitation, lang: Lang) -> InvitationRow {
    InvitationRow {
        number: one.number,
        name: one.name,
        site: one.site,
        commune: commune_words(shared, one.commune.and_then(|code| code.parse().ok()), lang),
        until: moment(&one.expires_utc),
    }
}

/// A moment as people read it, to the minute.
pub(super) fn moment(utc: &str) -> String {
    let minute = utc.get(..16).unwrap_or(utc);
    format!("{}\u{a0}UTC", minute.replace('T', "\u{a0}"))
}
