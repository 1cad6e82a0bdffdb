INSERT INTO reachability (
    record, probe, commune, event_us, url, tried, failure, dns_us, connect_us, tls_us, first_byte_us, total_us, method
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
