-- Schema, version 5: what the history (docs/spec/lake.md) has still to be given.
--
-- A record takes a number here when its event time becomes known: on arrival, or when an anchor of its boot comes later.
-- Numbers rise and are never given twice (AUTOINCREMENT), so that "up to number n" means the same for ever. A row leaves
-- when the history has it on the disk. Derived: `desserte rebuild` fills it anew, for a new generation of the history.
CREATE TABLE handover (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    record INTEGER NOT NULL REFERENCES record (no)
) STRICT;

INSERT INTO handover (record)
SELECT no FROM record WHERE event_us IS NOT NULL ORDER BY no;

CREATE TRIGGER record_is_handed_over AFTER INSERT ON record
WHEN NEW.event_us IS NOT NULL
BEGIN INSERT INTO handover (record) VALUES (NEW.no); END;

CREATE TRIGGER record_is_handed_over_late AFTER UPDATE OF event_us ON record
WHEN OLD.event_us IS NULL AND NEW.event_us IS NOT NULL
BEGIN INSERT INTO handover (record) VALUES (NEW.no); END;
