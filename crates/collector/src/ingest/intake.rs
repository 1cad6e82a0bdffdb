//! From a signed body to what the store takes; the same for requests and for demonstration data.

use desserte_model::{ProbeId, Problem, Receipt, Refusal};
use desserte_signing::{SignatureHeaders, signing_probe, split_batch};
use desserte_store::{IncomingBatch, Store};
use desserte_territory::Territory;
use desserte_units::Timestamp;

use super::authenticate::Signed;
use super::body::{self, Encoding};
use super::{check, merged};
use crate::config::Ingest;
use crate::problem::ApiError;

/// Record lines in one batch at the most: with their usual size about 2 MB, a second of work on a small machine.
const MAX_LINES: usize = 5_000;

/// Where batches go, and by which rules.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    /// Keeps what is good.
    pub store: &'a Store,
    /// Finds the commune of each record.
    pub territory: &'a Territory,
    /// Limits that an operator may set.
    pub rules: &'a Ingest,
}

/// A batch as a probe signs and sends it, gzip-encoded.
#[derive(Debug, Clone, Copy)]
pub struct SignedBody<'a> {
    /// Path that it is signed for.
    pub path: &'a str,
    /// The signature.
    pub headers: &'a SignatureHeaders,
    /// The body as sent.
    pub octets: &'a [u8],
}

impl Intake<'_> {
    /// Takes a batch that arrived at `received` by another way than HTTP, with every check a request passes.
    ///
    /// # Errors
    /// The problem document that the request would have been answered with.
    pub fn take(&self, body: &SignedBody<'_>, received: Timestamp) -> Result<Receipt, Box<Problem>> {
        let take = || {
            let probe = signing_probe(&body.headers.signature_input)
                .map_err(|error| ApiError::unauthorized("bad-signature", error.to_string()))?;
            let signed = Signed { probe, headers: body.headers.clone(), encoding: Encoding::Gzip };
            signed.verify_head(self, body.path, received)?;
            let (batch, refused) = self.prepare(&signed, body.path, body.octets.to_vec(), received)?;
            let receipt = merged(self.store.ingest(batch)?, refused);
            if receipt.refused.is_empty() { Ok(receipt) } else { Err(ApiError::refused(receipt)) }
        };
        take().map_err(|error: ApiError| Box::new(error.document()))
    }

    /// Takes again a batch that a collector kept, with every check it passed when it came; `signature` is the kept head. What is wrong with
    /// single records is in the receipt.
    ///
    /// # Errors
    /// The problem document that the request would have been answered with.
    pub fn retake(
        &self,
        signature: &str,
        octets: Vec<u8>,
        received: Timestamp,
    ) -> Result<Receipt, Box<Problem>> {
        let take = || {
            let (signed, path) = Signed::of_text(signature)?;
            signed.verify_head(self, &path, received)?;
            let (batch, refused) = self.prepare(&signed, &path, octets, received)?;
            Ok(merged(self.store.ingest(batch)?, refused))
        };
        take().map_err(|error: ApiError| Box::new(error.document()))
    }

    /// Everything between a verified head and the store: digest, encoding, header, each record.
    pub(super) fn prepare(
        &self,
        signed: &Signed,
        path: &str,
        octets: Vec<u8>,
        received: Timestamp,
    ) -> Result<(IncomingBatch, Vec<Refusal>), ApiError> {
        signed.verify_body(&octets)?;
        let text = body::decode(signed.encoding, &octets)?;
        let (mut header, lines) =
            split_batch(&text).map_err(|error| ApiError::malformed_batch(error.to_string()))?;
        check_sender(&header.probe, &signed.probe)?;
        let lines: Vec<_> = lines.take(MAX_LINES + 1).collect();
        if lines.len() > MAX_LINES {
            let detail = format!("a batch holds {MAX_LINES} records at the most; send several smaller ones");
            return Err(ApiError::too_large(detail));
        }
        let mut records = Vec::with_capacity(lines.len());
        let mut refused = Vec::new();
        {
            let rules = check::Rules::new(self.territory, self.rules, received, &header);
            for line in lines {
                match rules.check(line) {
                    Ok(record) => records.push(record),
                    Err(refusal) => refused.push(refusal),
                }
            }
        }
        let latest = check::latest(self.rules, received);
        header.anchors.retain(|anchor| check::is_plausible(anchor.utc_us, latest));
        let batch = IncomingBatch {
            header,
            received,
            signature: signed.as_text(path),
            content_encoding: signed.encoding.as_str().to_owned(),
            body: octets,
            records,
        };
        Ok((batch, refused))
    }
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
