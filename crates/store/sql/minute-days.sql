SELECT DISTINCT hour_us / 86400000000 AS day
FROM minute_hour
WHERE
    commune BETWEEN :first AND :last
    AND hour_us >= :from / 3600000000 * 3600000000
    AND hour_us < :to / 3600000000 * 3600000000
ORDER BY day
