"""Reads tiles of ours with programs that are not ours: pmtiles, mapbox-vector-tile, GEOS, and GDAL where it is installed.

`tiles.py OUTLINES.geojson[.gz] TILES.pmtiles [--zoom Z]... [--foreign]`

For every tile of every zoom: it decodes; it has at most 500 kB; polygons are valid and outer rings run as the
specification says; communes are a coverage (GEOS), that is, they neither overlap nor have sides that do not match; holes
of their union are holes of the outlines' union too; départements have no ground that no commune has. For every zoom with
communes: all communes are there, with the attributes of the outlines, and those that lie in one tile are no farther from
the outlines than the tolerance and the grid allow. Squares that stand for what is too small are told and left out of the
coverage. `--foreign` takes tiles of another program with a layer `communes`, and only counts. Ends with 1 if something is
wrong.
"""

import argparse
import gzip
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.reader import MmapSource, Reader, all_tiles

EXTENT = 4096
LARGEST = 500_000
# Units: what simplifying moves a border by (docs/adr/0021), and what snap rounding does: half the diagonal of a unit.
TOLERANCE = {"first": 8.0, "other": 4.0, "last": 0.0}
GRID = math.sqrt(0.5) + 0.05
FAULTS = []


def must(holds, text):
    print(("ok: " if holds else "WRONG: ") + text, flush=True)
    if not holds:
        FAULTS.append(text)


