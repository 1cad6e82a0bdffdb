-- Schema, version 1.
--
-- Raw tables (meta, probe, batch, anchor, record) only grow; triggers refuse changes to what was received.
-- Everything below "Derived" can be dropped and computed again from the raw tables (`desserte rebuild`).
-- Times are microseconds since the Unix epoch, UTC. An event time that is NULL is not known (yet); the record is kept
-- and counts in no figure.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE probe (
    no         INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    public_key TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    site       TEXT,
    created_us INTEGER NOT NULL,
    retired_us INTEGER
) STRICT;

-- The request as received: with the probe's key, `signature` and `body` prove who sent what.
CREATE TABLE batch (
    no               INTEGER PRIMARY KEY,
    id               BLOB    NOT NULL,
    probe            INTEGER NOT NULL REFERENCES probe (no),
    received_us      INTEGER NOT NULL,
    software_name    TEXT    NOT NULL,
    software_version TEXT    NOT NULL,
    signature        TEXT    NOT NULL,
    content_encoding TEXT    NOT NULL,
    body             BLOB    NOT NULL
) STRICT;

CREATE TABLE anchor (
    probe          INTEGER NOT NULL REFERENCES probe (no),
    boot           BLOB    NOT NULL,
    monotonic_us   INTEGER NOT NULL,
    utc_us         INTEGER NOT NULL,
    uncertainty_us INTEGER NOT NULL,
    PRIMARY KEY (probe, boot, monotonic_us, utc_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    no           INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL UNIQUE,
    batch        INTEGER NOT NULL REFERENCES batch (no),
    probe        INTEGER NOT NULL REFERENCES probe (no),
    kind         TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    boot         BLOB    NOT NULL,
    monotonic_us INTEGER NOT NULL,
    commune      TEXT    NOT NULL,
    vintage      INTEGER NOT NULL,
    line         BLOB    NOT NULL,
    sha256       BLOB    NOT NULL,
    -- Derived: from the record itself, or from an anchor of its boot that may come later.
    event_us     INTEGER
) STRICT;

CREATE INDEX record_without_time ON record (probe, boot) WHERE event_us IS NULL;

CREATE TRIGGER record_is_kept BEFORE DELETE ON record
BEGIN SELECT RAISE (ABORT, 'records are append-only'); END;
CREATE TRIGGER record_is_unchanged
BEFORE UPDATE OF no, id, batch, probe, kind, sequence, boot, monotonic_us, commune, vintage, line, sha256 ON record
BEGIN SELECT RAISE (ABORT, 'records are append-only'); END;
CREATE TRIGGER batch_is_kept BEFORE DELETE ON batch
BEGIN SELECT RAISE (ABORT, 'batches are append-only'); END;
CREATE TRIGGER batch_is_unchanged BEFORE UPDATE ON batch
BEGIN SELECT RAISE (ABORT, 'batches are append-only'); END;

-- Derived ------------------------------------------------------------------------------------------------------------

-- One row for each throughput run. `*_bits_per_second` is NULL when the method gives no figure; zero means zero.
CREATE TABLE throughput (
    record                 INTEGER PRIMARY KEY REFERENCES record (no),
    probe                  INTEGER NOT NULL,
    commune                TEXT    NOT NULL,
    event_us               INTEGER,
    direction              TEXT    NOT NULL,
    outcome                TEXT    NOT NULL,
    medium                 TEXT    NOT NULL,
    operator               TEXT,
    technology             TEXT,
    family                 TEXT,
    server                 TEXT,
    -- Where octets were counted: `application` or `kernel`; the two are never aggregated together.
    layer                  TEXT,
    mean_bits_per_second   REAL,
    steady_bits_per_second REAL,
    method                 TEXT    NOT NULL
) STRICT;

CREATE INDEX throughput_by_place ON throughput (commune, event_us) WHERE event_us IS NOT NULL;

-- One row for each minute. `targets` is a JSON array of {target, sent, lost, rtt_median_us}.
CREATE TABLE minute (
    record        INTEGER PRIMARY KEY REFERENCES record (no),
    probe         INTEGER NOT NULL,
    commune       TEXT    NOT NULL,
    event_us      INTEGER,
    window_us     INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    cause         TEXT,
    sent          INTEGER NOT NULL,
    lost          INTEGER NOT NULL,
    rtt_median_us INTEGER,
    targets       TEXT    NOT NULL,
    method        TEXT    NOT NULL
) STRICT;

CREATE INDEX minute_by_place ON minute (commune, probe, event_us, rtt_median_us) WHERE event_us IS NOT NULL;
CREATE INDEX minute_down_by_place ON minute (commune, probe, event_us)
WHERE event_us IS NOT NULL AND state = 'down';

-- Sums of `minute` by hour of event time.
CREATE TABLE minute_hour (
    commune     TEXT    NOT NULL,
    hour_us     INTEGER NOT NULL,
    probe       INTEGER NOT NULL,
    up_us       INTEGER NOT NULL,
    degraded_us INTEGER NOT NULL,
    down_us     INTEGER NOT NULL,
    unknown_us  INTEGER NOT NULL,
    sent        INTEGER NOT NULL,
    lost        INTEGER NOT NULL,
    PRIMARY KEY (commune, hour_us, probe)
) STRICT, WITHOUT ROWID;

-- The latest that is known of each probe, by the order of its own chain, not by the order of arrival.
CREATE TABLE probe_latest (
    probe                 INTEGER PRIMARY KEY REFERENCES probe (no),
    received_us           INTEGER NOT NULL,
    sequence              INTEGER NOT NULL,
    commune               TEXT    NOT NULL,
    vintage               INTEGER NOT NULL,
    software_name         TEXT    NOT NULL,
    software_version      TEXT    NOT NULL,
    clock_source          TEXT    NOT NULL,
    clock_offset_us       INTEGER,
    measured_us           INTEGER,
    health_sequence       INTEGER,
    spool_records         INTEGER,
    spool_bytes           INTEGER,
    spool_dropped_records INTEGER,
    budget_used_bytes     INTEGER,
    budget_limit_bytes    INTEGER
) STRICT;

-- Where there is anything at all, whatever the period.
CREATE TABLE commune_seen (
    commune  TEXT    NOT NULL PRIMARY KEY,
    vintage  INTEGER NOT NULL,
    first_us INTEGER,
    last_us  INTEGER
) STRICT, WITHOUT ROWID;
