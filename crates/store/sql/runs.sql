SELECT
    throughput.commune, probe.id, throughput.event_us, throughput.direction, throughput.outcome, throughput.medium,
    throughput.operator, throughput.technology, throughput.layer, throughput.server,
    throughput.mean_bits_per_second, throughput.steady_bits_per_second
FROM throughput
JOIN probe ON probe.no = throughput.probe
WHERE throughput.commune BETWEEN :first AND :last AND throughput.event_us >= :from AND throughput.event_us < :to
ORDER BY throughput.commune, throughput.event_us, throughput.record
