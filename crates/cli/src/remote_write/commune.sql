-- Samples for each commune and hour that ended before {ended} and was never sent, or got a record since: those at or after {sent},
-- and those with a number above {after}. {since} is before the earliest of them. Columns as `read` in series.rs wants them.
WITH minutes AS (
    SELECT commune, date_trunc('hour', event_utc) AS hour,
        count(*) FILTER (WHERE state = 'up') AS up,
        count(*) FILTER (WHERE state = 'degraded') AS degraded,
        count(*) FILTER (WHERE state = 'down') AS down,
        count(*) FILTER (WHERE state = 'unknown') AS not_known,
        count(DISTINCT probe) AS probes,
        median(CAST(rtt_median_us AS DOUBLE)) / 1e6 AS rtt
    FROM latency_minute
    WHERE event_utc >= {since} AND event_utc < {ended}
    GROUP BY 1, 2
    HAVING max(handover) > {after} OR date_trunc('hour', event_utc) >= {sent}
), runs AS (
    SELECT commune, date_trunc('hour', event_utc) AS hour, direction, medium, layer,
        count(*) AS runs,
        percentile_cont(0.1) WITHIN GROUP (ORDER BY steady_bits_per_second) / 8 AS p10,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY steady_bits_per_second) / 8 AS p50,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY steady_bits_per_second) / 8 AS p90
    FROM throughput
    WHERE event_utc >= {since} AND event_utc < {ended}
        AND outcome = 'complete' AND steady_bits_per_second IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
    HAVING max(handover) > {after} OR date_trunc('hour', event_utc) >= {sent}
), measures AS (
    SELECT * FROM (VALUES
        ('desserte_commune_hour_minutes', 'up', ''),
        ('desserte_commune_hour_minutes', 'degraded', ''),
        ('desserte_commune_hour_minutes', 'down', ''),
        ('desserte_commune_hour_minutes', 'unknown', ''),
        ('desserte_commune_hour_probes', '', ''),
        ('desserte_commune_hour_rtt_idle_median_seconds', '', '')
    ) AS measures (name, state, quantile)
), shares AS (
    SELECT * FROM (VALUES
        ('desserte_commune_hour_runs', '', ''),
        ('desserte_commune_hour_throughput_bytes_per_second', '', '0.1'),
        ('desserte_commune_hour_throughput_bytes_per_second', '', '0.5'),
        ('desserte_commune_hour_throughput_bytes_per_second', '', '0.9')
    ) AS shares (name, state, quantile)
), samples AS (
    SELECT name, '' AS probe, commune, '' AS direction, '' AS medium, '' AS layer, state, quantile, hour AS at,
        CASE
            WHEN state = 'up' THEN CAST(up AS DOUBLE)
            WHEN state = 'degraded' THEN CAST(degraded AS DOUBLE)
            WHEN state = 'down' THEN CAST(down AS DOUBLE)
            WHEN state = 'unknown' THEN CAST(not_known AS DOUBLE)
            WHEN name = 'desserte_commune_hour_probes' THEN CAST(probes AS DOUBLE)
            ELSE rtt
        END AS value
    FROM minutes CROSS JOIN measures
    UNION ALL
    SELECT name, '', commune, direction, medium, layer, state, quantile, hour,
        CASE
            WHEN quantile = '0.1' THEN p10
            WHEN quantile = '0.5' THEN p50
            WHEN quantile = '0.9' THEN p90
            ELSE CAST(runs AS DOUBLE)
        END
    FROM runs CROSS JOIN shares
)
-- A median of nothing is no sample.
SELECT * FROM samples WHERE value IS NOT NULL ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
