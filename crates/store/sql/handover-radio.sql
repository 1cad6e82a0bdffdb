-- Columns as in docs/spec/lake.md, table `radio`.
SELECT
    record.event_us + radio.after_us AS event_utc,
    radio.commune AS commune,
    radio.vintage AS vintage,
    probe.id AS probe,
    record.sequence AS sequence,
    handover.seq AS handover,
    radio.during AS during,
    radio.registration AS registration,
    radio.operator AS operator,
    radio.technology AS technology,
    radio.in_use AS in_use,
    radio.cell AS cell,
    radio.area AS area,
    radio.physical_cell AS physical_cell,
    radio.channel AS channel,
    radio.band AS band,
    radio.rssi_dbm AS rssi_dbm,
    radio.rsrp_dbm AS rsrp_dbm,
    radio.rsrq_db AS rsrq_db,
    radio.snr_db AS snr_db,
    radio.rscp_dbm AS rscp_dbm,
    radio.ecio_db AS ecio_db,
    radio.level_age_max_us AS level_age_max_us,
    radio.h3 AS h3,
    radio.uncertainty_m AS uncertainty_m,
    radio.border AS border,
    radio.method AS method
FROM handover
CROSS JOIN record ON record.no = handover.record
CROSS JOIN radio ON radio.record = record.no
CROSS JOIN probe ON probe.no = record.probe
WHERE handover.seq <= :last
ORDER BY handover.seq, radio.rowid
