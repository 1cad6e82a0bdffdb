-- Columns as in docs/spec/lake.md, table `reachability`. CROSS JOIN keeps the order: few rows are waiting, many are kept.
SELECT
    record.event_us AS event_utc,
    record.commune AS commune,
    record.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    seen.url AS url,
    seen.tried AS tried,
    seen.failure AS failure,
    seen.dns_us AS dns_us,
    seen.connect_us AS connect_us,
    seen.tls_us AS tls_us,
    seen.first_byte_us AS first_byte_us,
    seen.total_us AS total_us,
    seen.method AS method
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN reachability AS seen ON seen.record = record.no
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
ORDER BY handover.seq
