"""Times other programs on the same points: `peers.py OUTLINES.geojson[.gz] POINTS.f64 [COUNT] [PEER…]`.

Everything is counted but reading the files: making geometries and index, and the join. One thread where the peer has a
setting for it. Prints CPU seconds per million points, because other work on the machine does not count there.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
from points import read


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def shapely_points_tree(geometries, lon, lat):
    import shapely

    outlines = shapely.from_wkb(geometries)
    shapely.prepare(outlines)
    tree = shapely.STRtree(shapely.points(lon, lat))
    return len(np.unique(tree.query(outlines, predicate="intersects")[1]))


def shapely_outlines_tree(geometries, lon, lat):
    import shapely

    tree = shapely.STRtree(shapely.from_wkb(geometries))
    return len(np.unique(tree.query(shapely.points(lon, lat), predicate="intersects")[0]))


def duckdb_spatial(geometries, lon, lat):
    import duckdb
    import pyarrow as pa

    base = duckdb.connect()
    base.execute("SET threads = 1")
    base.execute("INSTALL spatial")
    base.execute("LOAD spatial")
    outlines = pa.table({"wkb": geometries})
    points = pa.table({"lon": lon, "lat": lat, "id": np.arange(len(lon))})
    base.execute("CREATE TABLE c AS SELECT ST_GeomFromWKB(wkb) g FROM outlines")
    base.execute("CREATE TABLE p AS SELECT id, ST_Point(lon, lat) g FROM points")
    return base.execute("SELECT count(DISTINCT p.id) FROM p JOIN c ON ST_Intersects(c.g, p.g)").fetchone()[0]


def sedonadb_join(geometries, lon, lat):
    import pyarrow as pa
    import sedonadb

    base = sedonadb.connect()
    base.create_data_frame(pa.table({"wkb": geometries})).to_view("c0")
    base.create_data_frame(pa.table({"lon": lon, "lat": lat, "id": np.arange(len(lon))})).to_view("p0")
    query = (
        "SELECT count(DISTINCT p.id) n FROM (SELECT id, ST_Point(lon, lat) g FROM p0) p "
        "JOIN (SELECT ST_GeomFromWKB(wkb) g FROM c0) c ON ST_Intersects(c.g, p.g)"
    )
    return int(base.sql(query).to_pandas()["n"][0])


def chdb_polygons(geometries, lon, lat):
    import pyarrow as pa
    import pyarrow.parquet as pq
    import shapely
    from chdb import session

    base = session.Session()
    rows = []
    for number, outline in enumerate(shapely.from_wkb(geometries)):
        parts = getattr(outline, "geoms", [outline])
        rings = lambda part: [part.exterior, *part.interiors]
        rows.append({"key": [[list(map(list, ring.coords)) for ring in rings(part)] for part in parts], "n": number})
    with open("/tmp/desserte-peers.jsonl", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    pq.write_table(pa.table({"lon": lon, "lat": lat}), "/tmp/desserte-peers.parquet")
    base.query("CREATE DATABASE d; ")
    base.query(
        "CREATE TABLE d.t (key Array(Array(Array(Array(Float64)))), n UInt32) ENGINE = MergeTree ORDER BY n"
    )
    base.query("INSERT INTO d.t SELECT * FROM file('/tmp/desserte-peers.jsonl', 'JSONEachRow')")
    base.query(
        "CREATE DICTIONARY d.c (key Array(Array(Array(Array(Float64)))), n UInt32 DEFAULT 4294967295) PRIMARY KEY key "
        "SOURCE(CLICKHOUSE(TABLE 't' DB 'd')) LAYOUT(POLYGON_INDEX_CELL()) LIFETIME(0)"
    )
    answer = base.query(
        "SELECT countIf(dictGet('d.c', 'n', (lon, lat)) != 4294967295) "
        "FROM file('/tmp/desserte-peers.parquet', 'Parquet') SETTINGS max_threads = 1"
    )
    return int(str(answer).strip())


PEERS = {
    f.__name__: f for f in [shapely_points_tree, shapely_outlines_tree, duckdb_spatial, sedonadb_join, chdb_polygons]
}


def main():
    source, points = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    wanted = sys.argv[4:] or list(PEERS)
    if len(wanted) > 1:
        # A process for each, so that memory and threads of one are not those of another.
        for peer in wanted:
            subprocess.run([sys.executable, __file__, source, points, str(count), peer], check=False)
        return
    import shapely

    geometries = [shapely.to_wkb(shapely.from_geojson(json.dumps(g))) for g in read(source)[1]]
    lon, lat = np.fromfile(points, "<f8").reshape(2, -1)[:, :count].copy()
    before, start = cpu(), time.perf_counter()
    try:
        inside = PEERS[wanted[0]](geometries, lon, lat)
    except Exception as error:
        print(f"{wanted[0]}: not to be had here: {str(error).splitlines()[0][:160]}", flush=True)
        return
    million = len(lon) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{wanted[0]}: {(cpu() - before) / million:.2f} CPU s per million, {time.perf_counter() - start:.1f} s wall, "
        f"{inside} inside, peak {peak} MiB",
        flush=True,
    )


if __name__ == "__main__":
    main()
