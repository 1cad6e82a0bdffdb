-- The latest measurement of a probe whose records have just been dated.
UPDATE probe_latest SET
    measured_us = (
        SELECT event_us FROM record
        WHERE probe = ?1 AND kind != 'health' AND event_us IS NOT NULL
        ORDER BY no DESC
        LIMIT 1
    )
WHERE probe = ?1 AND measured_us IS NULL
