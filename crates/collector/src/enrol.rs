//! Probes that are enrolled with a one-time code (docs/spec/enrolment.md).

mod gate;
mod qr;
mod site;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use desserte_model::{
    ENROLMENT_SCHEMA, EnrolmentAnswer, EnrolmentPosition, EnrolmentRequest, EnrolmentStep, EnrolmentTarget,
};
use desserte_signing::{Application, ApplicationError};
use desserte_store::{AuditEntry, Enrolment, EnrolmentRefusal, Invitation};
use http::StatusCode;

pub(crate) use self::gate::Gate;
pub(crate) use self::gate::Turned;
pub use self::qr::invitation_qr;
pub use self::site::SiteFault;
use crate::api::blocking;
use crate::api::schema::{EnrolmentAnswerSchema, EnrolmentRequestSchema, ProblemSchema};
use crate::listen::Client;
use crate::problem::ApiError;
use crate::register::RegisterError;
use crate::small_body;
use crate::state::{Shared, now};

/// Octets of a request: ten times what one takes.
const REQUEST_BYTES_MAX: usize = 4 * 1024;

/// Asks for which site a code is, or enrols a probe with it.
#[utoipa::path(
    post,
    path = "/api/v1/enrolments",
    tag = "probes",
    request_body(
        content = EnrolmentRequestSchema,
        content_type = "application/json",
        description = "What is asked, signed by the code's key and by the probe's (docs/spec/enrolment.md)."
    ),
    responses(
        (status = 200, description = "The site that the code is for", body = EnrolmentAnswerSchema),
        (status = 400, description = "Not such a request", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 401, description = "A signature does not hold", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, description = "The code is unknown, used, expired or withdrawn, or the probe is not new", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 415, description = "Other type", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many refused requests; Retry-After says when to come again", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 503, description = "Overloaded or stopping, or the register shared with other collectors cannot be asked", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 507, description = "The disk is full", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post_enrolment(
    State(shared): State<Arc<Shared>>,
    client: Option<axum::Extension<Client>>,
    request: Request,
) -> Result<Json<EnrolmentAnswer>, ApiError> {
    // Without an address nobody could be told from anybody; only tests ask without a connection.
    let address = client.map_or(IpAddr::from([127, 0, 0, 1]), |client| client.0.address());
    let actor = format!("network {}", network(address));
    // Every request is a guess until it is answered with yes: counted before, so that a thousand at once are a thousand.
    if let Err(turned) = shared.gate.enter(address, Instant::now()) {
        return Err(turn_away(&shared, actor, turned).await);
    }
    let asked = read(request).await;
    let worker = Arc::clone(&shared);
    let answer = blocking(move || {
        let answer = asked.and_then(|asked| judge(&worker, &asked, &actor));
        if let Err(Refused::Unread(_, outcome)) = &answer {
            worker.store.audit(refusal(actor, outcome))?;
        }
        Ok(answer)
    })
    .await?;
    match answer {
        Ok(answer) => {
            shared.gate.forgive(address);
            Ok(Json(answer))
        }
        Err(Refused::Unread(error, _) | Refused::Judged(error)) => Err(error),
    }
}

/// A request that is answered with no.
enum Refused {
    /// Nothing was asked of the store: the audit log has no line of it yet.
    Unread(ApiError, &'static str),
    /// The store has written it down.
    Judged(ApiError),
}

impl<E: Into<RegisterError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Judged(error.into().into())
    }
}

async fn read(request: Request) -> Result<Application, Refused> {
    let request: EnrolmentRequest = small_body::read(request, REQUEST_BYTES_MAX)
        .await
        .map_err(|unread| Refused::Unread(unread.answer(malformed), "malformed"))?;
    Application::verify(&request).map_err(|error| match error {
        ApplicationError::Signature(_) => {
            Refused::Unread(ApiError::unauthorized("bad-signature", error.to_string()), "bad-signature")
        }
        ApplicationError::Schema | ApplicationError::Key(_) => {
            Refused::Unread(malformed(error.to_string()), "malformed")
        }
    })
}

fn malformed(detail: String) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "malformed-enrolment",
        "The body is not a request to be enrolled",
        detail,
    )
}

