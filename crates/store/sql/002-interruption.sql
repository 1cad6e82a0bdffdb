-- Schema, version 2: one row for each interruption that a probe's watch found. Derived.
--
-- `event_us` is the last moment at which all was known to be well; `start_us` counts from there to the likeliest start.
-- NULL: not known (an edge that was not seen).
CREATE TABLE interruption (
    record         INTEGER PRIMARY KEY REFERENCES record (no),
    probe          INTEGER NOT NULL,
    commune        TEXT    NOT NULL,
    event_us       INTEGER,
    cause          TEXT    NOT NULL,
    target         TEXT,
    start_us       INTEGER,
    duration_us    INTEGER,
    uncertainty_us INTEGER,
    method         TEXT    NOT NULL
) STRICT;

CREATE INDEX interruption_by_place ON interruption (commune, event_us) WHERE event_us IS NOT NULL;
