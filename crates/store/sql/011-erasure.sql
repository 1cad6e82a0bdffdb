-- Schema, version 11: erasing what a probe measured (docs/spec/erasure.md).
--
-- A batch is erased whole. Of it stay who sent it, when it came, and the digests of which the seal of its day was made; of each of
-- its records identifier, kind, place in the chain and digest. What held something of a person is empty: body, signature, line, commune.
CREATE TABLE erased_batch (
    batch            INTEGER PRIMARY KEY REFERENCES batch (no),
    signature_sha256 BLOB NOT NULL CHECK (length (signature_sha256) = 32),
    body_sha256      BLOB NOT NULL CHECK (length (body_sha256) = 32)
) STRICT;

CREATE TRIGGER erased_batch_is_kept BEFORE DELETE ON erased_batch
BEGIN SELECT RAISE (ABORT, 'what was erased stays erased'); END;
CREATE TRIGGER erased_batch_is_unchanged BEFORE UPDATE ON erased_batch
BEGIN SELECT RAISE (ABORT, 'what was erased stays erased'); END;

DROP TRIGGER batch_is_unchanged;
CREATE TRIGGER batch_is_unchanged
BEFORE UPDATE OF no, id, probe, received_us, software_name, software_version, content_encoding ON batch
BEGIN SELECT RAISE (ABORT, 'batches are append-only'); END;
CREATE TRIGGER batch_is_only_erased BEFORE UPDATE OF signature, body ON batch
WHEN NEW.signature <> '' OR NEW.body <> x'' OR NOT EXISTS (SELECT 1 FROM erased_batch WHERE batch = OLD.no)
BEGIN SELECT RAISE (ABORT, 'batches are append-only'); END;

DROP TRIGGER record_is_unchanged;
CREATE TRIGGER record_is_unchanged
BEFORE UPDATE OF no, id, batch, probe, kind, sequence, boot, monotonic_us, vintage, sha256 ON record
BEGIN SELECT RAISE (ABORT, 'records are append-only'); END;
CREATE TRIGGER record_is_only_erased BEFORE UPDATE OF line, commune ON record
WHEN NEW.line <> x'' OR NEW.commune <> '' OR NOT EXISTS (SELECT 1 FROM erased_batch WHERE batch = OLD.batch)
BEGIN SELECT RAISE (ABORT, 'records are append-only'); END;
