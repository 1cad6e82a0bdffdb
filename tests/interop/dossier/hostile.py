"""Writes archives that no honest program writes, for the check of dossiers to refuse: one file each.

usage: hostile.py FOLDER [TIMES]

TIMES (10 by default) is how often what adds up is repeated. Each is named for what is wrong with it. Archives that have to get past the form of a bundle are written here octet by octet, from
APPNOTE 6.3.10 and docs/spec/dossier.md, and share no code with the program that is tried.
"""

import base64
import gzip
import hashlib
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

FOLDER = pathlib.Path(sys.argv[1])
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 10
MIB = 1024 * 1024


def common(name, contents, crc=None, size=None, version=10):
    size = len(contents) if size is None else size
    crc = zlib.crc32(contents) if crc is None else crc
    return struct.pack("<HHHHHIIIH", version, 0, 0, 0, 0x21, crc, size, size, len(name))


def local(name, contents, **lies):
    return b"PK\3\4" + common(name, contents, **lies) + b"\0\0" + name + contents


def central(name, contents, offset, **lies):
    return (
        b"PK\1\2" + struct.pack("<H", 0x031E) + common(name, contents, **lies)
        + struct.pack("<HHHHII", 0, 0, 0, 0, 0o100644 << 16, offset) + name
    )


def end(count, octets, start):
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), octets, start, 0)


def bundle(parts, sums=True):
    """A bundle as the format wants it, whatever stands in its parts."""
    parts = {name: contents for name, contents in parts.items()}
    if sums:
        lines = [f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts)]
        parts["SHA256SUMS"] = "".join(lines).encode()
    body, directory = io.BytesIO(), []
    for name in sorted(parts):
        directory.append(central(name.encode(), parts[name], body.tell()))
        body.write(local(name.encode(), parts[name]))
    start, lines = body.tell(), b"".join(directory)
    return body.getvalue() + lines + end(len(directory), len(lines), start)


def write(name, octets):
    (FOLDER / f"{name}.zip").write_bytes(octets)


