-- Columns as in docs/spec/lake.md, table `throughput`. CROSS JOIN keeps the order: few rows are waiting, many are kept.
SELECT
    record.event_us AS event_utc,
    record.commune AS commune,
    record.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    run.direction AS direction,
    run.outcome AS outcome,
    run.medium AS medium,
    run.operator AS operator,
    run.technology AS technology,
    run.family AS family,
    run.server AS server,
    run.layer AS layer,
    run.mean_bits_per_second AS mean_bits_per_second,
    run.steady_bits_per_second AS steady_bits_per_second,
    run.method AS method,
    run.h3 AS h3,
    run.border AS border,
    run.cells_crossed AS cells_crossed,
    run.communes_crossed AS communes_crossed
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN throughput AS run ON run.record = record.no
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
ORDER BY handover.seq
