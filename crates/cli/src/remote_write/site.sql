-- A sample for each record, at the moment when its observation began: columns as `read` in series.rs wants them.
-- {after} and {until} are numbers of the hand-over, {from} is a moment.
SELECT 'desserte_site_rtt_idle_median_seconds' AS name, probe, commune,
    '' AS direction, '' AS medium, '' AS layer, '' AS state, '' AS quantile,
    event_utc AS at, rtt_median_us / 1e6 AS value
FROM latency_minute
WHERE handover > {after} AND handover <= {until} AND event_utc >= {from} AND rtt_median_us IS NOT NULL
UNION ALL
-- Without an echo sent there is no share of echoes lost.
SELECT 'desserte_site_loss_ratio', probe, commune, '', '', '', '', '',
    event_utc, CAST(lost AS DOUBLE) / sent
FROM latency_minute
WHERE handover > {after} AND handover <= {until} AND event_utc >= {from} AND sent > 0
UNION ALL
-- A state that is not known is neither up nor down: no sample.
SELECT 'desserte_site_down', probe, commune, '', '', '', '', '',
    event_utc, CASE WHEN state = 'down' THEN 1.0 ELSE 0.0 END
FROM latency_minute
WHERE handover > {after} AND handover <= {until} AND event_utc >= {from} AND state <> 'unknown'
UNION ALL
SELECT 'desserte_site_throughput_bytes_per_second', probe, commune, direction, medium, layer, '', '',
    event_utc, steady_bits_per_second / 8
FROM throughput
WHERE handover > {after} AND handover <= {until} AND event_utc >= {from}
    AND outcome = 'complete' AND steady_bits_per_second IS NOT NULL
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
