//! What of the history anyone may read: figures of a commune and a month, released by rule.
//!
//! Rows of the tables name a probe, which belongs to a site; here none does.

use desserte_equity::ReleaseRules;

/// What must be behind a figure before anyone may read it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReleaseRule {
    /// Fewest probes.
    pub probes_min: usize,
    /// Largest share of the records that one probe may have given, 0 to 1.
    pub share_max: f64,
}

impl ReleaseRule {
    /// The rule of the set that this version of the program comes with, as open data follow it. Every probe is counted as if it stood
    /// in a home: what its site is declared to be is not in the history.
    #[must_use]
    pub fn built_in() -> Self {
        let rules = ReleaseRules::built_in();
        Self { probes_min: rules.contributors_min.value, share_max: rules.dominance_max.value }
    }
}

/// A table made of others.
pub(crate) struct PublicTable {
    /// Its name.
    pub(crate) name: &'static str,
    /// The question whose answer it is.
    pub(crate) sql: String,
    /// The columns that its figures are grouped by.
    pub(crate) keys: &'static [&'static str],
}

/// What a figure of throughput is of.
const THROUGHPUT_KEYS: &[&str] = &["month", "commune", "vintage", "direction", "medium", "layer", "method"];

/// What a figure of latency is of.
const LATENCY_KEYS: &[&str] = &["month", "commune", "vintage", "method"];

/// What a figure is of, as the parts of a question say it.
struct Cell {
    columns: String,
    named: String,
    /// A column may be null, and null is of the same cell as null.
    equal: String,
}

impl Cell {
    fn of(columns: &[&str]) -> Self {
        let each = |make: fn(&str) -> String| columns.iter().map(|column| make(column)).collect::<Vec<_>>();
        Self {
            columns: columns.join(", "),
            named: each(|column| format!("cells.{column}")).join(", "),
            equal: each(|column| format!("(cells.{column} IS NOT DISTINCT FROM figures.{column})"))
                .join(" AND "),
        }
    }
}

/// The tables that anyone may read. Months that are not over are left out: from one day's figure and the next one's, what one probe
/// sent in between could be told.
pub(crate) fn tables(rule: ReleaseRule) -> [PublicTable; 2] {
    let ReleaseRule { probes_min, share_max } = rule;
    let released = format!(
        "probes >= {probes_min} AND largest <= {share_max} * records AND cells.month < to_char(now(), '%Y-%m')"
    );
    let quantile = |p: &str, column: &str| format!("percentile_cont({p}) WITHIN GROUP (ORDER BY {column})");
    let Cell { columns: cell, named, equal } = Cell::of(THROUGHPUT_KEYS);
    let throughput = format!(
        "WITH runs AS (SELECT * FROM throughput WHERE outcome = 'complete' AND steady_bits_per_second IS NOT NULL), \
         shares AS (SELECT {cell}, probe, count(*) AS records FROM runs GROUP BY {cell}, probe), \
         cells AS (SELECT {cell}, count(*) AS probes, sum(records) AS records, max(records) AS largest \
           FROM shares GROUP BY {cell}), \
         figures AS (SELECT {cell}, {} AS p10, {} AS p50, {} AS p90 FROM runs GROUP BY {cell}) \
         SELECT {named}, probes, records AS runs, p10 AS steady_bits_per_second_p10, \
           p50 AS steady_bits_per_second_p50, p90 AS steady_bits_per_second_p90 \
         FROM cells JOIN figures ON {equal} WHERE {released}",
        quantile("0.1", "steady_bits_per_second"),
        quantile("0.5", "steady_bits_per_second"),
        quantile("0.9", "steady_bits_per_second"),
    );
    let Cell { columns: cell, named, equal } = Cell::of(LATENCY_KEYS);
    let latency = format!(
        "WITH shares AS (SELECT {cell}, probe, count(*) AS records, \
           sum(CASE WHEN state <> 'unknown' THEN 1 ELSE 0 END) AS known, \
           sum(CASE WHEN state = 'down' THEN 1 ELSE 0 END) AS down, sum(sent) AS sent, sum(lost) AS lost \
           FROM latency_minute GROUP BY {cell}, probe), \
         cells AS (SELECT {cell}, count(*) AS probes, sum(records) AS records, \
           max(records) AS largest, sum(known) AS known, sum(down) AS down, sum(sent) AS sent, sum(lost) AS lost \
           FROM shares GROUP BY {cell}), \
         figures AS (SELECT {cell}, {} AS p50, {} AS p95 FROM latency_minute \
           GROUP BY {cell}) \
         SELECT {named}, probes, records AS minutes, known AS minutes_known, down AS minutes_down, \
           sent, lost, p50 AS rtt_median_us_p50, p95 AS rtt_median_us_p95 \
         FROM cells JOIN figures ON {equal} WHERE {released}",
        quantile("0.5", "rtt_median_us"),
        quantile("0.95", "rtt_median_us"),
    );
    [
        PublicTable { name: "commune_month_throughput", sql: throughput, keys: THROUGHPUT_KEYS },
        PublicTable { name: "commune_month_latency", sql: latency, keys: LATENCY_KEYS },
    ]
}
