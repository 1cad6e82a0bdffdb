"""Reads what ours writes with programs that are not ours, and compares.

`formats.py OUTLINES.geojson[.gz] [--fgb F] [--geoparquet F] [--pmtiles F [--tiles COUNT]]`

Exports must have every outline of OUTLINES to the last bit. Tiles must decode with valid polygons; every commune must
be in a tile at every zoom that shows communes; in COUNT tiles of each zoom, drawn at random with a fixed seed, communes
must neither overlap nor leave gaps: what their surfaces come to is compared with the surface of their union, and the
holes of the union with those of the département layer's. Ends with 1 if something differs.
"""

import argparse
import gzip
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


def polygons(feature):
    geometry = feature["geometry"]
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [shapely.Polygon(part[0], part[1:]) for part in parts]


def tiles(path, truth, count):
    import mapbox_vector_tile
    from pmtiles.reader import MmapSource, Reader, all_tiles

    random = np.random.default_rng(23)
    with open(path, "rb") as file:
        source = MmapSource(file)
        header = Reader(source).header()
        seen, invalid, decoded, by_zoom = {}, [], 0, {}
        for (zoom, x, y), octets in all_tiles(source):
            by_zoom.setdefault(zoom, []).append((x, y))
            tile = mapbox_vector_tile.decode(gzip.decompress(octets), default_options={"y_coord_down": True})
            decoded += 1
            for layer, content in tile.items():
                for feature in content["features"]:
                    if layer == "communes":
                        seen.setdefault(zoom, set()).add(feature["properties"]["code"])
                    invalid += [
                        (zoom, x, y, feature["properties"]["code"], shapely.is_valid_reason(part))
                        for part in polygons(feature)
                        if not part.is_valid
                    ]
        print(f"tiles: {decoded} decoded, {header['addressed_tiles_count']} addressed, zooms {sorted(by_zoom)}")
        must(decoded == header["addressed_tiles_count"], "tiles: as many as the header says")
        must(not invalid, f"tiles: {len(invalid)} invalid polygons {invalid[:3]}")
        for zoom, codes in sorted(seen.items()):
            must(codes == set(truth), f"tiles: zoom {zoom} shows {len(codes)} of {len(truth)} communes")
        for zoom in sorted(seen):
            places = by_zoom[zoom]
            chosen = [places[at] for at in random.permutation(len(places))[:count]]
            surface = overlap = gaps = 0.0
            for x, y in chosen:
                octets = Reader(source).get(zoom, x, y)
                tile = mapbox_vector_tile.decode(gzip.decompress(octets), default_options={"y_coord_down": True})
                layer = lambda name: [part for f in tile.get(name, {"features": []})["features"] for part in polygons(f)]
                communes = shapely.union_all(layer("communes"))
                surface += communes.area
                overlap += sum(part.area for part in layer("communes")) - communes.area
                gaps += shapely.difference(shapely.union_all(layer("departements")), communes).area
            worst = max(overlap, gaps) / max(surface, 1.0)
            must(worst < 1e-3, f"tiles: zoom {zoom}, {len(chosen)} tiles: overlap {overlap:.1f}, gaps {gaps:.1f} of {surface:.0f} square units")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("outlines")
    for name in ["fgb", "geoparquet", "pmtiles"]:
        parser.add_argument(f"--{name}")
    parser.add_argument("--tiles", type=int, default=20)
    arguments = parser.parse_args()
    truth = expected(arguments.outlines)
    if arguments.fgb:
        flatgeobuf(arguments.fgb, truth)
    if arguments.geoparquet:
        geoparquet(arguments.geoparquet, truth)
    if arguments.pmtiles:
        tiles(arguments.pmtiles, truth, arguments.tiles)
    sys.exit(bool(FAULTS))


if __name__ == "__main__":
    main()
