INSERT INTO throughput (
    record, probe, commune, event_us, direction, outcome, medium, operator, technology, family, server, layer,
    mean_bits_per_second, steady_bits_per_second, method, h3, border, cells_crossed, communes_crossed
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
