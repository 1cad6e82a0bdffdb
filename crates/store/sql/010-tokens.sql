-- Schema, version 10: tokens of the administration interface (docs/spec/roles.md).

CREATE TABLE api_token (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the token, lower-case hexadecimal. The token is 32 octets of chance: no slower hash makes it safer.
    sha256     TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    -- INSEE code of the commune or département that the token is for; NULL where the role has none.
    territory  TEXT,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    revoked_us INTEGER
) STRICT;

CREATE TRIGGER api_token_is_kept BEFORE DELETE ON api_token
BEGIN SELECT RAISE (ABORT, 'tokens are kept'); END;
CREATE TRIGGER api_token_is_only_revoked BEFORE UPDATE ON api_token
WHEN OLD.revoked_us IS NOT NULL OR NEW.sha256 IS NOT OLD.sha256 OR NEW.role IS NOT OLD.role
    OR NEW.territory IS NOT OLD.territory OR NEW.expires_us IS NOT OLD.expires_us
BEGIN SELECT RAISE (ABORT, 'a token can only be revoked'); END;
