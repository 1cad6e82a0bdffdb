//! The collector's own metrics, declared on a registry that is passed in (docs/spec/metrics.md).

mod declared;
mod families;
mod happenings;
mod ingest;
mod probes;
mod register;
mod retention;
mod seals;
mod store;
mod territoire;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry};

pub(crate) use ingest::IngestMetrics;
pub(crate) use probes::probe_families;
pub(crate) use register::RegisterMetrics;
pub(crate) use retention::RetentionMetrics;
pub(crate) use seals::SealMetrics;
pub(crate) use store::{EditionRoom, store_families};
pub(crate) use territoire::territoire_families;

/// Bounds of the answer times, seconds: from a cached page to the time-out.
const ANSWER_BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What the collector counts of itself.
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) ingest: IngestMetrics,
    pub(crate) requests: IntCounterVec,
    pub(crate) answer_seconds: HistogramVec,
    pub(crate) store_bytes: IntGauge,
    pub(crate) records: IntGauge,
    pub(crate) records_undated: IntGauge,
    pub(crate) seals: SealMetrics,
    pub(crate) retention: RetentionMetrics,
    pub(crate) register: RegisterMetrics,
}

impl Metrics {
    /// Declares every family on `registry`.
    ///
    /// # Errors
    /// When one of them is declared there already.
    pub(crate) fn new(registry: Registry, version: &str) -> prometheus::Result<Self> {
        let requests = IntCounterVec::new(
            Opts::new(
                "desserte_http_requests_total",
                "Requests answered, by route pattern, method and status.",
            ),
            &["route", "method", "status"],
        )?;
        let answer_seconds = HistogramVec::new(
            HistogramOpts::new(
                "desserte_http_request_duration_seconds",
                "Time to answer a request, by route pattern.",
            )
            .buckets(ANSWER_BUCKETS.to_vec()),
            &["route"],
        )?;
        let gauge = |name: &str, help: &str| IntGauge::with_opts(Opts::new(name, help));
        let store_bytes =
            gauge("desserte_store_size_bytes", "Octets of the database and its log on the disk.")?;
        let records = gauge("desserte_store_records", "Records kept.")?;
        let records_undated =
            gauge("desserte_store_undated_records", "Records kept whose event time is not known.")?;
        let build = IntGauge::with_opts(
            Opts::new("desserte_build_info", "Always 1; the label names the version that runs.")
                .const_label("version", version),
        )?;
        build.set(1);
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(answer_seconds.clone()))?;
        registry.register(Box::new(build))?;
        for gauge in [&store_bytes, &records, &records_undated] {
            registry.register(Box::new(gauge.clone()))?;
        }
        let ingest = IngestMetrics::new(&registry)?;
        let seals = SealMetrics::new(&registry)?;
        let retention = RetentionMetrics::new(&registry)?;
        let register = RegisterMetrics::new(&registry)?;
        Ok(Self {
            registry,
            ingest,
            requests,
            answer_seconds,
            store_bytes,
            records,
            records_undated,
            seals,
            retention,
            register,
        })
    }
}
