-- Schema, version 9: tests that residents made with their own browser and chose to give. Class C: never decides anything alone.
-- No address, no position: the resident named a commune. The moment is the hour in which it came.
CREATE TABLE contribution (
    no INTEGER PRIMARY KEY,
    -- SHA-256 of the code that only the contributor has: tests of one contributor belong together, and can be erased together.
    contributor BLOB NOT NULL CHECK (length(contributor) = 32),
    commune TEXT NOT NULL,
    departement TEXT NOT NULL,
    -- Start of the hour, microseconds since the Unix epoch.
    hour_us INTEGER NOT NULL,
    -- What the contributor said of the way to the box: wired, wifi, mobile, unknown.
    medium TEXT NOT NULL,
    -- Bits per second over the steady part, by the method named below; NULL: no figure could be made.
    download_bps REAL,
    upload_bps REAL,
    -- Smallest round trip that the server's kernel saw, microseconds; NULL: it told none.
    rtt_us INTEGER,
    method TEXT NOT NULL,
    -- The readings that the figures were made of, as JSON.
    readings TEXT NOT NULL
) STRICT;
CREATE INDEX contribution_commune ON contribution (commune, hour_us);
CREATE INDEX contribution_departement ON contribution (departement, hour_us);
CREATE INDEX contribution_contributor ON contribution (contributor);
CREATE INDEX contribution_hour ON contribution (hour_us);
