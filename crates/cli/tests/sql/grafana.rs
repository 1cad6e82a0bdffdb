//! What Grafana's data source for PostgreSQL asks: of the server's tables when a query is being written, and with its macros
//! replaced when a panel is drawn.
//!
//! Own wording of what grafana/grafana's `postgresMetaQuery.ts` and `macros.go` make, as of 2025.

/// Of tables and columns.
pub(crate) const METADATA: &[&str] = &[
    // The connection's test.
    "-- ping",
    "SELECT 1",
    "SELECT current_setting('server_version_num')::int/100 as version",
    "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'",
    r#"SELECT schema_name AS "name" FROM information_schema.schemata
       WHERE schema_name NOT IN ('information_schema', 'pg_catalog', 'pg_toast', '_timescaledb_cache') ORDER BY schema_name"#,
    r#"SELECT quote_ident(table_name) AS "table" FROM information_schema.tables
       WHERE quote_ident(table_schema) = 'public' ORDER BY 1"#,
    r#"SELECT CASE WHEN quote_ident(table_schema) IN (
         SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
         FROM generate_series(
           array_lower(string_to_array(current_setting('search_path'),','),1),
           array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
         string_to_array(current_setting('search_path'),',') s)
       THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
       FROM information_schema.tables
       WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache')
       ORDER BY CASE WHEN quote_ident(table_schema) IN (
         SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
         FROM generate_series(
           array_lower(string_to_array(current_setting('search_path'),','),1),
           array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
         string_to_array(current_setting('search_path'),',') s) THEN 0 ELSE 1 END, 1"#,
    r#"SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
       WHERE CASE WHEN array_length(parse_ident('public.throughput'),1) = 2
         THEN quote_ident(table_schema) = (parse_ident('public.throughput'))[1]
           AND quote_ident(table_name) = (parse_ident('public.throughput'))[2]
         ELSE quote_ident(table_name) = 'public.throughput' AND quote_ident(table_schema) IN (
           SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
           FROM generate_series(
             array_lower(string_to_array(current_setting('search_path'),','),1),
             array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
           string_to_array(current_setting('search_path'),',') s) END"#,
];

/// Of panels: `$__time`, `$__timeEpoch`, `$__timeFilter`, `$__timeFrom`, `$__timeTo`, `$__timeGroup`, `$__timeGroupAlias`,
/// `$__unixEpochFilter`, `$__unixEpochNanoFilter`, `$__unixEpochGroup`, `$__interval`, and variables of one and of many values.
pub(crate) const PANELS: &[&str] = &[
    r#"SELECT event_utc AS "time", steady_bits_per_second FROM throughput
       WHERE event_utc BETWEEN '2026-10-01T00:00:00Z' AND '2026-11-01T00:00:00.123Z' ORDER BY 1 LIMIT 100"#,
    r#"SELECT extract(epoch from event_utc) as "time", sent FROM latency_minute LIMIT 10"#,
    r#"SELECT floor(extract(epoch from event_utc)/300)*300 AS "time", operator AS metric, avg(steady_bits_per_second) AS value
       FROM throughput WHERE event_utc BETWEEN '2026-10-01T00:00:00Z' AND '2026-11-01T00:00:00Z'
       AND commune IN ('23001','23002') GROUP BY 1, 2 ORDER BY 1, 2"#,
    r#"SELECT floor(extract(epoch from event_utc)/0.5)*0.5 AS "time", count(*) FROM throughput
       WHERE direction = 'download' AND event_utc >= '2026-10-01T00:00:00Z' AND event_utc <= '2026-11-01T00:00:00Z'
       GROUP BY 1 ORDER BY 1 LIMIT 5"#,
    r#"SELECT count(*) FROM latency_minute WHERE extract(epoch from event_utc) >= 1790000000
       AND extract(epoch from event_utc) <= 1793491200"#,
    r#"SELECT count(*) FROM latency_minute WHERE extract(epoch from event_utc) * 1000000000 >= 1790000000000000000"#,
    r#"SELECT floor((extract(epoch from event_utc))/3600)*3600 AS "time", max(lost) FROM latency_minute GROUP BY 1 ORDER BY 1"#,
    r#"SELECT date_trunc('hour', event_utc) AS "time", percentile_cont(0.5) WITHIN GROUP (ORDER BY rtt_median_us) AS p50
       FROM latency_minute WHERE event_utc BETWEEN '2026-10-01T00:00:00Z' AND '2026-11-01T00:00:00Z' GROUP BY 1 ORDER BY 1"#,
    r#"SELECT date_bin('15m'::interval, event_utc) AS "time", count(*) FROM outage GROUP BY 1 ORDER BY 1"#,
    "SELECT DISTINCT commune FROM throughput ORDER BY 1",
    "SELECT DISTINCT operator AS __text, operator AS __value FROM throughput WHERE operator IS NOT NULL ORDER BY 1",
];
