-- Schema, version 8: invitations by which probes are enrolled, and what was asked of the collector's administration
-- (docs/spec/enrolment.md).

-- A one-time code, of which only the public half of the key that grows from it is kept: nobody who reads this table finds the
-- code or can use the invitation.
CREATE TABLE invitation (
    no           INTEGER PRIMARY KEY AUTOINCREMENT,
    public_key   TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    site         TEXT,
    -- INSEE code of the commune and place of the site, where they were said; never published.
    commune      TEXT,
    lon          REAL,
    lat          REAL,
    -- The probe whose place the new one takes; NULL for a new place.
    replaces     INTEGER REFERENCES probe (no),
    created_us   INTEGER NOT NULL,
    expires_us   INTEGER NOT NULL,
    withdrawn_us INTEGER,
    used_us      INTEGER,
    -- The probe that was enrolled with it.
    probe        INTEGER REFERENCES probe (no)
) STRICT;

CREATE TRIGGER invitation_is_kept BEFORE DELETE ON invitation
BEGIN SELECT RAISE (ABORT, 'invitations are kept'); END;
CREATE TRIGGER invitation_is_used_once BEFORE UPDATE ON invitation
WHEN OLD.used_us IS NOT NULL OR OLD.withdrawn_us IS NOT NULL OR NEW.public_key IS NOT OLD.public_key
    OR NEW.expires_us IS NOT OLD.expires_us
BEGIN SELECT RAISE (ABORT, 'an invitation is used once and otherwise unchanged'); END;

-- Who asked what of the administration and whether it was done. Holds no secret and no whole address.
CREATE TABLE audit (
    no      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us   INTEGER NOT NULL,
    -- `command` for whoever works on the machine itself, `network A.B.C.0/24` for whoever came over it.
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    -- `done`, or why not.
    outcome TEXT    NOT NULL,
    -- What it was about: a probe, an invitation's number; empty when nothing is known of it.
    subject TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_unchanged BEFORE UPDATE ON audit
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;
