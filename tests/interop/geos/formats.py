"""Reads what ours writes with programs that are not ours, and compares.

`formats.py OUTLINES.geojson[.gz] [--fgb F] [--geoparquet F]`

Exports must have every outline of OUTLINES to the last bit; tiles have a program of their own, `tiles.py`. Ends with 1 if
something differs.
"""

import argparse
import json
import sys

import numpy as np
import shapely
from points import read

FAULTS = []


def must(holds, text):
    print(("ok: " if holds else "WRONG: ") + text, flush=True)
    if not holds:
        FAULTS.append(text)


def expected(path):
    codes, geometries = read(path)
    return dict(zip(codes, (shapely.from_geojson(json.dumps(geometry)) for geometry in geometries)))


def rings(geometry):
    return [shapely.get_coordinates(ring) for part in shapely.get_parts(geometry) for ring in [part.exterior, *part.interiors]]


def same(read, truth):
    ours, theirs = rings(read), rings(truth)
    return len(ours) == len(theirs) and all(np.array_equal(a, b) for a, b in zip(ours, theirs))


def exports(frame, truth, name):
    different = [code for code, geometry in zip(frame["code"], frame.geometry) if not same(geometry, truth[code])]
    must(len(frame) == len(truth), f"{name}: {len(frame)} communes of {len(truth)}")
    must(not different, f"{name}: {len(different)} outlines differ {different[:5]}")
    must(frame.crs.equals("OGC:CRS84") or frame.crs.to_epsg() == 4326, f"{name}: reference system {frame.crs.name}")
    nulls = {column: int(frame[column].isna().sum()) for column in frame.columns if frame[column].isna().any()}
    print(f"{name}: columns {', '.join(frame.columns)}; nulls {nulls}")


def flatgeobuf(path, truth):
    import pyogrio

    info = pyogrio.read_info(path)
    must(info["features"] == len(truth), f"FlatGeobuf, GDAL {pyogrio.__gdal_version_string__}: {info['features']} features")
    exports(pyogrio.read_dataframe(path), truth, "FlatGeobuf")
    paris = pyogrio.read_dataframe(path, bbox=(2.35, 48.85, 2.36, 48.86))
    must(0 < len(paris) < 50, f"FlatGeobuf: {len(paris)} communes in a box, by the index")


def geoparquet(path, truth):
    import geopandas
    import pyarrow.parquet as pq

    meta = json.loads(pq.read_metadata(path).metadata[b"geo"])
    must(meta["version"] == "1.1.0", f"GeoParquet {meta['version']}, {meta['columns']['geometry']['geometry_types']}")
    exports(geopandas.read_parquet(path), truth, "GeoParquet")
    paris = geopandas.read_parquet(path, bbox=(2.35, 48.85, 2.36, 48.86))
    must(0 < len(paris) < 50, f"GeoParquet: {len(paris)} communes in a box, by the covering column")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("outlines")
    for name in ["fgb", "geoparquet"]:
        parser.add_argument(f"--{name}")
    arguments = parser.parse_args()
    truth = expected(arguments.outlines)
    if arguments.fgb:
        flatgeobuf(arguments.fgb, truth)
    if arguments.geoparquet:
        geoparquet(arguments.geoparquet, truth)
    sys.exit(bool(FAULTS))


if __name__ == "__main__":
    main()
