//! Gauges of each probe: the present, by its opaque identifier.

use desserte_store::RegisteredProbe;
use prometheus::proto::MetricFamily;

use super::families::{Family, float, seconds};

/// Builds the families of probes in service. A probe that never sent anything has only its `info`.
pub(crate) fn probe_families(probes: &[RegisteredProbe]) -> prometheus::Result<Vec<MetricFamily>> {
    let gauge = |name, help| Family::new(name, help, &["probe"]);
    let info = Family::new(
        "desserte_probe_info",
        "Always 1; what is known of a registered probe. Empty labels mean not known yet.",
        &["probe", "insee", "dept", "version"],
    )?;
    let measured = gauge(
        "desserte_probe_last_measurement_timestamp_seconds",
        "Event time of the probe's latest measurement, not of its arrival.",
    )?;
    let received =
        gauge("desserte_probe_last_contact_timestamp_seconds", "When the probe's last new record arrived.")?;
    let offset = gauge(
        "desserte_probe_clock_offset_seconds",
        "What the probe adds to its machine's own clock, as of its latest record.",
    )?;
    let spool = gauge("desserte_probe_spool_records", "Records waiting on the probe, as it last said.")?;
    let spool_bytes =
        gauge("desserte_probe_spool_size_bytes", "Octets waiting on the probe, as it last said.")?;
    let dropped = gauge(
        "desserte_probe_spool_dropped_records",
        "Records dropped unsent since the probe's installation, as it last said.",
    )?;
    let budget = gauge(
        "desserte_probe_data_budget_used_ratio",
        "Share of the month's data budget used, as the probe last said; absent without a limit.",
    )?;
    for probe in probes.iter().filter(|probe| probe.retired.is_none()) {
        let id = [probe.id.as_str()];
        let Some(seen) = &probe.seen else {
            info.set(&[probe.id.as_str(), "", "", ""], 1.0);
            continue;
        };
        let labels =
            [probe.id.as_str(), seen.commune.as_str(), seen.commune.departement(), &seen.software_version];
        info.set(&labels, 1.0);
        received.set(&id, seconds(seen.received.as_unix_micros()));
        if let Some(at) = seen.measured {
            measured.set(&id, seconds(at.as_unix_micros()));
        }
        if let Some(micros) = seen.clock_offset_us {
            offset.set(&id, seconds(micros));
        }
        if let Some(health) = seen.health {
            spool.set(&id, float(health.spool_records));
            spool_bytes.set(&id, float(health.spool_bytes));
            dropped.set(&id, float(health.spool_dropped_records));
            if let Some(limit) = health.budget_limit_bytes.filter(|limit| *limit > 0) {
                budget.set(&id, float(health.budget_used_bytes) / float(limit));
            }
        }
    }
    Ok([info, measured, received, offset, spool, spool_bytes, dropped, budget]
        .iter()
        .flat_map(Family::collect)
        .collect())
}
