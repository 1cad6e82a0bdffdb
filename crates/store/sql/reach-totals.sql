SELECT commune, url, tried, failure, count (*)
FROM reachability
WHERE
    event_us IS NOT NULL AND commune BETWEEN :first AND :last AND event_us >= :from AND event_us < :to
GROUP BY commune, url, tried, failure
ORDER BY commune, url, tried, failure
