//! The administration interface: what only some may know or do (docs/spec/roles.md).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use desserte_store::{Invitation, InvitationState, RegisteredProbe};
use desserte_units::Timestamp;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::schema::{ProblemSchema, utc_text};
use crate::access::Caller;
use crate::problem::ApiError;
use crate::state::{Shared, now};

/// How a probe stands whose batches another collector takes: what it sends is not known here.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// Lines of the audit log in one answer.
const AUDIT_LINES_MAX: u32 = 1_000;

/// Probes and invitations of the caller's territory.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminProbesAnswer {
    pub(crate) probes: Vec<AdminProbe>,
    /// Those that can still be used.
    pub(crate) invitations: Vec<AdminInvitation>,
}

/// A probe, with what the public does not learn.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminProbe {
    /// Identifier.
    pub(crate) id: String,
    /// What its owner calls it.
    pub(crate) name: String,
    /// Where it stands; null when that was not said.
    pub(crate) site: Option<String>,
    /// `waiting`, `active`, `silent`, `retired`, or `elsewhere` when another collector takes its batches.
    pub(crate) state: &'static str,
    /// Number of the collector that takes its batches; null when it is this one.
    pub(crate) collector: Option<u8>,
    /// Code of the commune of its latest record, or else of its invitation; null when neither is known.
    pub(crate) commune: Option<String>,
    /// When its last new record arrived; null before the first.
    pub(crate) last_seen_utc: Option<String>,
    /// Version of its program; null before the first record.
    pub(crate) version: Option<String>,
}

/// An invitation that can still be used. Its code is known to nobody here.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminInvitation {
    /// Number.
    pub(crate) number: i64,
    /// What the probe is to be called.
    pub(crate) name: String,
    /// The site it is for; null when that was not said.
    pub(crate) site: Option<String>,
    /// Code of the site's commune; null when it was not said.
    pub(crate) commune: Option<String>,
    /// From when on it is refused.
    pub(crate) expires_utc: String,
}

/// The latest lines of the audit log, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditAnswer {
    entries: Vec<AuditLine>,
}

/// Something that was asked of the administration.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLine {
    /// When.
    at_utc: String,
    /// Who: `command`, `network …`, `token …`.
    actor: String,
    /// What.
    action: String,
    /// `done`, or why not.
    outcome: String,
    /// What it was about; empty when nothing is known of it.
    subject: String,
}

/// Lists the probes and open invitations of the caller's territory.
#[utoipa::path(
    get,
    path = "/api/v1/admin/probes",
    tag = "administration",
    responses(
        (status = 200, body = AdminProbesAnswer),
        (status = 401, description = "No good token", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, description = "The token does not allow it", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many refusals; come back later", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_admin_probes(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<AdminProbesAnswer>, ApiError> {
    blocking(move || Ok(Json(probes_of(&shared, &caller)?))).await
}

/// Probes and open invitations of the caller's territory.
pub(crate) fn probes_of(shared: &Shared, caller: &Caller) -> Result<AdminProbesAnswer, ApiError> {
    let at = shared.as_of();
    let invitations = shared.store.invitations()?;
    let probes = shared.store.probes_of_all()?;
    let probes = probes.into_iter().filter_map(|probe| shown(probe, &invitations, caller, at)).collect();
    let open = |invitation: &Invitation| invitation.state(now()) == InvitationState::Open;
    let invitations = invitations
        .into_iter()
        .filter(|invitation| open(invitation) && caller.covers(invitation.made.commune))
        .map(|invitation| AdminInvitation {
            number: invitation.number,
            name: invitation.made.name,
            site: invitation.made.site,
            commune: invitation.made.commune.map(|code| code.to_string()),
            expires_utc: utc_text(invitation.made.expires),
        })
        .collect();
    Ok(AdminProbesAnswer { probes, invitations })
}

fn shown(
    probe: RegisteredProbe,
    invitations: &[Invitation],
    caller: &Caller,
    at: Timestamp,
) -> Option<AdminProbe> {
    let invited = || {
        let by = invitations.iter().find(|one| one.used.as_ref().is_some_and(|(_, used)| *used == probe.id));
        by.and_then(|invitation| invitation.made.commune)
    };
    let commune = probe.seen.as_ref().map(|seen| seen.commune).or_else(invited);
    caller.covers(commune).then(|| AdminProbe {
        id: probe.id.to_string(),
        state: if probe.home.is_some() && probe.retired.is_none() {
            ELSEWHERE
        } else {
            probe.standing(at).code()
        },
        collector: probe.home,
        name: probe.name.clone(),
        site: probe.site.clone(),
        commune: commune.map(|code| code.to_string()),
        last_seen_utc: probe.seen.as_ref().map(|seen| utc_text(seen.received)),
        version: probe.seen.as_ref().map(|seen| seen.software_version.clone()),
    })
}

/// Withdraws an invitation of the caller's territory.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/invitations/{number}",
    tag = "administration",
    params(("number" = i64, Path, description = "Its number")),
    responses(
        (status = 204, description = "It can no longer be used"),
        (status = 401, description = "No good token", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, description = "The token does not allow it", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many refusals; come back later", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 404, description = "No such invitation that can be used, in this territory", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_invitation(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<StatusCode, ApiError> {
    blocking(move || withdraw(&shared, &caller, &number).map(|()| StatusCode::NO_CONTENT)).await
}

/// Withdraws an invitation of the caller's territory.
pub(crate) fn withdraw(shared: &Shared, caller: &Caller, number: &str) -> Result<(), ApiError> {
    let missing = || ApiError::not_found("no invitation of this number can still be used in your territory");
    let number: i64 = number.parse().map_err(|_| missing())?;
    let found = shared.store.invitations()?.into_iter().find(|one| one.number == number);
    let own = found.filter(|one| caller.covers(one.made.commune)).ok_or_else(missing)?;
    let withdrawn = shared.register.withdraw(&shared.store, own.number, &caller.actor(), now())?;
    if withdrawn { Ok(()) } else { Err(missing()) }
}

/// Tells the latest of what was asked of the administration.
#[utoipa::path(
    get,
    path = "/api/v1/admin/audit",
    tag = "administration",
    responses(
        (status = 200, body = AuditAnswer),
        (status = 401, description = "No good token", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, description = "The token does not allow it", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many refusals; come back later", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_audit(State(shared): State<Arc<Shared>>) -> Result<Json<AuditAnswer>, ApiError> {
    blocking(move || {
        let entries = shared.store.audit_log(AUDIT_LINES_MAX)?.into_iter().map(|entry| AuditLine {
            at_utc: utc_text(entry.at),
            actor: entry.actor,
            action: entry.action,
            outcome: entry.outcome,
            subject: entry.subject,
        });
        Ok(Json(AuditAnswer { entries: entries.collect() }))
    })
    .await
}
