-- Schema, version 4: what is known of the chain of each probe's records (docs/spec/wire-v1.md, section 2.1), and minutes of
-- unknown state by cause. Derived.

CREATE INDEX record_in_chain ON record (probe, sequence);

-- `head` is the highest place taken; `linked` counts records that were found to name the one before them. Records kept
-- before version 4 are in neither until the store is rebuilt.
CREATE TABLE chain (
    probe  INTEGER PRIMARY KEY REFERENCES probe (no),
    head   INTEGER NOT NULL,
    linked INTEGER NOT NULL
) STRICT;

-- Places below the head that no record has taken: not sent yet, refused, or dropped unsent. Both ends are missing.
CREATE TABLE chain_gap (
    probe    INTEGER NOT NULL REFERENCES probe (no),
    first_no INTEGER NOT NULL,
    last_no  INTEGER NOT NULL,
    PRIMARY KEY (probe, first_no)
) STRICT, WITHOUT ROWID;

-- Records that do not fit: `fork`, another record has the same place; `broken`, it names another record before it than
-- any that is kept there.
CREATE TABLE chain_fault (
    record   INTEGER NOT NULL REFERENCES record (no),
    kind     TEXT    NOT NULL,
    probe    INTEGER NOT NULL REFERENCES probe (no),
    sequence INTEGER NOT NULL,
    PRIMARY KEY (record, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX chain_fault_by_probe ON chain_fault (probe, kind);

CREATE INDEX minute_unknown_by_place ON minute (commune, event_us, cause, window_us)
WHERE event_us IS NOT NULL AND state = 'unknown';
