-- Columns as in docs/spec/lake.md, table `custody`. CROSS JOIN keeps the order: few rows are waiting, many are kept.
SELECT
    record.event_us AS event_utc,
    record.commune AS commune,
    record.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    record.kind AS kind,
    lower (hex (record.id)) AS record,
    record.sha256 AS sha256,
    lower (hex (batch.id)) AS batch,
    batch.received_us AS received_utc
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN batch ON batch.no = record.batch
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
ORDER BY handover.seq
