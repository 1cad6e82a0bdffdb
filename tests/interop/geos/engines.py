"""The programs that `peers.py` holds ours against: each makes an index of outlines and finds the outlines of points.

An engine has `build(folder, outlines, threads)`, `points(lon, lat)`, `find()` and `first(folder, lon, lat)`. Outlines are
WKB in the order of codes. `find` gives numbers of points and numbers of outlines, a pair for each outline that a point
touches (`intersects`), in any order. `folder` keeps what the engine has on disk between two starts; `first` opens that in a
process that has opened nothing and says which outlines hold one point. What an engine lacks it inherits: then it has no
file, and starting is building. Whatever cannot be had raises.
"""

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

TICKS = os.sysconf("SC_CLK_TCK")


class Engine:
    """What the process spends is read by whoever calls; an engine that works in another process says so here."""

    def elsewhere(self):
        """CPU seconds and resident MiB of other processes."""
        return 0.0, 0.0

    def ready(self, folder):
        """What runs already when somebody asks for one point."""

    def size(self, folder):
        """Octets on disk of outlines and index."""
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def close(self):
        pass


class ShapelyOutlines(Engine):
    """shapely: a tree of outlines, asked with the predicate."""

    def build(self, folder, outlines, threads):
        import shapely

        self.threads = threads
        self.version = f"shapely {shapely.__version__}, GEOS {shapely.geos_version_string}"
        with open(folder / "outlines.pickle", "wb") as file:
            pickle.dump(outlines, file)
        self.outlines = shapely.from_wkb(outlines)
        self.tree = shapely.STRtree(self.outlines)

    def points(self, lon, lat):
        self.lon, self.lat = lon, lat

    def part(self, part):
        import shapely

        begin, end = part
        pairs = self.tree.query(shapely.points(self.lon[begin:end], self.lat[begin:end]), predicate="intersects")
        return pairs[0] + begin, pairs[1]

    def find(self):
        bounds = np.linspace(0, len(self.lon), self.threads + 1, dtype=int)
        with ThreadPoolExecutor(self.threads) as pool:
            parts = list(pool.map(self.part, zip(bounds[:-1], bounds[1:])))
        return tuple(np.concatenate(side) for side in zip(*parts))

    def first(self, folder, lon, lat):
        import shapely

        with open(folder / "outlines.pickle", "rb") as file:
            tree = shapely.STRtree(shapely.from_wkb(pickle.load(file)))
        return list(tree.query(shapely.Point(lon, lat), predicate="intersects"))


class ShapelyPoints(ShapelyOutlines):
    """shapely: a tree of points, asked with prepared outlines."""

    def build(self, folder, outlines, threads):
        import shapely

        super().build(folder, outlines, threads)
        # Prepared outlines change while they are asked, so that every thread needs its own.
        self.prepared = [self.outlines, *(shapely.from_wkb(outlines) for _ in range(1, threads))]
        for outlines in self.prepared:
            shapely.prepare(outlines)

    def part(self, part):
        import shapely

        begin, end = part
        tree = shapely.STRtree(shapely.points(self.lon[begin:end], self.lat[begin:end]))
        pairs = tree.query(self.prepared[int(begin > 0)], predicate="intersects")
        return pairs[1] + begin, pairs[0]


class DuckDb(Engine):
    """DuckDB with its extension `spatial`: SPATIAL_JOIN; for one point the R-tree."""

    @staticmethod
    def connect(path, threads):
        import duckdb

        base = duckdb.connect(str(path), config={"threads": threads})
        try:
            base.execute("LOAD spatial")
        except duckdb.Error:
            # The same signed extension from the Python registry, for machines that do not reach DuckDB's own one.
            import duckdb_extension_spatial

            packed = Path(duckdb_extension_spatial.__file__).parent / "extensions"
            base.execute(f"LOAD '{next(packed.rglob('spatial.duckdb_extension'))}'")
        return base

    def build(self, folder, outlines, threads):
        import duckdb
        import pyarrow as pa

        self.version = f"DuckDB {duckdb.__version__}, spatial"
        self.base = self.connect(folder / "outlines.duckdb", threads)
        given = pa.table({"n": np.arange(len(outlines)), "wkb": pa.array(outlines, pa.binary())})
        self.base.execute("CREATE TABLE c AS SELECT n, ST_GeomFromWKB(wkb) g FROM given")
        del given
        self.base.execute("CREATE INDEX c_g ON c USING RTREE (g)")
        self.base.execute("CHECKPOINT")

    def points(self, lon, lat):
        import pyarrow as pa

        given = pa.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat})
        self.base.execute("CREATE TEMP TABLE p AS SELECT * FROM given")
        del given

    def find(self):
        query = "SELECT p.id, c.n FROM (SELECT id, ST_Point(lon, lat) g FROM p) p JOIN c ON ST_Intersects(c.g, p.g)"
        answer = self.base.execute(query).fetchnumpy()
        return answer["id"], answer["n"]

    def first(self, folder, lon, lat):
        base = self.connect(folder / "outlines.duckdb", 1)
        rows = base.execute(f"SELECT n FROM c WHERE ST_Intersects(g, ST_Point({lon!r}, {lat!r}))").fetchall()
        return [row[0] for row in rows]