fn judge(shared: &Shared, asked: &Application, actor: &str) -> Result<EnrolmentAnswer, Refused> {
    let (invitation_key, probe) = (asked.invitation.to_string(), asked.probe.id());
    let at = now();
    let found = match asked.step {
        EnrolmentStep::Take => shared.register.enrol(
            &shared.store,
            Enrolment {
                invitation: invitation_key,
                probe: probe.clone(),
                public_key: asked.probe.to_string(),
                actor: actor.to_owned(),
                at,
            },
        )?,
        EnrolmentStep::Ask => {
            let found = shared.register.invitation(&shared.store, &invitation_key, at)?;
            let found = found.ok_or(EnrolmentRefusal::UnknownCode);
            let found = found.and_then(|found| found.admits(&probe, at).map(|()| found));
            if let Err(refused) = &found {
                shared.store.audit(refusal(actor.to_owned(), refused.code()))?;
            }
            found
        }
    };
    match found {
        Ok(invitation) => {
            if asked.step == EnrolmentStep::Take {
                tracing::info!(%probe, invitation = invitation.number, "a probe is enrolled");
            }
            Ok(answer(shared, &invitation, asked.step == EnrolmentStep::Take))
        }
        Err(refused) => Err(Refused::Judged(explained(refused))),
    }
}

fn answer(shared: &Shared, invitation: &Invitation, enrolled: bool) -> EnrolmentAnswer {
    let made = &invitation.made;
    let config = &shared.config;
    let servers =
        config.locate.servers.iter().filter_map(|server| server.wss.as_ref().or(server.ws.as_ref()));
    let commune = made.commune.and_then(|code| shared.territory.commune(code));
    EnrolmentAnswer {
        schema: ENROLMENT_SCHEMA.to_owned(),
        name: made.name.clone(),
        site: made.site.clone(),
        commune: made.commune.map(|code| code.to_string()),
        commune_name: commune.map(|commune| commune.name.clone()),
        enrolled,
        position: made.position.map(|point| EnrolmentPosition { lon: point.lon(), lat: point.lat() }),
        servers: servers.map(ToString::to_string).collect(),
        targets: config
            .enrolment
            .targets
            .iter()
            .map(|target| EnrolmentTarget { id: target.id.clone(), host: target.host.clone() })
            .collect(),
    }
}

fn explained(refused: EnrolmentRefusal) -> ApiError {
    let detail = match refused {
        EnrolmentRefusal::UnknownCode => {
            "no invitation has this code: compare it with the sheet, and the collector's address too"
        }
        EnrolmentRefusal::Expired => "the code has expired: ask for another",
        EnrolmentRefusal::Used => {
            "another probe was enrolled with this code, which works once: ask for another, and say so if it was not you"
        }
        EnrolmentRefusal::Withdrawn => "the code was withdrawn: ask for another",
        EnrolmentRefusal::InService => "this probe is enrolled already and needs no code",
        EnrolmentRefusal::Retired => {
            "this probe was taken out of service; it needs a new key: remove its state folder, and ask for another code"
        }
    };
    ApiError::new(StatusCode::FORBIDDEN, refused.code(), "The probe is not enrolled", detail)
}

async fn turn_away(shared: &Arc<Shared>, actor: String, turned: Turned) -> ApiError {
    let error =
        ApiError::too_many_for("too many requests to be enrolled were refused; come back later", turned.wait);
    if !turned.first {
        return error;
    }
    tracing::warn!(%actor, "requests to be enrolled are turned away: too many were refused");
    let worker = Arc::clone(shared);
    let kept = blocking(move || Ok(worker.store.audit(refusal(actor, "turned-away"))?)).await;
    kept.err().unwrap_or(error)
}

fn refusal(actor: String, outcome: &str) -> AuditEntry {
    AuditEntry {
        at: now(),
        actor,
        action: "enrol".to_owned(),
        outcome: outcome.to_owned(),
        subject: String::new(),
    }
}

/// What is kept of an address: enough to see that an attack came from one place, too little to name a subscriber.
pub(crate) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let kept = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
            format!("{kept}/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_its_network() {
        assert_eq!(network(IpAddr::from([192, 0, 2, 77])), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2::7".parse().unwrap()), "2001:db8:1::/48");
    }
}
