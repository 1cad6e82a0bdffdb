INSERT INTO passage (record, role, at_us, commune, vintage, h3, uncertainty_m, border)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
