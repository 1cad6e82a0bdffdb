-- UNION removes what both parts give. 120 s is twice the longest silence that leaves minutes consecutive, so that
-- whatever lies between two neighbouring down minutes is there.
WITH down AS (
    SELECT commune, probe, event_us, record
    FROM minute INDEXED BY minute_down_by_place
    WHERE
        state = 'down' AND event_us IS NOT NULL
        AND commune BETWEEN :first AND :last AND event_us >= :from AND event_us < :to
),
near AS (
    SELECT record FROM down
    UNION
    SELECT minute.record
    FROM down
    JOIN minute INDEXED BY minute_by_place
        ON minute.commune = down.commune AND minute.probe = down.probe
        AND minute.event_us > down.event_us AND minute.event_us <= down.event_us + 120000000
        AND minute.event_us < :to
)
SELECT minute.commune, probe.id, minute.event_us, minute.window_us, minute.state
FROM near
JOIN minute ON minute.record = near.record
JOIN probe ON probe.no = minute.probe
ORDER BY minute.commune, probe.id, minute.event_us, minute.record
