-- Schema, version 12: editions, what a page told when somebody made a permanent link of it (docs/adr/0050-editions.md).
--
-- `page` is the page's address with its period, `fingerprint` that of its figures: an edition never changes. One that rested on
-- a probe whose records were erased has lost its body, and says when.
CREATE TABLE edition (
    no          INTEGER PRIMARY KEY,
    page        TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    kept_us     INTEGER NOT NULL,
    -- Of the body; zero once it is erased.
    octets      INTEGER NOT NULL,
    erased_us   INTEGER,
    UNIQUE (page, fingerprint)
) STRICT;
CREATE INDEX edition_by_fingerprint ON edition (fingerprint);

-- As the collector made it; in a table of its own, so that adding up octets reads none of them.
CREATE TABLE edition_body (
    edition INTEGER PRIMARY KEY REFERENCES edition (no),
    body    BLOB    NOT NULL
) STRICT;

-- The probes with rows in the places and the period of an edition when it was kept: with them it is erased. By probe and not
-- by place, since places may get other codes.
CREATE TABLE edition_probe (
    probe   INTEGER NOT NULL REFERENCES probe (no),
    edition INTEGER NOT NULL REFERENCES edition (no),
    PRIMARY KEY (probe, edition)
) STRICT, WITHOUT ROWID;
