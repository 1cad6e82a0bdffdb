-- Columns as in docs/spec/lake.md, table `latency_minute`. CROSS JOIN keeps the order: few rows are waiting, many are kept.
SELECT
    record.event_us AS event_utc,
    record.commune AS commune,
    record.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    minute.window_us AS window_us,
    minute.state AS state,
    minute.cause AS cause,
    minute.sent AS sent,
    minute.lost AS lost,
    minute.rtt_median_us AS rtt_median_us,
    minute.method AS method
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN minute ON minute.record = record.no
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
ORDER BY handover.seq
