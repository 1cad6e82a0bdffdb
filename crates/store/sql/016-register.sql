-- Schema, version 16: probes and invitations that several collectors share (docs/spec/registry.md).

-- Number of the collector that takes the probe's batches; NULL: this one.
ALTER TABLE probe ADD COLUMN home INTEGER;
-- Number of the change of the register that the row is as of. NULL: the register does not have it so, or there is none.
ALTER TABLE probe ADD COLUMN change INTEGER;
ALTER TABLE invitation ADD COLUMN change INTEGER;

-- Records that another collector, lost since, had handed to the history: they are known when they come again, and not kept twice.
CREATE TABLE elsewhere (
    id     BLOB NOT NULL PRIMARY KEY,
    sha256 BLOB NOT NULL
) STRICT, WITHOUT ROWID;
