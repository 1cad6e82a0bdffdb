-- In the order of the index, so that nothing is sorted.
SELECT
    minute.commune, probe.id, minute.event_us, minute.window_us, minute.state,
    minute.sent, minute.lost, minute.rtt_median_us, record.line
FROM minute INDEXED BY minute_by_place
JOIN probe ON probe.no = minute.probe
JOIN record ON record.no = minute.record
WHERE
    minute.event_us IS NOT NULL
    AND minute.commune BETWEEN :first AND :last AND minute.event_us >= :from AND minute.event_us < :to
ORDER BY minute.commune, minute.probe, minute.event_us
