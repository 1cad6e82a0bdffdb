//! Batches in: limits, signature, each record's checks, durable keeping, receipt.

mod authenticate;
mod body;
mod check;
mod intake;
mod passages;
mod position;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use desserte_model::{Receipt, Refusal};

use crate::api::schema::{ProblemSchema, ReceiptSchema};
use crate::problem::ApiError;
use crate::state::{Shared, now};
use authenticate::Signed;
use body::Encoding;
pub use intake::{Intake, SignedBody};

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
    let signed = Signed::read(&parts.headers, encoding)?;
    let path = parts.uri.path().to_owned();
    let worker = Arc::clone(shared);
    let signed = tokio::task::spawn_blocking(move || {
        signed.verify_head(&worker.intake(), parts.uri.path(), now()).map(|()| signed)
    })
    .await
    .map_err(ApiError::internal)??;
    let _place = shared.enter(&signed.probe).ok_or_else(|| {
        ApiError::too_many("this probe has several requests under way already; wait for their answers")
    })?;
    let octets = body::read(body).await?;

    let (sender, receiver) = tokio::sync::oneshot::channel();
    let worker = Arc::clone(shared);
    // Verifying, unpacking and reading thousands of lines would hold up other requests on an async thread.
    let refused = tokio::task::spawn_blocking(move || {
        let (batch, refused) = worker.intake().prepare(&signed, &path, octets, now())?;
        worker.store.submit(batch, move |result| drop(sender.send(result)));
        Ok::<_, ApiError>(refused)
    })
    .await
    .map_err(ApiError::internal)??;
    Ok(merged(receiver.await.map_err(ApiError::internal)??, refused))
}

fn merged(mut receipt: Receipt, refused: Vec<Refusal>) -> Receipt {
    receipt.refused.extend(refused);
    receipt.refused.sort_by_key(|refusal| refusal.line);
    receipt
}
