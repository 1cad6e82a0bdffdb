INSERT INTO radio (
    record, after_us, commune, vintage, h3, uncertainty_m, border, during, registration, operator, technology, in_use,
    cell, area, physical_cell, channel, band, rssi_dbm, rsrp_dbm, rsrq_db, snr_db, rscp_dbm, ecio_db, level_age_max_us, method
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25
)
