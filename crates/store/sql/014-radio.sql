-- Schema, version 14: where runs on the way went, and what the modem said around runs (docs/spec/mobile.md).

-- Made by the collector when the record comes, for it has the territory; as `record.commune`, kept through a rebuild.
-- `at_us` is on the monotonic clock of the record's boot. `role`: `position` is the record's own position, `during` a moment of its
-- transfer, `around` one before or after. `border` is NULL when the receiver gave no uncertainty.
CREATE TABLE passage (
    record        INTEGER NOT NULL REFERENCES record (no),
    role          TEXT    NOT NULL,
    at_us         INTEGER NOT NULL,
    commune       TEXT    NOT NULL,
    vintage       INTEGER NOT NULL,
    h3            TEXT    NOT NULL,
    uncertainty_m REAL,
    border        INTEGER,
    PRIMARY KEY (record, role, at_us)
) STRICT, WITHOUT ROWID;

-- Derived: one row for each answer of the modem and technology. NULL is what the modem did not tell; `after_us` is from the
-- record's moment, negative before it. An answer on the way whose place is not known has no row.
CREATE TABLE radio (
    record           INTEGER NOT NULL REFERENCES record (no),
    after_us         INTEGER NOT NULL,
    commune          TEXT    NOT NULL,
    vintage          INTEGER NOT NULL,
    h3               TEXT,
    uncertainty_m    REAL,
    border           INTEGER,
    during           INTEGER,
    registration     TEXT,
    operator         TEXT,
    technology       TEXT,
    in_use           INTEGER,
    cell             INTEGER,
    area             INTEGER,
    physical_cell    INTEGER,
    channel          INTEGER,
    band             TEXT,
    rssi_dbm         REAL,
    rsrp_dbm         REAL,
    rsrq_db          REAL,
    snr_db           REAL,
    rscp_dbm         REAL,
    ecio_db          REAL,
    level_age_max_us INTEGER,
    method           TEXT    NOT NULL
) STRICT;
CREATE INDEX radio_of_record ON radio (record);

-- NULL for a run of a probe that stands still, and for one that came before this version.
ALTER TABLE throughput ADD COLUMN h3 TEXT;
ALTER TABLE throughput ADD COLUMN border INTEGER;
ALTER TABLE throughput ADD COLUMN cells_crossed INTEGER;
ALTER TABLE throughput ADD COLUMN communes_crossed INTEGER;