class SedonaDb(Engine):
    """SedonaDB; on disk it has GeoParquet."""

    @staticmethod
    def connect(threads):
        import sedonadb

        base = sedonadb.connect()
        base.sql(f"SET datafusion.execution.target_partitions = {threads}").execute()
        return base

    def build(self, folder, outlines, threads):
        import pyarrow as pa
        import sedonadb

        self.version = f"SedonaDB {sedonadb.__version__}"
        self.base = self.connect(threads)
        table = pa.table({"n": np.arange(len(outlines)), "wkb": pa.array(outlines, pa.binary())})
        self.base.create_data_frame(table).to_view("c0")
        outlines = self.base.sql("SELECT n, ST_SetSRID(ST_GeomFromWKB(wkb), 4326) g FROM c0").to_memtable()
        outlines.to_parquet(str(folder / "outlines.parquet"))
        outlines.to_view("c")

    def points(self, lon, lat):
        import pyarrow as pa

        self.base.create_data_frame(pa.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat})).to_view("p")

    def find(self):
        query = "SELECT p.id, c.n FROM (SELECT id, ST_SetSRID(ST_Point(lon, lat), 4326) g FROM p) p JOIN c ON ST_Intersects(c.g, p.g)"
        answer = self.base.sql(query).to_arrow_table()
        return answer["id"].to_numpy(), answer["n"].to_numpy()

    def first(self, folder, lon, lat):
        base = self.connect(1)
        base.read_parquet(str(folder / "outlines.parquet")).to_view("c")
        query = f"SELECT n FROM c WHERE ST_Intersects(g, ST_SetSRID(ST_Point({lon!r}, {lat!r}), 4326))"
        return base.sql(query).to_arrow_table()["n"].to_pylist()


class ClickHouse(Engine):
    """ClickHouse (chDB): a dictionary of polygons, which names one outline for each point."""

    layout = "POLYGON_INDEX_CELL"
    nothing = 2**32 - 1

    def build(self, folder, outlines, threads):
        import chdb
        import shapely
        from chdb import session

        self.version = f"chDB {chdb.__version__}, {self.layout}"
        self.folder, self.threads = folder, threads
        source = folder.parent / "outlines.jsonl"
        with open(source, "w") as file:
            for number, outline in enumerate(shapely.from_wkb(outlines)):
                rings = lambda part: [list(map(list, ring.coords)) for ring in [part.exterior, *part.interiors]]
                key = [rings(part) for part in getattr(outline, "geoms", [outline])]
                file.write(json.dumps({"key": key, "n": number}) + "\n")
        self.base = session.Session(str(folder))
        shape = "key Array(Array(Array(Array(Float64))))"
        for query in [
            "CREATE DATABASE d",
            f"CREATE TABLE d.t ({shape}, n UInt32) ENGINE = MergeTree ORDER BY n",
            f"INSERT INTO d.t SELECT * FROM file('{source}', 'JSONEachRow')",
            f"CREATE DICTIONARY d.c ({shape}, n UInt32 DEFAULT {self.nothing}) PRIMARY KEY key "
            f"SOURCE(CLICKHOUSE(TABLE 't' DB 'd')) LAYOUT({self.layout}()) LIFETIME(0)",
            "SELECT dictGet('d.c', 'n', (2.35, 48.85))",
        ]:
            self.base.query(query)

    def points(self, lon, lat):
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.file = self.folder.parent / "points.parquet"
        pq.write_table(pa.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat}), self.file)

    def find(self):
        import pyarrow as pa

        query = (
            f"SELECT id, dictGet('d.c', 'n', (lon, lat)) n FROM file('{self.file}', 'Parquet') "
            f"SETTINGS max_threads = {self.threads}"
        )
        answer = pa.ipc.open_file(pa.py_buffer(self.base.query(query, "Arrow").bytes())).read_all()
        found = answer["n"].to_numpy()
        return answer["id"].to_numpy()[found != self.nothing], found[found != self.nothing]

    def first(self, folder, lon, lat):
        from chdb import session

        self.base = session.Session(str(folder))
        answer = self.base.query(f"SELECT dictGet('d.c', 'n', ({lon!r}, {lat!r}))")
        found = int(str(answer).strip())
        return [] if found == self.nothing else [found]

    def close(self):
        self.base.close()


class ClickHouseEach(ClickHouse):
    """The same with the slower and more exact layout."""

    layout = "POLYGON_INDEX_EACH"