def units(coordinates, zoom):
    """Longitude and latitude as units of a zoom."""
    whole = EXTENT * 2**zoom
    sine = np.sin(np.radians(coordinates[:, 1]))
    return np.column_stack(
        [(coordinates[:, 0] / 360 + 0.5) * whole, (0.5 - np.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * whole]
    )


def shapes(feature):
    geometry = feature["geometry"]
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [shapely.Polygon(part[0], part[1:]) for part in parts]


def is_square(parts):
    """Whether a feature is the square that stands for something too small: four units wide."""
    return len(parts) == 1 and parts[0].area == 16 and len(parts[0].exterior.coords) == 5 and parts[0].envelope.area == 16


class Zoom:
    """What one zoom has been found to have."""

    def __init__(self, zoom):
        self.zoom = zoom
        self.tiles = self.features = self.invalid = self.wound = self.squares = 0
        self.overlaps = self.edges = self.gaps = self.bare = 0
        self.overlap_area = 0.0
        self.largest = self.octets = 0
        self.codes, self.wrong_texts, self.whole = set(), set(), {}

    def tile(self, x, y, octets, tile, truth, hollow):
        self.tiles += 1
        self.octets += len(octets)
        self.largest = max(self.largest, len(octets))
        layers = {}
        for name, layer in tile.items():
            for feature in layer["features"]:
                parts = shapes(feature)
                self.features += 1
                self.invalid += sum(not part.is_valid for part in parts)
                # `y` points down: outer rings are clockwise on paper, so their surface here is positive.
                self.wound += sum(not part.exterior.is_ccw or any(ring.is_ccw for ring in part.interiors) for part in parts)
                layers.setdefault(name, []).append((feature["properties"], parts))
        communes = layers.get("communes", [])
        kept = []
        for texts, parts in communes:
            code = str(texts["code"])
            self.codes.add(code)
            known = truth.get(code)
            if known is None or any(str(known[key]) != str(texts.get(key)) for key in known if key != "outline"):
                self.wrong_texts.add(code)
            whole = shapely.multipolygons(parts)
            if is_square(parts):
                self.squares += 1
                continue
            kept.append(whole)
            if known and in_tile(known["outline"], self.zoom, x, y):
                self.whole[code] = shapely.transform(whole, lambda c: c + [x * EXTENT, y * EXTENT])
        if not kept:
            return
        kept = np.array(kept)
        if self.invalid == 0 and shapely.coverage_is_valid(kept):
            union = shapely.coverage_union_all(kept)
        else:
            self.edges += int(sum(not edge.is_empty for edge in shapely.coverage_invalid_edges(kept)))
            kept = shapely.make_valid(kept)
            tree = shapely.STRtree(kept)
            first, second = tree.query(kept, predicate="intersects")
            pairs = first < second
            common = shapely.area(shapely.intersection(kept[first[pairs]], kept[second[pairs]]))
            self.overlaps += int((common > 0).sum())
            self.overlap_area += float(common.sum())
            union = shapely.union_all(kept)
        for part in shapely.get_parts(union):
            for ring in part.interiors if part.geom_type == "Polygon" else []:
                middle = shapely.Polygon(ring).representative_point()
                place = shapely.Point(middle.x + x * EXTENT, middle.y + y * EXTENT)
                # A hole is a gap if the outlines have no hole within the tolerance.
                self.gaps += not hollow(self.zoom, place)
        departements = [part for _, parts in layers.get("departements", []) for part in parts if not is_square([part])]
        if departements:
            self.bare += shapely.difference(shapely.union_all(shapely.make_valid(departements)), union).area > 0


def outlines(path):
    """What is known of each commune, by its code."""
    opened = gzip.open(path) if str(path).endswith(".gz") else open(path, "rb")
    with opened as file:
        features = json.load(file)["features"]
    texts = [{key: f["properties"][key] for key in ("code", "nom", "departement")} for f in features]
    shapes = shapely.from_geojson([json.dumps(f["geometry"]) for f in features])
    return {known["code"]: known | {"outline": shape} for known, shape in zip(texts, shapes)}


def in_tile(outline, zoom, x, y):
    """Whether an outline lies in one tile, with all its parts and a few units off its sides."""
    west, south, east, north = outline.bounds
    within = (units(np.array([[west, north], [east, south]]), zoom) - [x * EXTENT, y * EXTENT]).ravel()
    return within.min() > 2 and within.max() < EXTENT - 2


def outside(truth):
    """Says whether some ground within twelve units of a place, in units of a zoom, is in no commune of the outlines."""
    shapes = np.array([known["outline"] for known in truth.values()])
    tree = shapely.STRtree(shapes)

    def hollow(zoom, place):
        around = shapely.transform(place.buffer(12), lambda coordinates: degrees(coordinates, zoom))
        return shapely.difference(around, shapely.union_all(shapes[tree.query(around, predicate="intersects")])).area > 0

    return hollow


def degrees(coordinates, zoom):
    whole = EXTENT * 2**zoom
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * coordinates[:, 1] / whole))))
    return np.column_stack([coordinates[:, 0] / whole * 360 - 180, lat])


def far(found, truth, zoom, distance):
    """The shapes that reach farther than a distance, in units, beyond the outlines, or lack ground that lies farther than
    that inside them. What is nowhere twice as wide may vanish: jetties, inlets, holes."""
    codes = list(found)
    drawn = np.array([found[code] for code in codes])
    true = shapely.transform([truth[code]["outline"] for code in codes], lambda coordinates: units(coordinates, zoom))
    beyond = shapely.difference(drawn, shapely.buffer(true, distance))
    lacking = shapely.difference(shapely.buffer(true, -distance), drawn)
    return [code for code, *parts in zip(codes, beyond, lacking) if any(part.area > 0 for part in parts)]


