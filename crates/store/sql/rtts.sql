WITH place AS (
    SELECT DISTINCT commune, probe
    FROM minute_hour
    WHERE commune BETWEEN :first AND :last AND hour_us >= :from / 3600000000 * 3600000000 AND hour_us < :to
)
SELECT minute.commune, minute.rtt_median_us
FROM place
JOIN minute INDEXED BY minute_by_place ON minute.commune = place.commune AND minute.probe = place.probe
WHERE minute.event_us IS NOT NULL AND minute.event_us >= :from AND minute.event_us < :to
    AND minute.rtt_median_us IS NOT NULL
ORDER BY minute.commune
