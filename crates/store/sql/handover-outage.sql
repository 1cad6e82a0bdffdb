-- Columns as in docs/spec/lake.md, table `outage`. CROSS JOIN keeps the order: few rows are waiting, many are kept.
SELECT
    record.event_us AS event_utc,
    record.commune AS commune,
    record.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    seen.cause AS cause,
    seen.target AS target,
    record.event_us + seen.start_us AS start_utc,
    seen.duration_us AS duration_us,
    seen.uncertainty_us AS uncertainty_us,
    seen.method AS method
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN interruption AS seen ON seen.record = record.no
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
ORDER BY handover.seq
