"""One engine, one question, in a process of its own: writes seconds and the answer as JSON.

    ask.py ENGINE FOLDER SQL

FOLDER holds one directory for each table, with a directory for each month and hard links to the files that the history's
log names. The seconds are those of the question alone, without loading the engine.
"""

import json
import sys
import time


def datafusion(folder, question):
    import pyarrow
    from datafusion import SessionContext

    session = SessionContext()
    for table in ("throughput", "latency_minute", "outage"):
        session.register_parquet(
            table, f"{folder}/{table}/", table_partition_cols=[("month", pyarrow.string())]
        )
    begun = time.perf_counter()
    rows = [tuple(row.values()) for batch in session.sql(question).collect() for row in batch.to_pylist()]
    return time.perf_counter() - begun, rows


def duckdb(folder, question):
    import duckdb as engine

    connection = engine.connect()
    connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
    begun = time.perf_counter()
    rows = connection.execute(question).fetchall()
    return time.perf_counter() - begun, rows


def chdb(folder, question):
    import chdb as engine

    begun = time.perf_counter()
    text = engine.query(f"{question} SETTINGS max_threads = 2", "JSONCompactEachRow").bytes().decode()
    seconds = time.perf_counter() - begun
    return seconds, [tuple(json.loads(line)) for line in text.splitlines()]


if __name__ == "__main__":
    engine, folder, question = sys.argv[1:]
    seconds, rows = {"datafusion": datafusion, "duckdb": duckdb, "chdb": chdb}[engine](folder, question)
    rows = [[value if isinstance(value, str) or value is None else float(value) for value in row] for row in rows]
    json.dump({"seconds": seconds, "rows": rows}, sys.stdout)
