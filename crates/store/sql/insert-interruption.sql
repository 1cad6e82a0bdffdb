INSERT INTO interruption (
    record, probe, commune, event_us, cause, target, start_us, duration_us, uncertainty_us, method
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
