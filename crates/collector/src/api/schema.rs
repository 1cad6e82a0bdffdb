//! The published shape of answers whose types live in `desserte-model`, which knows nothing of OpenAPI.
//!
//! A test holds each against the type that is really sent.

use desserte_units::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of a batch. Every line is in exactly one of the three counts, and the counted records are durable.
#[derive(ToSchema, Serialize)]
#[schema(as = Receipt)]
pub(crate) struct ReceiptSchema {
    /// Records kept by this request.
    accepted: u64,
    /// Records that were already kept, byte for byte the same.
    duplicate: u64,
    /// Records refused; asking again will not help.
    refused: Vec<RefusalSchema>,
}

/// One refused record.
#[derive(ToSchema, Serialize)]
#[schema(as = Refusal)]
pub(crate) struct RefusalSchema {
    /// Line of the batch, the header being line 1.
    line: u64,
    /// The record, absent when the line was too broken to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Why, as a code: `malformed`, `too-large`, `foreign-probe`, `identifier-reused`, `in-the-future`,
    /// `position-not-finite`, `outside-territory`.
    reason: String,
    /// Why, in words.
    detail: String,
}

/// A problem document (RFC 9457).
#[derive(ToSchema, Serialize)]
#[schema(as = Problem)]
pub(crate) struct ProblemSchema {
    /// URI of the kind of problem, `urn:desserte:problem:<kind>`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// HTTP status.
    status: u16,
    /// This occurrence in words, with what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What became of the batch's records, when some were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptSchema>,
}

/// A probe's request to be enrolled, signed twice.
#[derive(ToSchema, Serialize)]
#[schema(as = EnrolmentRequest)]
pub(crate) struct EnrolmentRequestSchema {
    /// `desserte-enrolment/1`.
    schema: String,
    /// `ask`: for which site the code is; `take`: to be enrolled with it.
    step: String,
    /// Public half of the key that grows from the code, Base64.
    invitation: String,
    /// The probe's public key, Base64.
    probe: String,
    /// Signature of the invitation's key over the request's text, Base64.
    invitation_signature: String,
    /// Signature of the probe's key over the same text, Base64.
    probe_signature: String,
}

/// For which site a code is, and what a probe there needs to begin.
#[derive(ToSchema, Serialize)]
#[schema(as = EnrolmentAnswer)]
pub(crate) struct EnrolmentAnswerSchema {
    /// `desserte-enrolment/1`.
    schema: String,
    /// What the probe is called.
    name: String,
    /// The site; absent when it was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    /// INSEE code of the commune; absent when it was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    commune: Option<String>,
    /// Name of the commune; absent when it is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    commune_name: Option<String>,
    /// Whether the probe is enrolled now.
    enrolled: bool,
    /// Where the site is; absent when it was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<EnrolmentPositionSchema>,
    /// Addresses of measurement servers.
    servers: Vec<String>,
    /// Whom to send echoes to.
    targets: Vec<EnrolmentTargetSchema>,
}

/// Where a site is, WGS 84 decimal degrees.
#[derive(ToSchema, Serialize)]
#[schema(as = EnrolmentPosition)]
pub(crate) struct EnrolmentPositionSchema {
    /// Longitude.
    lon: f64,
    /// Latitude.
    lat: f64,
}

/// Whom to send echoes to.
#[derive(ToSchema, Serialize)]
#[schema(as = EnrolmentTarget)]
pub(crate) struct EnrolmentTargetSchema {
    /// Its name in records.
    id: String,
    /// Its name in the network, or its address.
    host: String,
}

/// A moment in UTC as text of RFC 3339, to the second.
pub(crate) fn utc_text(moment: Timestamp) -> String {
    jiff::Timestamp::from_second(moment.as_unix_secs())
        .map_or_else(|_| moment.as_unix_secs().to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use desserte_model::{
        EnrolmentAnswer, EnrolmentPosition, EnrolmentRequest, EnrolmentStep, EnrolmentTarget, Problem,
        Receipt, Refusal, RefusalReason,
    };
    use serde_json::{Value, to_value};

    use super::*;

    fn keys(value: &Value) -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn published_shapes_are_those_of_what_is_sent() {
        let refusal = Refusal {
            line: 2,
            id: Some("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()),
            reason: RefusalReason::Malformed,
            detail: String::new(),
        };
        let receipt = Receipt { accepted: 1, duplicate: 2, refused: vec![refusal] };
        let sent = to_value(Problem {
            kind: String::new(),
            title: String::new(),
            status: 422,
            detail: Some(String::new()),
            receipt: Some(receipt),
        })
        .unwrap();
        let shape = to_value(ProblemSchema {
            kind: String::new(),
            title: String::new(),
            status: 422,
            detail: Some(String::new()),
            receipt: Some(ReceiptSchema {
                accepted: 1,
                duplicate: 2,
                refused: vec![RefusalSchema {
                    line: 2,
                    id: Some(String::new()),
                    reason: String::new(),
                    detail: String::new(),
                }],
            }),
        })
        .unwrap();
        assert_eq!(keys(&sent), keys(&shape));
        assert_eq!(keys(&sent["receipt"]), keys(&shape["receipt"]));
        assert_eq!(keys(&sent["receipt"]["refused"][0]), keys(&shape["receipt"]["refused"][0]));
    }

    #[test]
    fn published_shapes_of_enrolment_are_those_of_what_is_sent() {
        let text = String::new;
        let request = EnrolmentRequest {
            schema: text(),
            step: EnrolmentStep::Ask,
            invitation: text(),
            probe: text(),
            invitation_signature: text(),
            probe_signature: text(),
        };
        let answer = EnrolmentAnswer {
            schema: text(),
            name: text(),
            site: Some(text()),
            commune: Some(text()),
            commune_name: Some(text()),
            enrolled: false,
            position: Some(EnrolmentPosition { lon: 0.0, lat: 0.0 }),
            servers: vec![],
            targets: vec![EnrolmentTarget { id: text(), host: text() }],
        };
        let request_shape = EnrolmentRequestSchema {
            schema: text(),
            step: text(),
            invitation: text(),
            probe: text(),
            invitation_signature: text(),
            probe_signature: text(),
        };
        let answer_shape = EnrolmentAnswerSchema {
            schema: text(),
            name: text(),
            site: Some(text()),
            commune: Some(text()),
            commune_name: Some(text()),
            enrolled: false,
            position: Some(EnrolmentPositionSchema { lon: 0.0, lat: 0.0 }),
            servers: vec![],
            targets: vec![EnrolmentTargetSchema { id: text(), host: text() }],
        };
        assert_eq!(keys(&to_value(request).unwrap()), keys(&to_value(request_shape).unwrap()));
        let (sent, shape) = (to_value(answer).unwrap(), to_value(answer_shape).unwrap());
        assert_eq!(keys(&sent), keys(&shape));
        assert_eq!(keys(&sent["position"]), keys(&shape["position"]));
        assert_eq!(keys(&sent["targets"][0]), keys(&shape["targets"][0]));
    }
}