def stored(names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return made.getvalue()


def request():
    return {
        "schema": "desserte-dossier/1", "program": "desserte 0.1.0", "method": "m", "lang": "fr", "kind": "commune",
        "code": "23096", "from": "2026-11-01", "to": "2026-12-01", "uses": [], "public": False, "demonstration": False,
        "probes": [], "territory": {"sha256": "00" * 32, "vintage": "2026"},
    }


def case(**more):
    facts = {
        "schema": "desserte-case/2", "lang": "fr", "public": False, "demonstration": False, "program": "desserte 0.1.0",
        "method": "m", "place": {"kind": "commune", "code": "23096", "name": "Guéret", "population": None},
        "period": {"from": "2026-11-01", "last": "2026-11-30", "days": 30}, "uses": [], "area": [],
        "may_over_represent_centres": False, "sites": [], "exclusions": [],
        "custody": {"proven": 0, "unsealed": 0, "records": 0, "seals": []}, "parameters": [],
        "boundary": {"sha256": "00" * 32, "vintage": "2026", "sources": []}, "seed": 33, "drawings": [],
        "verdicts": {"contradiction": None, "campaign": None}, "notices": [], "replies": [], "retests": [],
    }
    return facts | more


def figure(indicator, of, **more):
    facts = {"indicator": indicator, "of": of, "unit": "h", "state": "enough", "lacks": [], "value": 1.0, "low": 1.0, "high": 1.0}
    return facts | more


def site(number, figures=()):
    return {
        "label": f"P{number}", "probe": "00" * 16, "commune": "23096", "name": "", "class": "A", "class_a_declared": True,
        "host": None, "days": 30, "zone": "", "line": {"media": [], "operators": [], "technologies": [], "servers": [], "software": []},
        "notes": [], "missing_records": 0, "chain_faults": 0, "figures": list(figures), "outages": [],
    }


def use(number):
    return {"id": f"u{number}", "name": "u", "window": "w", "window_hours": 1.0}


def whole(facts, **parts):
    """A bundle with everything that has to be there, and some facts."""
    text = lambda value: json.dumps(value, separators=(",", ":")).encode()
    made = {
        "request.json": text(request()), "case.json": facts if isinstance(facts, bytes) else text(facts), "document.json": b"{}",
        "dossier.pdf": b"%PDF-1.7", "figures.csv": b"level\n",
    }
    return bundle(made | {name.replace("__", "/").replace("_json", ".json"): value for name, value in parts.items()})


def gzip_bomb(gibibytes):
    """Zeros, packed: one block that is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = gzip.compress(b"")[:10]
    return head + block * (1024 * gibibytes) + zlib.compressobj(9, zlib.DEFLATED, -15).flush() + bytes(8)


def batch(body, name="0190a0b0000070008000000000000001", **more):
    head = {
        "method": "POST", "path": "/api/v1/batches", "content-type": "application/x-ndjson", "content-encoding": "gzip",
        "content-digest": "", "signature-input": "", "signature": "",
    }
    return json.dumps({
        "batch": name, "public_key": base64.b64encode(bytes(32)).decode(), "received_us": 1_795_350_000_000_000,
        "signature": json.dumps(head), "body": base64.b64encode(body).decode(), "record_sha256": None,
    } | more).encode()


# Names.
write("out-of-the-folder", stored(["../../../../etc/cron.d/x", "SHA256SUMS"]))
write("absolute-name", stored(["/etc/passwd"]))
write("backslash-name", stored(["..\\..\\x"]))
write("device-name", stored(["evidence/../x"]))
write("name-with-escape", local(b"\x1b[2J\x1b]0;x\x07", b"x"))
write("name-is-no-utf8", local(b"\xff\xfe\xc3(", b"x"))
write("name-without-end", b"PK\3\4" + struct.pack("<HHHHHIIIH", 10, 0, 0, 0, 0x21, 0, 0, 0, 0xFFFF) + b"\0\0" + b"a" * 40_000)

# What unpacks to much more: a thousand names for the same four MiB of zeros (4 GiB from some 130 kB), and one file of a GiB.
kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
packed = kernel.compress(bytes(4 * MIB)) + kernel.flush()
head = lambda name: struct.pack("<HHHHHIIIH", 20, 0, 8, 0, 0x21, zlib.crc32(bytes(4 * MIB)), len(packed), 4 * MIB, len(name))
names = [f"a{number:04}".encode() for number in range(1000)]
lines = b"".join(b"PK\1\2\x1e\3" + head(name) + struct.pack("<HHHHII", 0, 0, 0, 0, 0, 0) + name for name in names)
first = b"PK\3\4" + head(names[0]) + b"\0\0" + names[0] + packed
write("bomb-of-overlapping-entries", first + lines + end(len(names), len(lines), len(first)))
made = io.BytesIO()
with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    with archive.open("dossier.pdf", "w", force_zip64=True) as file:
        for _ in range(1024):
            file.write(bytes(MIB))
write("bomb-of-one-entry", made.getvalue())
bomb = gzip_bomb(1)
write("bomb-in-a-batch", whole(case(), evidence__unsealed__000001_json=batch(bomb)))
write("bombs-in-batches", whole(case(), **{f"evidence__unsealed__{n:06}_json": batch(bomb, f"{n:032x}") for n in range(TIMES)}))

# Numbers that lie.
write("says-four-gibibytes", local(b"case.json", b"x", size=0xFFFFFFFE) + end(1, 0, 0))
write("says-less-than-there-is", local(b"case.json", b"x" * 100, size=10) + end(1, 0, 0))
part = local(b"case.json", b"xx")
line = central(b"case.json", b"xx", 0, size=0xFFFFFFFF)
write("directory-says-otherwise", part + line + end(1, len(line), len(part)))
line = central(b"case.json", b"xx", 0)
write("entries-overlap", part + line + central(b"request.json", b"xx", 0) + end(2, 2 * len(line) + 3, len(part)))
write("counts-without-entries", end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF))
far = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2**63, 2**63, 2**63, 2**63)
write("counts-of-64-bits", part + b"PK\6\6" + far + b"PK\6\7" + struct.pack("<IQI", 0, 2**63, 1) + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF))
with open(FOLDER / "a-million-entries.zip", "wb") as file:
    for number in range(1_000_000):
        file.write(local(b"drawings/%07d.svg" % number, b""))
with open(FOLDER / "sums-without-end.zip", "wb") as file:
    file.write(local(b"SHA256SUMS", b"0" * 10 * TIMES * MIB))

# Contents that take more than they are.
nested = b"[" * (7 * MIB)
write("nested-facts", whole(nested))
write("nested-objects", whole(b'{"schema":' * (700 * 1024)))
write("facts-are-no-utf8", whole(b'{"schema":"\xff\xfe"}'))
write("names-of-unknown-fields", whole(case(), **{f"notices__{n:06}_json": b'{"' + b"\\u001b[31m" + b"a" * 200_000 + b'":1}' for n in range(TIMES)}))
write("long-names-of-batches", whole(case(), **{f"evidence__unsealed__{n:06}_json": batch(b"", f"{n}" + "a" * 4 * MIB) for n in range(TIMES)}))
write("too-many-uses-and-sites", whole(case(uses=[use(n) for n in range(20_000)], sites=[site(n) for n in range(10_000)])))
write("as-many-uses-and-sites-as-may-be", whole(case(uses=[use(n) for n in range(64)], sites=[site(n) for n in range(2_000)])))
write("one-site-of-many-figures", whole(case(uses=[use(n) for n in range(64)], sites=[site(1, [figure("x", "y")] * 50_000)])))
write("many-empty-texts", whole(case(area=[figure("x", "y", lacks=[""] * 2_000_000)])))
write("words-of-many-pages", whole(case(), document_json=b'{"blocks":[' + b'{"block":"page"},' * 900_000 + b"]}"))
cells = [{
    "cell": "23096", "communes": ["23096"], "classes": None, "tests": 1, "failures": 1, "clusters": 1, "effective_tests": 1.0,
    "judgement": "contradicted", "counts": [[4_000_000_000, 1]],
}]
rule = (pathlib.Path(__file__).resolve().parents[3] / "crates/evidence/parameters/contradiction-1.toml").read_text()
study = {
    "schema": "desserte-contradiction/1", "rule": "contradiction-1", "rule_text": rule, "level": 0.05, "declaration": None, "required": 0.95,
    "table": {"name": "t.csv", "sha256": "00" * 32}, "coverage": None,
    "columns": {"success": "a", "cell": "b", "cluster": ["c"], "declared": None, "commune": "d", "day": "e", "class": None},
    "days": {"first": "2026-11-02", "last": "2026-11-03"}, "correlation_within_clusters": 0.1,
    "left_out": {"outside_declared_coverage": 0, "without_cell": 0, "without_outcome": 0}, "cells": cells,
}
write("four-thousand-million-tests", whole(case(), verdicts__contradiction_json=json.dumps(study).encode()))

# No archive at all.
write("empty", b"")
write("text", b"Bonjour.\n" * 1000)
write("zeros", bytes(MIB))
write("only-an-end", end(0, 0, 0))
good = whole(case())
write("cut-short", good[: len(good) // 2])
write("followed-by-more", good + b"PK\3\4" * 1000)
