-- The same sum as add-minute-hour.sql, from the row itself.
INSERT INTO minute_hour (commune, hour_us, probe, up_us, degraded_us, down_us, unknown_us, sent, lost)
SELECT
    commune,
    -- Division truncates towards zero in SQL; events before 1970 do not occur in practice.
    event_us / 3600000000 * 3600000000,
    probe,
    iif (state = 'up', window_us, 0),
    iif (state = 'degraded', window_us, 0),
    iif (state = 'down', window_us, 0),
    iif (state NOT IN ('up', 'degraded', 'down'), window_us, 0),
    sent,
    lost
FROM minute
WHERE record = ?1 AND event_us IS NOT NULL
ON CONFLICT (commune, hour_us, probe) DO UPDATE SET
    up_us = up_us + excluded.up_us,
    degraded_us = degraded_us + excluded.degraded_us,
    down_us = down_us + excluded.down_us,
    unknown_us = unknown_us + excluded.unknown_us,
    sent = sent + excluded.sent,
    lost = lost + excluded.lost
