-- The register, version 1 (docs/spec/registry.md). Times are microseconds since the Unix epoch, UTC, by the collectors' clocks.
CREATE SCHEMA desserte;

-- One row. Every change counts it up first, in its own transaction: so changes come one after another, and whoever has seen number n
-- has seen every change up to it.
CREATE TABLE desserte.register (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    change  bigint  NOT NULL
);
INSERT INTO desserte.register (version, change) VALUES (1, 0);

CREATE TABLE desserte.probe (
    id         text     PRIMARY KEY,
    public_key text     NOT NULL UNIQUE,
    name       text     NOT NULL,
    site       text,
    -- Where it stands, as declared: public, person; NULL while nothing was.
    host       text,
    created_us bigint   NOT NULL,
    retired_us bigint,
    -- Number of the collector that takes its batches.
    home       smallint NOT NULL CHECK (home BETWEEN 1 AND 32),
    -- Number of its last change.
    change     bigint   NOT NULL
);
CREATE INDEX probe_by_change ON desserte.probe (change);

-- One-time codes, by the public half of the key that grows from each.
CREATE TABLE desserte.invitation (
    public_key   text   PRIMARY KEY,
    name         text   NOT NULL,
    site         text,
    commune      text,
    lon          double precision,
    lat          double precision,
    replaces     text   REFERENCES desserte.probe (id),
    created_us   bigint NOT NULL,
    expires_us   bigint NOT NULL,
    withdrawn_us bigint,
    used_us      bigint,
    probe        text   REFERENCES desserte.probe (id),
    change       bigint NOT NULL,
    CHECK ((used_us IS NULL) = (probe IS NULL))
);
CREATE INDEX invitation_by_change ON desserte.invitation (change);

-- When each collector last looked, by this server's clock.
CREATE TABLE desserte.collector (
    number smallint    PRIMARY KEY CHECK (number BETWEEN 1 AND 32),
    looked timestamptz NOT NULL
);
