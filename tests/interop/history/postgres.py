"""A PostgreSQL of its own in a scratch directory, with the same rows and an index for each question.

The program is Debian's (`postgresql-15`). Settings: 1 GB of shared buffers, 256 MB of work memory, two processes to a question.
"""

import io
import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
from pyarrow import csv

BIN = Path("/usr/lib/postgresql/15/bin")
PORT = 54329
TYPES = {
    "string": "text",
    "int32": "integer",
    "int64": "bigint",
    "double": "double precision",
    "bool": "boolean",
    "timestamp[us, tz=UTC]": "timestamptz",
}
INDEXES = (
    "CREATE INDEX ON latency_minute (commune, event_utc)",
    "CREATE INDEX ON throughput (commune, event_utc)",
    "CREATE INDEX ON throughput (month, operator, probe)",
    "CREATE INDEX ON outage (month, probe)",
)
TABLES = ("throughput", "latency_minute", "outage")


class Postgres:
    def __init__(self, scratch):
        self.folder = Path(scratch) / "postgres"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", str(self.folder), "-A", "trust", "-E", "UTF8", "--locale=C")
        settings = ("shared_buffers=1GB", "work_mem=256MB", "max_parallel_workers_per_gather=1", "jit=off",
                    "max_wal_size=4GB", "autovacuum=off", "timezone=UTC", f"port={PORT}",
                    "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}")
        options = [word for setting in settings for word in ("-c", setting)]
        command = ["runuser", "-u", "postgres", "--", str(BIN / "postgres"), "-D", str(self.folder), *options]
        self.process = subprocess.Popen(command, stderr=open(self.folder / "log", "wb"))
        for _ in range(600):
            try:
                self.connect().close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        self.postmaster = int((self.folder / "postmaster.pid").read_text().split()[0])

    def _run(self, program, *arguments):
        command = ["runuser", "-u", "postgres", "--", str(BIN / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def connect(self):
        return psycopg.connect(host="127.0.0.1", port=PORT, user="postgres", dbname="postgres", autocommit=True)

    def load(self, duckdb, source):
        """Copies the tables; gives seconds, and octets by table with its indices."""
        begun = time.perf_counter()
        with self.connect() as connection:
            for table in TABLES:
                rows = duckdb.sql(f"SELECT * FROM {source[table]}").to_arrow_reader(200_000)
                columns = ", ".join(f"{field.name} {TYPES[str(field.type)]}" for field in rows.schema)
                connection.execute(f"CREATE TABLE {table} ({columns})")
                self._copy(connection, table, rows)
            for index in INDEXES:
                connection.execute(index)
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
            sizes = {
                table: connection.execute(
                    f"SELECT pg_table_size('{table}'), pg_indexes_size('{table}')"
                ).fetchone()
                for table in TABLES
            }
        return time.perf_counter() - begun, sizes

    @staticmethod
    def _copy(connection, table, reader):
        with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
            for batch in reader:
                text = io.BytesIO()
                csv.write_csv(batch, text, csv.WriteOptions(include_header=False))
                copy.write(text.getvalue())

    def _cpu(self):
        fields = Path(f"/proc/{self.postmaster}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")

    def ask(self, question):
        """Seconds, processor seconds, and peak resident memory of the process that answered in MB, and the answer."""
        before = self._cpu()
        connection = self.connect()
        begun = time.perf_counter()
        rows = connection.execute(question).fetchall()
        seconds = time.perf_counter() - begun
        pid = connection.info.backend_pid
        status = Path(f"/proc/{pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
        connection.close()
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        return seconds, self._cpu() - before, peak, [tuple(row) for row in rows]

    def restart(self):
        """Empties the shared buffers."""
        self._run("pg_ctl", "-D", str(self.folder), "stop", "-m", "fast")
        self.process.wait()
        self.process = subprocess.Popen(self.process.args, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.connect().close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        self.postmaster = int((self.folder / "postmaster.pid").read_text().split()[0])

    def stop(self):
        self._run("pg_ctl", "-D", str(self.folder), "stop", "-m", "fast")
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
