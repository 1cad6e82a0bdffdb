INSERT INTO minute_hour (commune, hour_us, probe, up_us, degraded_us, down_us, unknown_us, sent, lost)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (commune, hour_us, probe) DO UPDATE SET
    up_us = up_us + excluded.up_us,
    degraded_us = degraded_us + excluded.degraded_us,
    down_us = down_us + excluded.down_us,
    unknown_us = unknown_us + excluded.unknown_us,
    sent = sent + excluded.sent,
    lost = lost + excluded.lost
