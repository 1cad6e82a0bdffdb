-- An older batch that arrives late moves the time of arrival, not the place or the program.
INSERT INTO probe_latest (
    probe, received_us, sequence, commune, vintage, software_name, software_version, clock_source, clock_offset_us,
    measured_us
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (probe) DO UPDATE SET
    received_us = max (received_us, excluded.received_us),
    commune = iif (excluded.sequence > sequence, excluded.commune, commune),
    vintage = iif (excluded.sequence > sequence, excluded.vintage, vintage),
    software_name = iif (excluded.sequence > sequence, excluded.software_name, software_name),
    software_version = iif (excluded.sequence > sequence, excluded.software_version, software_version),
    clock_source = iif (excluded.sequence > sequence, excluded.clock_source, clock_source),
    clock_offset_us = iif (excluded.sequence > sequence, excluded.clock_offset_us, clock_offset_us),
    measured_us = max (ifnull (measured_us, excluded.measured_us), ifnull (excluded.measured_us, measured_us)),
    sequence = max (sequence, excluded.sequence)
