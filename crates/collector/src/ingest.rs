//! Batches in: limits, signature, each record's checks, durable keeping, receipt.

mod authenticate;
mod body;
mod check;
mod position;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use desserte_model::{ProbeId, Receipt};
use desserte_signing::split_batch;
use desserte_store::IncomingBatch;
use http::HeaderMap;

use crate::api::schema::{ProblemSchema, ReceiptSchema};
use crate::problem::ApiError;
use crate::state::{Place, Shared, now};
use authenticate::Signed;
use body::Encoding;

/// Record lines in one batch at the most: with their usual size about 2 MB, a second of work on a small machine.
pub(crate) const MAX_LINES: usize = 5_000;

/// Takes a batch of records from a probe.
#[utoipa::path(
    post,
    path = "/api/v1/batches",
    tag = "probes",
    request_body(
        content = String,
        content_type = "application/x-ndjson",
        description = "A header line, then one line for each record (docs/spec/wire-v1.md); gzip allowed."
    ),
    params(
        ("Content-Digest" = String, Header, description = "Digest of the body (RFC 9530)"),
        ("Signature-Input" = String, Header, description = "What is signed (RFC 9421)"),
        ("Signature" = String, Header, description = "Ed25519 signature of the probe's key (RFC 9421)"),
    ),
    responses(
        (status = 200, description = "Every record is durable", body = ReceiptSchema),
        (status = 400, description = "The body is not a batch", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 401, description = "Not signed by a known key, or the clock is off", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 403, description = "The key is another probe's, or retired", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 415, description = "Other type or encoding", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 422, description = "Some records were refused, the others are durable", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests of this probe at once", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 503, description = "Overloaded or stopping", body = ProblemSchema, content_type = "application/problem+json"),
        (status = 507, description = "The disk is full", body = ProblemSchema, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post_batch(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Json<Receipt>, ApiError> {
    let result = take(&shared, request).await;
    match &result {
        Ok(receipt) => shared.metrics.ingest.count_receipt(receipt),
        Err(error) => shared.metrics.ingest.count_problem(error.kind()),
    }
    let receipt = result?;
    if receipt.refused.is_empty() { Ok(Json(receipt)) } else { Err(ApiError::refused(receipt)) }
}

async fn take(shared: &Arc<Shared>, request: Request) -> Result<Receipt, ApiError> {
    let (parts, body) = request.into_parts();
    body::check_content_type(&parts.headers)?;
    let encoding = Encoding::of(&parts.headers)?;
    let signed = Signed::read(&parts.headers)?;
    let place = shared.enter(&signed.probe).ok_or_else(|| {
        ApiError::too_many("this probe has several requests under way already; wait for their answers")
    })?;
    let octets = read_body(&parts.headers, body).await?;
    let path = parts.uri.path().to_owned();

    let (sender, receiver) = tokio::sync::oneshot::channel();
    let worker = Arc::clone(shared);
    // Verifying, unpacking and reading thousands of lines would hold up other requests on an async thread.
    let refused = tokio::task::spawn_blocking(move || {
        let (batch, refused) = prepare(&worker, &signed, encoding, &path, octets, &place)?;
        worker.store.submit(batch, move |result| drop(sender.send(result)));
        Ok::<_, ApiError>(refused)
    })
    .await
    .map_err(ApiError::internal)??;

    let mut receipt = receiver.await.map_err(ApiError::internal)??;
    receipt.refused.extend(refused);
    receipt.refused.sort_by_key(|refusal| refusal.line);
    Ok(receipt)
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, ApiError> {
    body::check_announced_length(headers)?;
    match axum::body::to_bytes(body, body::MAX_BODY_BYTES).await {
        Ok(octets) => Ok(octets.into()),
        Err(error) if body::is_over_limit(&error) => Err(body::over_limit()),
        Err(_) => Err(ApiError::malformed_batch("the connection broke off before the body was complete")),
    }
}

/// Everything up to the store; `_place` is held as long as this probe's work lasts.
fn prepare(
    shared: &Shared,
    signed: &Signed,
    encoding: Encoding,
    path: &str,
    octets: Vec<u8>,
    _place: &Place,
) -> Result<(IncomingBatch, Vec<desserte_model::Refusal>), ApiError> {
    let received = now();
    signed.verify(shared, path, &octets, received)?;
    let text = body::decode(encoding, &octets)?;
    let (header, lines) = split_batch(&text).map_err(|error| ApiError::malformed_batch(error.to_string()))?;
    check_sender(&header.probe, &signed.probe)?;
    let lines: Vec<_> = lines.take(MAX_LINES + 1).collect();
    if lines.len() > MAX_LINES {
        let detail = format!("a batch holds {MAX_LINES} records at the most; send several smaller ones");
        return Err(ApiError::too_large(detail));
    }
    let rules = check::Rules::new(&shared.territory, &shared.config.ingest, received, &header);
    let mut records = Vec::with_capacity(lines.len());
    let mut refused = Vec::new();
    for line in lines {
        match rules.check(line) {
            Ok(record) => records.push(record),
            Err(refusal) => refused.push(refusal),
        }
    }
    let mut header = header.clone();
    header.anchors.retain(|anchor| rules.is_plausible(anchor.utc_us));
    let batch = IncomingBatch {
        header,
        received,
        signature: signed.as_text(path),
        content_encoding: encoding.as_str().to_owned(),
        body: octets,
        records,
    };
    Ok((batch, refused))
}

fn check_sender(header: &ProbeId, signer: &ProbeId) -> Result<(), ApiError> {
    if header == signer {
        Ok(())
    } else {
        Err(ApiError::forbidden(
            "foreign-batch",
            format!("the batch is of probe {header}, the request is signed by probe {signer}"),
        ))
    }
}
