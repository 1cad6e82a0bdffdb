SELECT
    minute_hour.commune, probe.id,
    sum (up_us), sum (degraded_us), sum (down_us), sum (unknown_us), sum (sent), sum (lost)
FROM minute_hour
JOIN probe ON probe.no = minute_hour.probe
WHERE
    minute_hour.commune BETWEEN :first AND :last
    AND hour_us >= :from / 3600000000 * 3600000000
    AND hour_us < :to / 3600000000 * 3600000000
GROUP BY minute_hour.commune, probe.id
ORDER BY minute_hour.commune, probe.id
