//! Gauges of each probe: the present, by its opaque identifier.

use desserte_store::RegisteredProbe;
use prometheus::proto::MetricFamily;

use super::families::{Family, float, seconds};

/// Characters of what a probe declares that a label takes: names of operators are shorter.
const LABEL_CHARS_MAX: usize = 64;

/// Builds the families of probes in service. A probe that never sent anything has only its `info`.
pub(crate) fn probe_families(probes: &[RegisteredProbe]) -> prometheus::Result<Vec<MetricFamily>> {
    let gauge = |name, help| Family::new(name, help, &["probe"]);
    let info = Family::new(
        "desserte_probe_info",
        "Always 1; what is known of a registered probe. Empty labels mean not known yet.",
        &["probe", "insee", "dept", "version", "operator", "technology"],
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
    let linked = gauge("desserte_probe_chain_linked_records", "Records found to name the one before them.")?;
    let missing = gauge(
        "desserte_probe_chain_missing_records",
        "Places in the chain of records that none kept here has taken: not sent yet, refused, or dropped unsent.",
    )?;
    let faults = Family::new(
        "desserte_probe_chain_faults",
        "Records that do not fit the chain: fork, another has the same place; broken, another stands before it than it names.",
        &["probe", "kind"],
    )?;
    for probe in probes.iter().filter(|probe| probe.retired.is_none()) {
        let id = [probe.id.as_str()];
        if let Some(chain) = probe.chain {
            linked.set(&id, float(chain.linked));
            missing.set(&id, float(chain.missing));
            faults.set(&[id[0], "fork"], float(chain.forks));
            faults.set(&[id[0], "broken"], float(chain.broken));
        }
        let Some(seen) = &probe.seen else {
            info.set(&[probe.id.as_str(), "", "", "", "", ""], 1.0);
            continue;
        };
        let label = |text: &Option<String>| -> String {
            text.as_deref().unwrap_or_default().chars().take(LABEL_CHARS_MAX).collect()
        };
        let (operator, technology) = (label(&seen.operator), label(&seen.technology));
        let labels = [
            probe.id.as_str(),
            seen.commune.as_str(),
            seen.commune.departement(),
            &seen.software_version,
            &operator,
            &technology,
        ];
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
    let families =
        [info, measured, received, offset, spool, spool_bytes, dropped, budget, linked, missing, faults];
    Ok(families.iter().flat_map(Family::collect).collect())
}
