UPDATE probe_latest SET
    health_sequence = ?2,
    spool_records = ?3,
    spool_bytes = ?4,
    spool_dropped_records = ?5,
    budget_used_bytes = ?6,
    budget_limit_bytes = ?7
WHERE probe = ?1 AND (health_sequence IS NULL OR health_sequence < ?2)
