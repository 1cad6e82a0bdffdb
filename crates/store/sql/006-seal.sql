-- Schema, version 6: the daily seal over everything received (docs/spec/custody.md).
--
-- Raw, like batches and records: what was noted or sealed is never changed.

-- What people noted about a probe (probe NULL: about the collector).
CREATE TABLE custody_event (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL,
    probe       INTEGER REFERENCES probe (no),
    happened_us INTEGER NOT NULL,
    noted_us    INTEGER NOT NULL,
    text        TEXT    NOT NULL
) STRICT;

-- One row for each sealed day. Its leaves are, in this order: the seal before it if there is one, its batches, its notes,
-- each by number.
CREATE TABLE seal (
    no         INTEGER PRIMARY KEY,
    day        TEXT    NOT NULL UNIQUE,
    sealed_us  INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    root       BLOB    NOT NULL
) STRICT;

-- In which seal each batch and each note is; NULL while it waits for its day to be over.
CREATE TABLE batch_seal (
    batch INTEGER PRIMARY KEY REFERENCES batch (no),
    seal  INTEGER REFERENCES seal (no)
) STRICT;
CREATE TABLE event_seal (
    event INTEGER PRIMARY KEY REFERENCES custody_event (no),
    seal  INTEGER REFERENCES seal (no)
) STRICT;
CREATE INDEX batch_of_seal ON batch_seal (seal, batch);
CREATE INDEX event_of_seal ON event_seal (seal, event);
INSERT INTO batch_seal (batch) SELECT no FROM batch;

CREATE TRIGGER batch_waits_for_its_seal AFTER INSERT ON batch
BEGIN INSERT INTO batch_seal (batch) VALUES (NEW.no); END;
CREATE TRIGGER event_waits_for_its_seal AFTER INSERT ON custody_event
BEGIN INSERT INTO event_seal (event) VALUES (NEW.no); END;

-- Answers of time-stamp authorities (RFC 3161) over the statement of a seal, as received.
CREATE TABLE seal_stamp (
    seal        INTEGER NOT NULL REFERENCES seal (no),
    authority   TEXT    NOT NULL,
    received_us INTEGER NOT NULL,
    response    BLOB    NOT NULL,
    PRIMARY KEY (seal, authority)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER custody_event_is_kept BEFORE DELETE ON custody_event
BEGIN SELECT RAISE (ABORT, 'notes are append-only'); END;
CREATE TRIGGER custody_event_is_unchanged BEFORE UPDATE ON custody_event
BEGIN SELECT RAISE (ABORT, 'notes are append-only'); END;
CREATE TRIGGER seal_is_kept BEFORE DELETE ON seal
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_is_unchanged BEFORE UPDATE ON seal
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER seal_stamp_is_kept BEFORE DELETE ON seal_stamp
BEGIN SELECT RAISE (ABORT, 'time-stamps are append-only'); END;
CREATE TRIGGER seal_stamp_is_unchanged BEFORE UPDATE ON seal_stamp
BEGIN SELECT RAISE (ABORT, 'time-stamps are append-only'); END;
CREATE TRIGGER batch_seal_is_kept BEFORE DELETE ON batch_seal
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER batch_is_sealed_once BEFORE UPDATE ON batch_seal WHEN OLD.seal IS NOT NULL OR NEW.batch IS NOT OLD.batch
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER event_seal_is_kept BEFORE DELETE ON event_seal
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
CREATE TRIGGER event_is_sealed_once BEFORE UPDATE ON event_seal WHEN OLD.seal IS NOT NULL OR NEW.event IS NOT OLD.event
BEGIN SELECT RAISE (ABORT, 'seals are append-only'); END;
