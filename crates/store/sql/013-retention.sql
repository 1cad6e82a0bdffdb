-- Schema, version 13: what is kept for a time only (docs/spec/retention.md).

-- A batch is emptied with its records, and those of a day are looked for: neither may read the whole table.
CREATE INDEX record_of_batch ON record (batch);
CREATE INDEX batch_by_reception ON batch (probe, received_us);

-- How far emptying has come: of a batch that this probe sent and that was received earlier, digests are left.
CREATE TABLE retention (
    probe      INTEGER PRIMARY KEY REFERENCES probe (no),
    emptied_us INTEGER NOT NULL
) STRICT;

-- Logs go by their age, and no sooner than the moment that `logs_kept_from_us` tells; without it none goes.
DROP TRIGGER audit_is_kept;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'logs_kept_from_us' AND OLD.at_us < CAST (value AS INTEGER))
BEGIN SELECT RAISE (ABORT, 'the audit log is append-only'); END;

DROP TRIGGER api_token_is_kept;
CREATE TRIGGER api_token_is_kept BEFORE DELETE ON api_token
WHEN NOT EXISTS (
    SELECT 1 FROM meta WHERE key = 'logs_kept_from_us'
    AND min (OLD.expires_us, coalesce (OLD.revoked_us, OLD.expires_us)) < CAST (value AS INTEGER)
)
BEGIN SELECT RAISE (ABORT, 'tokens are kept'); END;

-- Of an invitation that is long over, name and place are forgotten; that it was used, and by whom, stays.
DROP TRIGGER invitation_is_used_once;
CREATE TRIGGER invitation_is_used_once
BEFORE UPDATE OF no, public_key, replaces, created_us, expires_us, withdrawn_us, used_us, probe ON invitation
WHEN OLD.used_us IS NOT NULL OR OLD.withdrawn_us IS NOT NULL OR NEW.public_key IS NOT OLD.public_key
    OR NEW.expires_us IS NOT OLD.expires_us
BEGIN SELECT RAISE (ABORT, 'an invitation is used once and otherwise unchanged'); END;
CREATE TRIGGER invitation_is_only_forgotten BEFORE UPDATE OF name, site, commune, lon, lat ON invitation
WHEN NEW.name <> '' OR NEW.site IS NOT NULL OR NEW.commune IS NOT NULL OR NEW.lon IS NOT NULL OR NEW.lat IS NOT NULL
    OR NOT EXISTS (
        SELECT 1 FROM meta WHERE key = 'logs_kept_from_us'
        AND coalesce (OLD.used_us, OLD.withdrawn_us, OLD.expires_us) < CAST (value AS INTEGER)
    )
BEGIN SELECT RAISE (ABORT, 'an invitation is used once and otherwise unchanged'); END;
