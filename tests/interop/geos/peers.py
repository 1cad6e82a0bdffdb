"""Times ours and other programs on the same points, in one run.

`peers.py OUTLINES.geojson[.gz] TERRITORY.dst POINTS.f64 [--count N] [--measure PROGRAM] [PEER…]`

For each peer, in a process of its own so that memory and threads of one are not those of another: CPU seconds per
million points (user and system, because other work on the machine does not count there), points per second by the
clock, on one and on two threads where it has them, and peak memory. Counted are making geometries and index, and the
join; reading files is not. `--measure` is the example `measure` of crates/territory, built with the profile to be
timed. Ends with the ratio of every peer to ours.

PostGIS runs in a cluster of its own below a temporary directory, reached by a socket there, and is stopped again.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from points import read

POSTGRES = Path("/usr/lib/postgresql/15/bin")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def halves(lon, lat, threads):
    return zip(np.array_split(lon, threads), np.array_split(lat, threads))


def shapely_points_tree(geometries, lon, lat, threads):
    import shapely

    outlines = shapely.from_wkb(geometries)
    shapely.prepare(outlines)

    def part(columns):
        tree = shapely.STRtree(shapely.points(*columns))
        return len(np.unique(tree.query(outlines, predicate="intersects")[1]))

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(part, halves(lon, lat, threads)))


def shapely_outlines_tree(geometries, lon, lat, threads):
    import shapely

    tree = shapely.STRtree(shapely.from_wkb(geometries))

    def part(columns):
        return len(np.unique(tree.query(shapely.points(*columns), predicate="intersects")[0]))

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(part, halves(lon, lat, threads)))


def duckdb_spatial(geometries, lon, lat, threads):
    import duckdb
    import pyarrow as pa

    base = duckdb.connect()
    base.execute(f"SET threads = {threads}")
    base.execute("INSTALL spatial")
    base.execute("LOAD spatial")
    outlines = pa.table({"wkb": geometries})
    points = pa.table({"lon": lon, "lat": lat, "id": np.arange(len(lon))})
    base.execute("CREATE TABLE c AS SELECT ST_GeomFromWKB(wkb) g FROM outlines")
    base.execute("CREATE TABLE p AS SELECT id, ST_Point(lon, lat) g FROM points")
    return base.execute("SELECT count(DISTINCT p.id) FROM p JOIN c ON ST_Intersects(c.g, p.g)").fetchone()[0]


def sedonadb_join(geometries, lon, lat, threads):
    import pyarrow as pa
    import sedonadb

    base = sedonadb.connect()
    base.sql(f"SET datafusion.execution.target_partitions = {threads}").execute()
    base.create_data_frame(pa.table({"wkb": geometries})).to_view("c0")
    base.create_data_frame(pa.table({"lon": lon, "lat": lat, "id": np.arange(len(lon))})).to_view("p0")
    query = (
        "SELECT count(DISTINCT p.id) n FROM (SELECT id, ST_Point(lon, lat) g FROM p0) p "
        "JOIN (SELECT ST_GeomFromWKB(wkb) g FROM c0) c ON ST_Intersects(c.g, p.g)"
    )
    return int(base.sql(query).to_pandas()["n"][0])


def chdb_polygons(geometries, lon, lat, threads):
    import pyarrow as pa
    import pyarrow.parquet as pq
    import shapely
    from chdb import session

    with tempfile.TemporaryDirectory() as folder:
        base = session.Session()
        with open(f"{folder}/outlines.jsonl", "w") as file:
            for number, outline in enumerate(shapely.from_wkb(geometries)):
                rings = lambda part: [list(map(list, ring.coords)) for ring in [part.exterior, *part.interiors]]
                key = [rings(part) for part in getattr(outline, "geoms", [outline])]
                file.write(json.dumps({"key": key, "n": number}) + "\n")
        pq.write_table(pa.table({"lon": lon, "lat": lat}), f"{folder}/points.parquet")
        base.query("CREATE DATABASE d")
        shape = "key Array(Array(Array(Array(Float64))))"
        base.query(f"CREATE TABLE d.t ({shape}, n UInt32) ENGINE = MergeTree ORDER BY n")
        base.query(f"INSERT INTO d.t SELECT * FROM file('{folder}/outlines.jsonl', 'JSONEachRow')")
        base.query(
            f"CREATE DICTIONARY d.c ({shape}, n UInt32 DEFAULT 4294967295) PRIMARY KEY key "
            "SOURCE(CLICKHOUSE(TABLE 't' DB 'd')) LAYOUT(POLYGON_INDEX_CELL()) LIFETIME(0)"
        )
        answer = base.query(
            "SELECT countIf(dictGet('d.c', 'n', (lon, lat)) != 4294967295) "
            f"FROM file('{folder}/points.parquet', 'Parquet') SETTINGS max_threads = {threads}"
        )
        return int(str(answer).strip())


class Backend:
    """A session of psql, and the CPU time of the server's process that answers it."""

    def __init__(self, folder):
        command = ["psql", "-h", folder, "-U", "postgres", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        self.session = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.pid = int(self.ask("SELECT pg_backend_pid()"))

    def ask(self, query):
        self.session.stdin.write(query + ";\nSELECT 'end of answer';\n")
        self.session.stdin.flush()
        lines = []
        for line in self.session.stdout:
            if line.strip() == "end of answer":
                return "".join(lines).strip()
            lines.append(line)
        raise RuntimeError("".join(lines).strip() or "psql ended")

    def cpu(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak(self):
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) // 1024


def postgis(geometries, lon, lat, threads):
    """GiST on outlines and points; tables are filled before the clock starts. One process answers."""
    if threads > 1:
        raise RuntimeError("one backend answers a query of this kind")
    if not (POSTGRES / "initdb").exists():
        raise RuntimeError("no PostgreSQL 15")
    folder = tempfile.mkdtemp(prefix="peers-postgis-")
    os.chmod(folder, 0o755)
    data = f"{folder}/data"
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")
    run = lambda *command: subprocess.run([*as_postgres, *command], check=True, capture_output=True, cwd=folder)
    server = None
    try:
        run(str(POSTGRES / "initdb"), "-D", data, "-U", "postgres", "-A", "trust")
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "jit=off"]
        server = subprocess.Popen(
            [*as_postgres, str(POSTGRES / "postgres"), "-D", data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(100):
            if subprocess.run([POSTGRES / "pg_isready", "-h", folder], capture_output=True).returncode == 0:
                break
            time.sleep(0.2)
        with open(f"{folder}/c.csv", "w") as file:
            file.writelines(f"{geometry.hex()}\n" for geometry in geometries)
        np.savetxt(f"{folder}/p.csv", np.column_stack([lon, lat]), fmt="%.17g", delimiter=",")
        backend = Backend(folder)
        for query in [
            "CREATE EXTENSION postgis",
            "SET max_parallel_workers_per_gather = 0",
            "CREATE TEMP TABLE c0 (wkb text)",
            f"COPY c0 FROM '{folder}/c.csv'",
            "CREATE TEMP TABLE c AS SELECT ST_GeomFromWKB(decode(wkb, 'hex'), 4326) g FROM c0",
            "CREATE TEMP TABLE p0 (lon float8, lat float8)",
            f"COPY p0 FROM '{folder}/p.csv' WITH (FORMAT csv)",
            "CREATE TEMP TABLE p AS SELECT row_number() OVER () id, ST_SetSRID(ST_Point(lon, lat), 4326) g FROM p0",
        ]:
            backend.ask(query)
        before, start = backend.cpu(), time.perf_counter()
        for query in ["CREATE INDEX ON c USING gist (g)", "CREATE INDEX ON p USING gist (g)", "ANALYZE c", "ANALYZE p"]:
            backend.ask(query)
        inside = int(backend.ask("SELECT count(DISTINCT p.id) FROM p JOIN c ON ST_Intersects(c.g, p.g)"))
        return inside, backend.cpu() - before, time.perf_counter() - start, backend.peak()
    finally:
        if server:
            # `runuser` hands signals on.
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


PEERS = {
    f.__name__: f
    for f in [shapely_points_tree, shapely_outlines_tree, duckdb_spatial, sedonadb_join, chdb_polygons, postgis]
}


def evict(path):
    """Asks the kernel to forget a file's pages; the host below may still have them."""
    with open(path, "rb") as file:
        os.fdatasync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def ours(arguments):
    """What the example says, and CPU seconds per million points on one thread."""
    evict(arguments.territory)
    command = [arguments.measure, arguments.territory, arguments.points, "1", "2", "--build"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print("desserte, file not in memory: " + said.splitlines()[0])
    warm = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print("".join(f"desserte: {line}\n" for line in warm.splitlines()), end="")
    print(f"desserte: file {Path(arguments.territory).stat().st_size} octets", flush=True)
    return float(re.search(r"1 threads: ([0-9.]+) CPU s", warm)[1])


def one(arguments, peer, threads):
    import shapely

    geometries = [shapely.to_wkb(shapely.from_geojson(json.dumps(g))) for g in read(arguments.outlines)[1]]
    lon, lat = np.fromfile(arguments.points, "<f8").reshape(2, -1)[:, : arguments.count].copy()
    before, start = cpu(), time.perf_counter()
    try:
        answer = PEERS[peer](geometries, lon, lat, threads)
    except Exception as error:
        print(f"{peer}, {threads} threads: not to be had: {str(error).splitlines()[0][:160]}", flush=True)
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    spent, wall = cpu() - before, time.perf_counter() - start
    inside, spent, wall, peak = answer if isinstance(answer, tuple) else (answer, spent, wall, peak)
    million = len(lon) / 1e6
    print(
        f"{peer}, {threads} threads: {spent / million:.2f} CPU s per million, {len(lon) / wall:.0f} points per s (wall), "
        f"{inside} of {len(lon)} inside, peak {peak} MiB",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    for name in ["outlines", "territory", "points"]:
        parser.add_argument(name)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--measure")
    parser.add_argument("--alone", type=int, help="threads; for the processes that this one starts")
    parser.add_argument("peers", nargs="*")
    arguments = parser.parse_args()
    if arguments.alone:
        one(arguments, arguments.peers[0], arguments.alone)
        return
    base = ours(arguments) if arguments.measure else None
    for peer in arguments.peers or PEERS:
        for threads in [1, 2]:
            command = [sys.executable, __file__, arguments.outlines, arguments.territory, arguments.points]
            command += ["--count", str(arguments.count), "--alone", str(threads), peer]
            said = subprocess.run(command, capture_output=True, text=True)
            text = said.stdout or f"{peer}, {threads} threads: ended with {said.returncode}\n"
            cost = re.search(r"([0-9.]+) CPU s per million", text)
            ratio = f"; {float(cost[1]) / base:.0f} times ours" if cost and base else ""
            print(text.rstrip() + ratio, flush=True)


if __name__ == "__main__":
    main()
