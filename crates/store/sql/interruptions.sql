SELECT commune, cause, duration_us
FROM interruption
WHERE
    event_us IS NOT NULL AND commune BETWEEN :first AND :last AND event_us >= :from AND event_us < :to
ORDER BY commune, event_us, record
