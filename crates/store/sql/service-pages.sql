-- Attempts that the budget kept from being made tell nothing.
SELECT reachability.commune, probe.id, reachability.event_us, reachability.failure, reachability.total_us
FROM reachability
JOIN probe ON probe.no = reachability.probe
WHERE
    reachability.event_us IS NOT NULL AND reachability.tried
    AND reachability.commune BETWEEN :first AND :last
    AND reachability.event_us >= :from AND reachability.event_us < :to
ORDER BY reachability.commune, reachability.event_us, reachability.record
