INSERT INTO record (id, batch, probe, kind, sequence, boot, monotonic_us, commune, vintage, line, sha256, event_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