class PostGis(Engine):
    """PostGIS in a cluster of its own, reached by a socket: GiST on the outlines and on the points."""

    server = session = None
    programs = next((path for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)

    def run(self, *command):
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        return [*as_postgres, *map(str, command)]

    def start(self, folder):
        self.folder = folder
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "jit=off"]
        self.server = subprocess.Popen(
            self.run(self.programs / "postgres", "-D", folder / "data", *options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            if subprocess.run([self.programs / "pg_isready", "-h", folder], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL does not start")

    def connect(self, folder):
        command = ["psql", "-h", folder, "-U", "postgres", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        self.session = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.backend = int(self.ask("SELECT pg_backend_pid()"))

    def ask(self, query):
        self.session.stdin.write(query + ";\nSELECT 'end of answer';\n")
        self.session.stdin.flush()
        lines = []
        for line in self.session.stdout:
            if line.strip() == "end of answer":
                return "".join(lines).strip()
            lines.append(line)
        raise RuntimeError("".join(lines).strip() or "psql ended")

    def build(self, folder, outlines, threads):
        if threads > 1:
            raise RuntimeError("one backend answers a query of this kind")
        if not self.programs:
            raise RuntimeError("PostgreSQL is not installed")
        # The server runs as another user, who must reach its folder.
        for parent in [folder, folder.parent, folder.parent.parent]:
            parent.chmod(0o755)
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        command = self.run(self.programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust")
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        self.start(folder)
        self.connect(folder)
        source = folder.parent / "outlines.csv"
        with open(source, "w") as file:
            file.writelines(f"{number},{outline.hex()}\n" for number, outline in enumerate(outlines))
        for query in [
            "CREATE EXTENSION postgis",
            "SET max_parallel_workers_per_gather = 0",
            "CREATE TEMP TABLE c0 (n int, wkb text)",
            f"COPY c0 FROM '{source}' WITH (FORMAT csv)",
            "CREATE TABLE c AS SELECT n, ST_GeomFromWKB(decode(wkb, 'hex'), 4326) g FROM c0",
            "CREATE INDEX ON c USING gist (g)",
            "ANALYZE c",
        ]:
            self.ask(query)
        self.version = "PostgreSQL {}, PostGIS {}".format(
            self.ask("SHOW server_version").split()[0], self.ask("SELECT postgis_lib_version()")
        )

    def points(self, lon, lat):
        source = self.folder.parent / "points.csv"
        np.savetxt(source, np.column_stack([lon, lat]), fmt="%.17g", delimiter=",")
        self.ask("CREATE TEMP TABLE p0 (id serial, lon float8, lat float8)")
        self.ask(f"COPY p0 (lon, lat) FROM '{source}' WITH (FORMAT csv)")

    def find(self):
        """Points and their index are made anew each time, as a table of positions that has just arrived needs them."""
        answer = self.folder / "answer.csv"
        for query in [
            "DROP TABLE IF EXISTS p",
            "CREATE TEMP TABLE p AS SELECT id, ST_SetSRID(ST_Point(lon, lat), 4326) g FROM p0",
            "CREATE INDEX ON p USING gist (g)",
            "ANALYZE p",
            f"COPY (SELECT p.id - 1, c.n FROM p JOIN c ON ST_Intersects(c.g, p.g)) TO '{answer}' WITH (FORMAT csv)",
        ]:
            self.ask(query)
        pairs = np.loadtxt(answer, dtype=np.int64, delimiter=",").reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def ready(self, folder):
        self.start(folder)

    def first(self, folder, lon, lat):
        self.connect(folder)
        point = f"ST_SetSRID(ST_Point({lon!r}, {lat!r}), 4326)"
        return [int(row) for row in self.ask(f"SELECT n FROM c WHERE ST_Intersects(g, {point})").split()]

    def size(self, folder):
        return int(self.ask("SELECT pg_total_relation_size('c')"))

    def elsewhere(self):
        fields = Path(f"/proc/{self.backend}/stat").read_text().rsplit(")", 1)[1].split()
        status = Path(f"/proc/{self.backend}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        return (int(fields[11]) + int(fields[12])) / TICKS, resident

    def close(self):
        if self.server:
            if self.session:
                self.session.stdin.close()
                self.session.wait()
            # The server itself, not `runuser` before it: SIGINT ends it at once and leaves its files whole.
            pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGINT)
            self.server.wait()


ENGINES = {
    "shapely, tree of points": ShapelyPoints,
    "shapely, tree of outlines": ShapelyOutlines,
    "DuckDB spatial": DuckDb,
    "SedonaDB": SedonaDb,
    "ClickHouse, cells": ClickHouse,
    "ClickHouse, each": ClickHouseEach,
    "PostGIS": PostGis,
}
