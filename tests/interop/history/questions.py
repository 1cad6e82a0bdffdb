"""The three questions, in each engine's own words, and how answers are compared.

Quantiles are the exact ones that interpolate (SQL's percentile_cont) in every engine.
"""

NAMES = ("communes", "commune", "outages")

PERCENTILE = "percentile_cont({p}) WITHIN GROUP (ORDER BY steady_bits_per_second)"

QUANTILE = {
    "standard": PERCENTILE,
    "duckdb": "quantile_cont(steady_bits_per_second, {p})",
    "chdb": "quantileExactInclusive({p})(steady_bits_per_second)",
}

HOUR = {
    "standard": "date_trunc('hour', event_utc)",
    "duckdb": "date_trunc('hour', event_utc)",
    "chdb": "toStartOfHour(event_utc, 'UTC')",
}

EPOCH = {
    "datafusion": "date_part('epoch', {x})",
    "duckdb": "epoch({x})",
    "chdb": "toUnixTimestamp({x})",
    "postgresql": "extract(epoch FROM {x})",
}


def sql(name, dialect, tables, commune, operator, month):
    """A question as text; `dialect` is one of EPOCH, `tables` names each table's source."""
    words = dialect if dialect in QUANTILE else "standard"
    epoch = EPOCH[dialect].format
    if name == "communes":
        quantiles = ", ".join(
            f"{QUANTILE[words].format(p=p)} AS p{round(p * 100)}" for p in (0.1, 0.5, 0.9)
        )
        return (
            f"SELECT commune, count(*) AS n, {quantiles} FROM {tables['throughput']} "
            "WHERE direction = 'download' AND outcome = 'complete' AND layer = 'application' "
            "GROUP BY commune ORDER BY commune"
        )
    if name == "commune":
        hour = HOUR[words]
        return (
            f"SELECT {epoch(x=hour)} AS hour, count(*) AS n, sum(lost) AS lost, avg(rtt_median_us) AS rtt "
            f"FROM {tables['latency_minute']} WHERE commune = '{commune}' GROUP BY {hour} ORDER BY 1"
        )
    if name == "outages":
        return (
            f"SELECT o.commune AS commune, o.probe AS probe, {epoch(x='o.event_utc')} AS moment, o.duration_us AS duration "
            f"FROM {tables['outage']} o JOIN (SELECT DISTINCT probe FROM {tables['throughput']} "
            f"WHERE month = '{month}' AND operator = '{operator}') r ON o.probe = r.probe "
            f"WHERE o.month = '{month}' ORDER BY moment, commune, probe"
        )
    raise ValueError(name)


def same(one, other):
    """Whether two answers are the same: texts equal, numbers to one part in ten million (sums in another order)."""
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            if isinstance(a, str) or isinstance(b, str):
                if str(a) != str(b):
                    return False
            elif (a is None) != (b is None):
                return False
            elif a is not None and abs(float(a) - float(b)) > 1e-7 * max(1.0, abs(float(a))):
                return False
    return True
