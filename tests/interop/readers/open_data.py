"""Reads an export of open data with the programs that its users have, and ends with 1 when two of them disagree.

    open_data.py DIRECTORY

pandas reads the CSV, pyarrow and DuckDB the Parquet, GDAL (which is what QGIS reads with) the GeoJSON and the CSV. Every file is
held against SHA256SUMS. Prints how many rows there are of each table.
"""

import hashlib
import json
import pathlib
import struct
import subprocess
import sys

import duckdb
import pandas
import pyarrow.parquet


def check_sums(root):
    told = set()
    for line in (root / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ", 1)
        told.add(name)
        assert hashlib.sha256((root / name).read_bytes()).hexdigest() == digest, name
    there = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert there - told == {"SHA256SUMS"}, there ^ told


def same(frame, other, name):
    """Whether two frames hold the same, where nothing is nothing in both."""
    assert list(frame.columns) == list(other.columns), (name, list(frame.columns), list(other.columns))
    assert len(frame) == len(other), (name, len(frame), len(other))
    for column in frame.columns:
        one, two = frame[column], other[column]
        assert list(one.isna()) == list(two.isna()), (name, column)
        pairs = zip(one[one.notna()], two[two.notna()])
        if pandas.api.types.is_numeric_dtype(one) and pandas.api.types.is_numeric_dtype(two):
            assert all(float(a) == float(b) for a, b in pairs), (name, column)
        else:
            assert all(str(a) == str(b) for a, b in pairs), (name, column)


def without_outlines(path, table):
    """The table without what GeoParquet 1.1 says are geometries, which must be WKB of a polygon or several, and their boxes."""
    said = pyarrow.parquet.read_metadata(path).metadata.get(b"geo")
    if said is None:
        return table
    geo = json.loads(said)
    column = geo["columns"][geo["primary_column"]]
    assert geo["version"].startswith("1.1") and column["encoding"] == "WKB", geo
    for wkb in table.column(geo["primary_column"]).to_pylist():
        kind = struct.unpack("<I" if wkb[0] == 1 else ">I", wkb[1:5])[0]
        assert kind in (3, 6), (path, kind)
    boxes = column["covering"]["bbox"]["xmin"][0]
    return table.drop_columns([geo["primary_column"], boxes])


def gdal(path):
    """How many features GDAL finds."""
    said = subprocess.run(["ogrinfo", "-so", "-al", str(path)], check=True, capture_output=True, text=True).stdout
    return int(next(line for line in said.splitlines() if line.startswith("Feature Count:")).split(":")[1])


def main():
    root = pathlib.Path(sys.argv[1])
    check_sums(root)
    dictionary = json.loads((root / "dictionary.json").read_text())
    json.loads((root / "catalogue.jsonld").read_text())
    rows = {}
    for path in sorted(root.glob("*/*/*.csv")):
        codes = {"commune": str, "moved_to": str, "month": str, "zone": str, "departement": str}
        frame = pandas.read_csv(path, dtype=codes)
        assert gdal(path) == len(frame), path
        rows[path.stem] = rows.get(path.stem, 0) + len(frame)
        parquet = path.with_suffix(".parquet")
        table = pyarrow.parquet.read_table(parquet)
        by_duckdb = duckdb.sql(f"SELECT count(*) FROM '{parquet}'").fetchall()[0][0]
        assert by_duckdb == table.num_rows, (parquet, by_duckdb, table.num_rows)
        # Communes that the territory does not know have no outline, and are in the CSV only.
        drawn = frame[frame["name"].notna()] if path.stem == "communes" else frame
        same(drawn.reset_index(drop=True), without_outlines(parquet, table).to_pandas(), path)
        geojson = path.with_suffix(".geojson")
        if geojson.exists():
            assert gdal(geojson) == table.num_rows, geojson
    assert rows and dictionary, "something is there to be read"
    print(json.dumps(rows))


main()