def gdal(octets):
    """What GDAL's driver for tiles reads: the count of features of each layer; `None` without GDAL."""
    if not shutil.which("ogrinfo"):
        return None
    with tempfile.NamedTemporaryFile(suffix=".mvt") as file:
        file.write(octets)
        file.flush()
        told = subprocess.run(["ogrinfo", "-al", "-so", file.name], capture_output=True, text=True).stdout
    names = [line.split(": ")[1] for line in told.splitlines() if line.startswith("Layer name: ")]
    counts = [int(line.split(": ")[1]) for line in told.splitlines() if line.startswith("Feature Count: ")]
    return dict(zip(names, counts))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("outlines")
    parser.add_argument("tiles")
    parser.add_argument("--zoom", type=int, action="append")
    parser.add_argument("--foreign", action="store_true", help="tiles of another program: count, and find nothing wrong")
    arguments = parser.parse_args()
    truth = outlines(arguments.outlines)
    hollow = outside(truth)
    with open(arguments.tiles, "rb") as file:
        source = MmapSource(file)
        header, metadata = Reader(source).header(), Reader(source).metadata()
        first, last = header["min_zoom"], header["max_zoom"]
        layers = {layer["id"]: layer for layer in metadata["vector_layers"]}
        by_zoom, addresses = {}, set()
        for address, octets in all_tiles(source):
            addresses.add(address)
            by_zoom.setdefault(address[0], []).append((address, octets))
        if not arguments.foreign:
            must(len(addresses) == header["addressed_tiles_count"], f"{len(addresses)} tiles, as the header says")
            must(set(layers) == {"regions", "departements", "communes"}, f"layers {sorted(layers)}")
            must(bool(metadata.get("attribution")), f"credits: {metadata.get('attribution')}")
            must(sorted(by_zoom) == list(range(first, last + 1)), f"zooms {first} to {last}")
        for number, entries in sorted(by_zoom.items()):
            if arguments.zoom and number not in arguments.zoom:
                continue
            zoom, begun, decoding = Zoom(number), time.process_time(), 0.0
            for (_, x, y), octets in entries:
                started = time.process_time()
                plain = gzip.decompress(octets)
                tile = mapbox_vector_tile.decode(plain, default_options={"y_coord_down": True})
                decoding += time.process_time() - started
                zoom.tile(x, y, octets, tile, truth, hollow)
            print(
                f"zoom {number}: {zoom.tiles} tiles, {zoom.octets} octets, largest {zoom.largest}; {zoom.features} features; "
                f"invalid {zoom.invalid}, wound {zoom.wound}; communes {len(zoom.codes)}, squares {zoom.squares}; "
                f"overlaps {zoom.overlaps} ({zoom.overlap_area:.1f} square units), unmatched {zoom.edges}, gaps {zoom.gaps}, "
                f"tiles with bare ground {zoom.bare}; decoding {decoding:.1f} s, all {time.process_time() - begun:.1f} s CPU",
                flush=True,
            )
            if arguments.foreign:
                continue
            biggest = max(entries, key=lambda entry: len(entry[1]))
            told = gdal(gzip.decompress(biggest[1]))
            if told is not None:
                tile = mapbox_vector_tile.decode(gzip.decompress(biggest[1]))
                ours = {name: len(layer["features"]) for name, layer in tile.items()}
                must(told == ours, f"zoom {number}: GDAL reads the largest tile alike, {told}")
            must(zoom.largest <= LARGEST, f"zoom {number}: largest tile {zoom.largest} octets")
            must(zoom.invalid == 0 and zoom.wound == 0, f"zoom {number}: polygons are valid and run the right way")
            must(zoom.overlaps + zoom.edges + zoom.gaps + zoom.bare == 0, f"zoom {number}: communes fit")
            if number >= layers["communes"]["minzoom"]:
                missing = set(truth) - zoom.codes
                must(not missing, f"zoom {number}: {len(zoom.codes)} of {len(truth)} communes {sorted(missing)[:5]}")
                must(not zoom.wrong_texts, f"zoom {number}: attributes as in the outlines {sorted(zoom.wrong_texts)[:5]}")
                kind = "last" if number == last else "first" if number == layers["communes"]["minzoom"] else "other"
                distance = TOLERANCE[kind] + GRID
                wrong = far(zoom.whole, truth, number, distance)
                text = f"zoom {number}: {len(zoom.whole)} communes in one tile are within {distance:.2f} units of the outlines"
                must(not wrong, f"{text} {wrong[:5]}")
    sys.exit(bool(FAULTS))


if __name__ == "__main__":
    main()
