-- Columns as in docs/spec/lake.md, table `probe_health`. CROSS JOIN keeps the order: few rows are waiting, many are kept.
SELECT
    record.event_us AS event_utc,
    record.commune AS commune,
    record.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    cast (record.line AS TEXT) ->> '$.observation.uptime_us' AS uptime_us,
    cast (record.line AS TEXT) ->> '$.observation.spool_records' AS spool_records,
    cast (record.line AS TEXT) ->> '$.observation.spool_bytes' AS spool_bytes,
    cast (record.line AS TEXT) ->> '$.observation.spool_dropped_records' AS spool_dropped_records,
    cast (record.line AS TEXT) ->> '$.observation.budget_used_bytes' AS budget_used_bytes,
    cast (record.line AS TEXT) ->> '$.observation.budget_limit_bytes' AS budget_limit_bytes,
    cast (record.line AS TEXT) ->> '$.observation.budget_month' AS budget_month,
    cast (record.line AS TEXT) ->> '$.observation.cpu_us' AS cpu_us,
    cast (record.line AS TEXT) ->> '$.observation.device.class' AS device,
    cast (record.line AS TEXT) ->> '$.observation.device.dedicated' AS dedicated
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
    AND record.kind = 'health'
ORDER BY handover.seq
