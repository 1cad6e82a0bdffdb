-- Schema, version 3: one row for each attempt to reach a public service. Derived.
--
-- A time is NULL when the step was not tried or did not succeed; `failure` is NULL when the page came, and when nothing was
-- tried (`tried` is 0 then).
CREATE TABLE reachability (
    record        INTEGER PRIMARY KEY REFERENCES record (no),
    probe         INTEGER NOT NULL,
    commune       TEXT    NOT NULL,
    event_us      INTEGER,
    url           TEXT    NOT NULL,
    tried         INTEGER NOT NULL,
    failure       TEXT,
    dns_us        INTEGER,
    connect_us    INTEGER,
    tls_us        INTEGER,
    first_byte_us INTEGER,
    total_us      INTEGER,
    method        TEXT    NOT NULL
) STRICT;

CREATE INDEX reachability_by_place ON reachability (commune, event_us) WHERE event_us IS NOT NULL;
