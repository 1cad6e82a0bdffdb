SELECT
    commune, id,
    cast (sum (up_us * share) AS INTEGER), cast (sum (degraded_us * share) AS INTEGER),
    cast (sum (down_us * share) AS INTEGER), cast (sum (unknown_us * share) AS INTEGER),
    sum (sent), sum (lost)
FROM (
    SELECT
        minute_hour.commune, probe.id, up_us, degraded_us, down_us, unknown_us, sent, lost,
        -- An hour holds an hour: a probe that sends windows which overlap gains no known time by it.
        min (1.0, 3600000000.0 / max (1, up_us + degraded_us + down_us + unknown_us)) AS share
    FROM minute_hour
    JOIN probe ON probe.no = minute_hour.probe
    WHERE
        minute_hour.commune BETWEEN :first AND :last
        AND hour_us >= :from / 3600000000 * 3600000000
        AND hour_us < :to / 3600000000 * 3600000000
)
GROUP BY commune, id
ORDER BY commune, id
