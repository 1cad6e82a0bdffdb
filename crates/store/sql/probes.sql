SELECT
    probe.id, probe.public_key, probe.name, probe.site, probe.created_us, probe.retired_us,
    latest.received_us, latest.commune, latest.vintage, latest.software_name, latest.software_version,
    latest.clock_offset_us, latest.measured_us,
    latest.spool_records, latest.spool_bytes, latest.spool_dropped_records,
    latest.budget_used_bytes, latest.budget_limit_bytes,
    chain.linked,
    -- A probe that makes up its places could pass what a whole number holds.
    (
        SELECT cast (min (total (last_no - first_no + 1), 9e18) AS INTEGER)
        FROM chain_gap WHERE chain_gap.probe = probe.no
    ),
    (SELECT count (*) FROM chain_fault WHERE chain_fault.probe = probe.no AND kind = 'fork'),
    (SELECT count (*) FROM chain_fault WHERE chain_fault.probe = probe.no AND kind = 'broken'),
    -- The line as the latest run in the probe's commune declares it: the index by place leads to it in a few rows.
    (
        SELECT operator FROM throughput
        WHERE throughput.commune = latest.commune AND throughput.probe = probe.no AND event_us IS NOT NULL
        ORDER BY event_us DESC LIMIT 1
    ),
    (
        SELECT technology FROM throughput
        WHERE throughput.commune = latest.commune AND throughput.probe = probe.no AND event_us IS NOT NULL
        ORDER BY event_us DESC LIMIT 1
    ),
    probe.home,
    probe.change IS NOT NULL
FROM probe
LEFT JOIN chain ON chain.probe = probe.no
LEFT JOIN probe_latest AS latest ON latest.probe = probe.no
