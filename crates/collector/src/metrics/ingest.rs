//! Counters of what probes sent.

use desserte_model::{Receipt, RefusalReason};
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// What became of records and batches since the start.
pub(crate) struct IngestMetrics {
    accepted: IntCounter,
    duplicate: IntCounter,
    rejected: IntCounterVec,
    batches_rejected: IntCounterVec,
}

impl IngestMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let accepted = IntCounter::new("desserte_ingest_accepted_total", "Records kept for the first time.")?;
        let duplicate = IntCounter::new(
            "desserte_ingest_duplicate_total",
            "Records that were kept already, octet for octet.",
        )?;
        let rejected = IntCounterVec::new(
            Opts::new("desserte_ingest_rejected_total", "Records refused, by reason."),
            &["reason"],
        )?;
        for reason in RefusalReason::ALL {
            rejected.with_label_values(&[reason.code()]);
        }
        let batches_rejected = IntCounterVec::new(
            Opts::new(
                "desserte_ingest_batches_rejected_total",
                "Batches refused as a whole, by kind of problem.",
            ),
            &["problem"],
        )?;
        registry.register(Box::new(accepted.clone()))?;
        registry.register(Box::new(duplicate.clone()))?;
        registry.register(Box::new(rejected.clone()))?;
        registry.register(Box::new(batches_rejected.clone()))?;
        Ok(Self { accepted, duplicate, rejected, batches_rejected })
    }

    pub(crate) fn count_receipt(&self, receipt: &Receipt) {
        self.accepted.inc_by(receipt.accepted);
        self.duplicate.inc_by(receipt.duplicate);
        for refusal in &receipt.refused {
            self.rejected.with_label_values(&[refusal.reason.code()]).inc();
        }
    }

    pub(crate) fn count_problem(&self, kind: &'static str) {
        self.batches_rejected.with_label_values(&[kind]).inc();
    }
}
