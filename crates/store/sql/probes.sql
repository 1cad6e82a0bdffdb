SELECT
    probe.id, probe.public_key, probe.name, probe.site, probe.created_us, probe.retired_us,
    latest.received_us, latest.commune, latest.vintage, latest.software_name, latest.software_version,
    latest.clock_offset_us, latest.measured_us,
    latest.spool_records, latest.spool_bytes, latest.spool_dropped_records,
    latest.budget_used_bytes, latest.budget_limit_bytes
FROM probe
LEFT JOIN probe_latest AS latest ON latest.probe = probe.no
