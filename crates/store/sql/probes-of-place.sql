SELECT probe FROM throughput WHERE commune = :commune AND event_us >= :from AND event_us < :to
UNION
SELECT probe FROM minute_hour
WHERE commune = :commune AND hour_us >= :from / 3600000000 * 3600000000 AND hour_us < :to
UNION
SELECT probe FROM interruption WHERE commune = :commune AND event_us >= :from AND event_us < :to
UNION
SELECT probe FROM reachability WHERE commune = :commune AND event_us >= :from AND event_us < :to
