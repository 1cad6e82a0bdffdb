"""Asks a made-up year of probes with `desserte query` and, on the same rows in the same run, with other engines.

    python3 -m venv V && V/bin/pip install -r tests/interop/history/requirements.txt
    desserte demo-history --out YEAR --probes 100
    V/bin/python tests/interop/history/year.py --desserte PROGRAM --built PROFILE --scratch DIR YEAR...

Needs root, to empty the page cache before each cold question, and Debian's postgresql-15 (left out with --without postgresql).
Each question is a process of its own; the median of --repeat runs is told, the spread beside it. Processor time is user and
system together. What the figures say and do not say: docs/measurements/history.md.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlparse

import questions

HERE = Path(__file__).parent
ENGINES = ("desserte", "datafusion", "duckdb", "chdb", "postgresql")
OPERATOR = "opérateur-a"


# A small process between: the peak of a forked one is at first that of the process that forked it.
BETWEEN = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "wb"))
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - begun
print(json.dumps([status, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


def run(command, out):
    """Seconds, processor seconds, peak MB of a process that writes to the file `out`."""
    between = subprocess.run(
        [sys.executable, "-S", "-E", "-c", BETWEEN, str(out), *command], capture_output=True, check=True
    )
    status, *figures = json.loads(between.stdout)
    if status != 0:
        sys.exit(f"{command[:3]} failed: {between.stderr.decode()[-2000:]}")
    return figures


def forget():
    """Empties the page cache."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def link(data, folder):
    """Hard links to the files that the log of each table names; rows and octets by table."""
    import pyarrow
    from deltalake import DeltaTable

    shutil.rmtree(folder, ignore_errors=True)
    sizes = {}
    for table in sorted((Path(data) / "lake/1").iterdir()):
        actions = pyarrow.table(DeltaTable(str(table)).get_add_actions(flatten=True)).to_pylist()
        rows = octets = files = 0
        for action in actions:
            path = table / unquote(urlparse(action["path"]).path)
            target = folder / table.name / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
            rows, octets, files = rows + action["num_records"], octets + path.stat().st_size, files + 1
        sizes[table.name] = {"rows": rows, "bytes": octets, "files": files, "bytes_per_row": octets / rows}
    return sizes


class Year:
    def __init__(self, options, data):
        self.options, self.data = options, data
        self.scratch = Path(options.scratch)
        self.folder = self.scratch / "links"
        self.sizes = link(data, self.folder)
        import duckdb

        self.duckdb = duckdb.connect()
        self.duckdb.execute("SET TimeZone = 'UTC'")
        self.commune = self.duckdb.execute(
            f"SELECT commune FROM {self.sources('duckdb')['latency_minute']} GROUP BY 1 ORDER BY count(*), 1 LIMIT 1"
        ).fetchall()[0][0]
        # The month with the most minutes.
        self.month = self.duckdb.execute(
            f"SELECT month FROM {self.sources('duckdb')['latency_minute']} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        ).fetchall()[0][0]
        self.postgres = None

    def sources(self, engine):
        tables = ("throughput", "latency_minute", "outage")
        if engine == "duckdb":
            return {t: f"read_parquet('{self.folder}/{t}/*/*.parquet', hive_partitioning = true)" for t in tables}
        if engine == "chdb":
            return {
                t: f"(SELECT *, extract(_path, 'month=([^/]+)') AS month FROM file('{self.folder}/{t}/*/*.parquet'))"
                for t in tables
            }
        return {t: t for t in tables}

    def ask(self, engine, name):
        dialect = "datafusion" if engine == "desserte" else engine
        text = questions.sql(name, dialect, self.sources(engine), self.commune, OPERATOR, self.month)
        if engine == "postgresql":
            return self.postgres.ask(text)
        out = self.scratch / "answer"
        if engine == "desserte":
            command = [self.options.desserte, "query", "--data", str(self.data), "--format", "csv", text]
            seconds, cpu, peak = run(command, out)
            with open(out, newline="") as file:
                rows = [tuple(row) for row in csv.reader(file)][1:]
            texts = 2 if name == "outages" else 1 if name == "communes" else 0
            rows = [tuple(v if i < texts else float(v) if v else None for i, v in enumerate(r)) for r in rows]
            return seconds, cpu, peak, rows
        command = [sys.executable, str(HERE / "ask.py"), engine, str(self.folder), text]
        _, cpu, peak = run(command, out)
        answer = json.loads(out.read_text())
        return answer["seconds"], cpu, peak, [tuple(row) for row in answer["rows"]]

    def measure(self):
        results = []
        engines = [engine for engine in ENGINES if engine not in self.options.without]
        if "postgresql" in engines:
            from postgres import Postgres

            self.postgres = Postgres(self.scratch)
            seconds, sizes = self.postgres.load(self.duckdb, self.sources("duckdb"))
            print(json.dumps({"postgresql": {"load_s": round(seconds, 1), "table_and_index_bytes": sizes}}))
        for name in questions.NAMES:
            answers = {}
            for engine in engines:
                if engine == "postgresql":
                    self.postgres.restart()
                forget()
                cold = self.ask(engine, name)
                warm = [self.ask(engine, name) for _ in range(self.options.repeat)]
                answers[engine] = warm[-1][3]
                results.append({
                    "question": name,
                    "engine": engine,
                    "cold_s": round(cold[0], 3),
                    "warm_s": round(statistics.median(run[0] for run in warm), 3),
                    "warm_spread_s": [round(min(run[0] for run in warm), 3), round(max(run[0] for run in warm), 3)],
                    "cpu_s": round(statistics.median(run[1] for run in warm), 3),
                    "peak_mb": round(max(run[2] for run in warm)),
                    "rows": len(warm[-1][3]),
                })
                print(json.dumps(results[-1]), flush=True)
            first = answers[engines[0]]
            for engine, rows in answers.items():
                if not questions.same(first, rows):
                    sys.exit(f"{engine} answers {name} differently: {rows[:2]} {first[:2]}")
            print(json.dumps({"question": name, "same_answer": list(answers)}), flush=True)
        return results

    def close(self):
        if self.postgres:
            self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--desserte", default="desserte")
    parser.add_argument("--built", required=True, help="profile that the program was built with, for the record")
    parser.add_argument("--scratch", required=True, help="on the same file system as the years")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--without", action="append", default=[], choices=ENGINES)
    parser.add_argument("years", nargs="+", type=Path)
    options = parser.parse_args()
    Path(options.scratch).mkdir(parents=True, exist_ok=True)
    for data in options.years:
        year = Year(options, data.resolve())
        try:
            print(json.dumps({"year": data.name, "built": options.built, "load": os.getloadavg(), **year.sizes}))
            year.measure()
        finally:
            year.close()


if __name__ == "__main__":
    main()
