INSERT INTO batch (id, probe, received_us, software_name, software_version, signature, content_encoding, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
