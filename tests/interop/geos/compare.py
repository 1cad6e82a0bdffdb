"""Compares answers with GEOS: `compare.py OUTLINES.geojson[.gz] POINTS.f64 ANSWERS.u32 [POINTS ANSWERS…]`.

ANSWERS.u32 comes from `cargo run --example measure -- FILE.dst POINTS.f64 --answers ANSWERS.u32`. GEOS, through
shapely's STRtree and the predicate `intersects`, says which communes hold or touch a point; the rule of
docs/spec/territory-file.md takes the lowest code of them. Ends with 1 if any answer differs.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import shapely
from points import read

CHUNK = 250_000


def compare(tree, count, points, answers):
    """Says how many answers differ."""
    lon, lat = np.fromfile(points, "<f8").reshape(2, -1)
    found = np.fromfile(answers, "<u4")
    assert len(found) == len(lon), "answers and points differ in number"
    start, differences, ties, inside = time.process_time(), 0, 0, 0
    for begin in range(0, len(lon), CHUNK):
        part = slice(begin, begin + CHUNK)
        pairs = tree.query(shapely.points(lon[part], lat[part]), predicate="intersects")
        lowest = np.full(len(lon[part]), count, dtype=np.int64)
        np.minimum.at(lowest, pairs[0], pairs[1])
        expected = np.where(lowest == count, 0, lowest + 1)
        ties += int((np.bincount(pairs[0], minlength=len(lowest)) > 1).sum())
        inside += int((expected > 0).sum())
        wrong = np.flatnonzero(expected != found[part])
        differences += len(wrong)
        for at in wrong[:5]:
            lon_at, lat_at = lon[begin + at], lat[begin + at]
            print(f"{lon_at!r}, {lat_at!r}: GEOS {expected[at]}, found {found[begin + at]}")
    print(
        f"{Path(points).name}: {len(lon)} points, {inside} inside, {ties} touched by several communes, "
        f"{differences} differences from GEOS {shapely.geos_version_string}; "
        f"{time.process_time() - start:.0f} CPU s for GEOS",
        flush=True,
    )
    return differences


def main():
    source, *files = sys.argv[1:]
    codes, geometries = read(source)
    tree = shapely.STRtree(shapely.from_geojson([json.dumps(geometry) for geometry in geometries]))
    pairs = zip(files[::2], files[1::2], strict=True)
    sys.exit(sum(compare(tree, len(codes), *pair) for pair in pairs) > 0)


if __name__ == "__main__":
    main()
