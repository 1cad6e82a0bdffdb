"""Makes points that are hard to place: `points.py OUTLINES.geojson[.gz] OUT_DIR [MILLIONS]`.

Four files of little-endian doubles, longitudes then latitudes, from a fixed seed:
uniform.f64 (the box of metropolitan France and boxes overseas), centres.f64 (around one position of each commune,
3 km spread), borders.f64 (on vertices and sides; 1e-9 to 1e-6 degree beside them; one unit in the last place beside
them; at the latitude or longitude of a vertex), lattice.f64 (on the lines of grids of hundredths to four-hundredths of
a degree, and beside them).
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np


def read(path):
    """Codes, and geometries as GeoJSON, in the order of codes."""
    opened = gzip.open(path) if str(path).endswith(".gz") else open(path, "rb")
    with opened as file:
        features = json.load(file)["features"]
    features.sort(key=lambda feature: feature["properties"]["code"])
    return [f["properties"]["code"] for f in features], [f["geometry"] for f in features]


def sides(geometries):
    """All sides of all rings, as an array of x0, y0, x1, y1, and one position for each geometry."""
    starts, ends, centres = [], [], []
    for geometry in geometries:
        polygons = geometry["coordinates"]
        polygons = [polygons] if geometry["type"] == "Polygon" else polygons
        for polygon in polygons:
            for ring in polygon:
                ring = np.asarray(ring, dtype=float)[:, :2]
                starts.append(ring[:-1])
                ends.append(ring[1:])
        outer = np.asarray(polygons[0][0], dtype=float)[:, :2]
        centres.append((outer.min(axis=0) + outer.max(axis=0)) / 2)
    return np.hstack([np.vstack(starts), np.vstack(ends)]), np.asarray(centres)


def uniform(random, count):
    boxes = [(-5.2, 41.3, 9.6, 51.1)] * 12 + [
        (-61.9, 15.8, -60.9, 16.6),
        (-61.3, 14.3, -60.7, 15.0),
        (-54.7, 2.0, -51.5, 5.9),
        (55.2, -21.5, 55.9, -20.8),
        (45.0, -13.1, 45.4, -12.6),
    ]
    west, south, east, north = np.asarray(boxes)[random.integers(len(boxes), size=count)].T
    return west + (east - west) * random.random(count), south + (north - south) * random.random(count)


def around(random, centres, count):
    lon, lat = centres[random.integers(len(centres), size=count)].T
    metres = 111_320.0
    lat = lat + random.normal(0, 3_000 / metres, count)
    return lon + random.normal(0, 3_000 / metres, count) / np.cos(np.radians(lat)), lat


def borders(random, sides, count):
    parts = []
    each = count // 8
    pick = lambda: sides[random.integers(len(sides), size=each)]
    beside = lambda: np.choose(random.integers(4, size=(each, 2)), [1e-9, 1e-8, 1e-7, 1e-6]) * random.choice(
        [-1.0, 1.0], size=(each, 2)
    )
    along = lambda side: side[:, :2] + (side[:, 2:] - side[:, :2]) * random.random((each, 1))
    parts.append(pick()[:, :2])  # on vertices
    parts.append((lambda s: (s[:, :2] + s[:, 2:]) / 2)(pick()))  # in the middle of sides
    parts.append(along(pick()))  # anywhere on sides, as far as doubles allow
    parts.append(pick()[:, :2] + beside())
    parts.append(along(pick()) + beside())
    nudged = along(pick())
    parts.append(np.nextafter(nudged, nudged + random.choice([-1.0, 1.0], size=nudged.shape)))
    vertices = pick()[:, :2]
    parts.append(np.nextafter(vertices, vertices + random.choice([-1.0, 1.0], size=vertices.shape)))
    level = pick()[:, :2].copy()
    axis = random.integers(2, size=each)
    level[np.arange(each), axis] += random.normal(0, 0.003, each)  # level with, or above, a vertex
    parts.append(level)
    points = np.vstack(parts)
    return points[:, 0], points[:, 1]


def lattice(random, centres, count):
    lon, lat = around(random, centres, count)
    per_degree = random.choice([100.0, 200.0, 400.0], size=count)
    which = random.integers(3, size=count)
    lines = lambda degrees: np.round(degrees * per_degree) / per_degree
    lon = np.where(which != 1, lines(lon), lon)
    lat = np.where(which != 0, lines(lat), lat)
    for _ in range(2):
        lon = np.nextafter(lon, lon + random.integers(-1, 2, size=count))
        lat = np.nextafter(lat, lat + random.integers(-1, 2, size=count))
    return lon, lat


def main():
    source, out = sys.argv[1], Path(sys.argv[2])
    millions = float(sys.argv[3]) if len(sys.argv) > 3 else 12.0
    share = int(millions * 1e6 / 12)
    random = np.random.default_rng(20261122)
    all_sides, centres = sides(read(source)[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, points in [
        ("uniform", uniform(random, 4 * share)),
        ("centres", around(random, centres, 3 * share)),
        ("borders", borders(random, all_sides, 4 * share)),
        ("lattice", lattice(random, centres, share)),
    ]:
        np.concatenate(points).astype("<f8").tofile(out / f"{name}.f64")
        print(f"{name}: {len(points[0])} points")


if __name__ == "__main__":
    main()
