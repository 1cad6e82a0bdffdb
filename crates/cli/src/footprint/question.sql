-- What each probe did in a month: hours and processor time as its signs of life cover them, octets charged, device, network of its line. Counters begin anew with the
-- agent; before the first sign of life of the month nothing is known, and nothing is counted.
WITH signs AS (
    SELECT probe, commune, event_utc, uptime_us, cpu_us, device, dedicated,
        CASE WHEN budget_month = '@MONTH@' THEN budget_used_bytes END AS bytes,
        lag(uptime_us) OVER own AS uptime_before, lag(cpu_us) OVER own AS cpu_before
    FROM probe_health WHERE month = '@MONTH@'
    WINDOW own AS (PARTITION BY probe ORDER BY event_utc, sequence)
), used AS (
    SELECT probe,
        last_value(commune ORDER BY event_utc) AS commune,
        sum(CASE WHEN uptime_before IS NULL THEN NULL WHEN uptime_us >= uptime_before THEN uptime_us - uptime_before ELSE uptime_us END) AS uptime_us,
        sum(CASE WHEN cpu_us IS NULL OR uptime_before IS NULL THEN NULL WHEN cpu_us >= coalesce(cpu_before, 0) THEN cpu_us - coalesce(cpu_before, 0) ELSE cpu_us END) AS cpu_us,
        max(bytes) AS bytes,
        last_value(device ORDER BY event_utc) AS device,
        last_value(dedicated ORDER BY event_utc) AS dedicated
    FROM signs GROUP BY probe
), lines AS (
    SELECT probe, last_value(technology ORDER BY event_utc) AS technology FROM throughput WHERE month = '@MONTH@' GROUP BY probe
)
SELECT used.probe AS probe, used.commune AS commune, used.uptime_us AS uptime_us, used.cpu_us AS cpu_us, used.bytes AS bytes, used.device AS device,
    used.dedicated AS dedicated, lines.technology AS technology
FROM used LEFT JOIN lines ON lines.probe = used.probe
ORDER BY used.commune, used.probe
