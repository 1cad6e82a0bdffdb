INSERT INTO minute (
    record, probe, commune, event_us, window_us, state, cause, sent, lost, rtt_median_us, targets, method
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
