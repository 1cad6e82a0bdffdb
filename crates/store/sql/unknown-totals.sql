SELECT commune, cause, sum (window_us)
FROM minute INDEXED BY minute_unknown_by_place
WHERE
    event_us IS NOT NULL AND state = 'unknown'
    AND commune BETWEEN :first AND :last AND event_us >= :from AND event_us < :to
GROUP BY commune, cause
ORDER BY commune, cause
