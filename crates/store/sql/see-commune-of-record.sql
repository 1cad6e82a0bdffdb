INSERT INTO commune_seen (commune, vintage, first_us, last_us)
SELECT commune, vintage, event_us, event_us FROM record WHERE no = ?1
ON CONFLICT (commune) DO UPDATE SET
    vintage = max (vintage, excluded.vintage),
    first_us = min (ifnull (first_us, excluded.first_us), ifnull (excluded.first_us, first_us)),
    last_us = max (ifnull (last_us, excluded.last_us), ifnull (excluded.last_us, last_us))
