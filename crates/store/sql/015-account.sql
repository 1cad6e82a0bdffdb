-- Schema, version 15: people who log in to the pages of the administration (docs/spec/roles.md).

CREATE TABLE account (
    no        INTEGER PRIMARY KEY AUTOINCREMENT,
    -- What is typed to log in, lower case. Used again only after the account has ended.
    login     TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    -- INSEE code of the commune or département that the account is for; NULL where the role has none.
    territory TEXT,
    -- Argon2id, in the PHC string format; NULL for who logs in through OpenID Connect alone.
    password  TEXT,
    -- What the OpenID provider says of this person; NULL for who has a password alone.
    openid    TEXT,
    made_us   INTEGER NOT NULL,
    ended_us  INTEGER
) STRICT;
CREATE UNIQUE INDEX account_by_login ON account (login) WHERE ended_us IS NULL;
CREATE UNIQUE INDEX account_by_openid ON account (openid) WHERE ended_us IS NULL AND openid IS NOT NULL;

-- Lines of the audit log name accounts by number, so that numbers stay as long as those lines.
CREATE TRIGGER account_is_kept BEFORE DELETE ON account
WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'logs_kept_from_us' AND OLD.ended_us < CAST (value AS INTEGER))
BEGIN SELECT RAISE (ABORT, 'accounts are kept'); END;
CREATE TRIGGER account_keeps_its_part BEFORE UPDATE ON account
WHEN OLD.ended_us IS NOT NULL OR NEW.no IS NOT OLD.no OR NEW.role IS NOT OLD.role OR NEW.territory IS NOT OLD.territory
BEGIN SELECT RAISE (ABORT, 'of an account only how one logs in, and its end, can change'); END;

CREATE TABLE session (
    -- SHA-256 of what the browser holds, lower-case hexadecimal: 32 octets of chance.
    sha256  TEXT PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (no),
    made_us INTEGER NOT NULL,
    -- When it was last used, to the minute.
    used_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_account ON session (account);
