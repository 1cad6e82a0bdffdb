"""Reads the history as its users do: over PostgreSQL's protocol with psycopg, SQLAlchemy and pandas, and the tables' own files with
the deltalake package. Prints what it found as JSON; ends with 1 when two ways disagree.

    history.py CONNECTION DIRECTORY

CONNECTION is a libpq connection string without a password, which PGPASSWORD holds; DIRECTORY holds the tables of one generation.
"""

import datetime
import json
import pathlib
import sys

import deltalake
import pandas
import psycopg
import sqlalchemy


def by_psycopg(connection):
    """Prepared, with values bound in text and in binary form; a cursor kept by the server; types as Python knows them."""
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    sql = "SELECT count(*), min(event_utc), max(steady_bits_per_second) FROM throughput WHERE event_utc >= %s AND sequence >= %s"
    text = connection.execute(sql, (begin, 0)).fetchone()
    binary = connection.cursor(binary=True).execute(sql, (begin, 0), prepare=True).fetchone()
    assert text == binary, (text, binary)
    assert isinstance(text[1], datetime.datetime) and text[1].tzinfo is not None, text
    assert isinstance(text[2], float), text
    with connection.cursor(name="kept_by_the_server") as cursor:
        cursor.itersize = 500
        cursor.execute("SELECT handover, sha256 FROM custody ORDER BY handover")
        numbers = [number for number, digest in cursor if len(digest) == 32]
    assert numbers == sorted(set(numbers)), "numbers rise"
    connection.rollback()
    return {"throughput": text[0], "custody": len(numbers)}


def by_pandas(engine):
    """The whole of a table as a frame, and which tables SQLAlchemy finds by itself."""
    frame = pandas.read_sql("SELECT * FROM throughput", engine)
    assert str(frame["event_utc"].dtype).startswith("datetime64"), frame.dtypes
    assert frame["steady_bits_per_second"].dtype == "float64", frame.dtypes
    columns = pandas.read_sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'throughput' ORDER BY ordinal_position", engine
    )
    assert list(columns["column_name"]) == list(frame.columns), columns
    inspected = sqlalchemy.inspect(engine)
    return {"throughput": len(frame), "tables": sorted(inspected.get_table_names() + inspected.get_view_names())}


def by_deltalake(directory):
    """Rows of each table by an implementation of its format that is not ours."""
    rows = {}
    for log in sorted(pathlib.Path(directory).glob("*/_delta_log")):
        table = deltalake.DeltaTable(str(log.parent))
        rows[log.parent.name] = table.to_pyarrow_dataset().count_rows()
    return rows


def main():
    conninfo, directory = sys.argv[1:]
    with psycopg.connect(conninfo) as connection:
        found = {"psycopg": by_psycopg(connection)}
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    found["pandas"] = by_pandas(engine)
    found["deltalake"] = by_deltalake(directory)
    print(json.dumps(found, indent=1))


main()
