"""Holds ours against other programs on the same points and outlines, in one run.

`peers.py OUTLINES.geojson[.gz] TERRITORY.dst POINTS.f64 --measure PROGRAM [--count N] [--rounds N] [--report FILE] [PEER…]`

Each program runs in processes of its own, so that memory and threads of one are not those of another:

- *build*: outlines in memory as WKB (ours: as parsed) until the first point can be asked, what is kept on disk included;
- *find*: positions in memory until every answer is in memory, the best and the median of the rounds;
- *answers*: the lowest outline of each point, compared with what GEOS says (shapely, tree of outlines);
- *first answer*: a new process opens what is on disk, put out of the page cache before, until one point is answered; then
  again with it in the cache. Loading the program and its libraries is not counted, nor starting a server.

Costs are CPU seconds, user and system, because other work on the machine does not count there. PROGRAM is the example
`measure` of crates/territory. PEER is a part of a name; without one, all are tried, and what cannot be had is named with
its reason. Ends with 1 if ours differs from GEOS.
"""

import argparse
import gc
import json
import os
import pickle
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from engines import ENGINES
from points import read

#: A point in Paris, for the first answer.
ONE = (2.3522, 48.8566)

TRUTH = "shapely, tree of outlines"


def cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def resident():
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def evict(folder):
    """Asks the kernel to forget the pages of all files below a path; the host below may still have them."""
    os.sync()
    for path in [folder, *folder.rglob("*")]:
        if path.is_file():
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def lowest(count, pairs):
    """For each point the lowest outline plus one, or zero."""
    found = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(found, pairs[0], np.asarray(pairs[1], dtype=np.int64))
    return np.where(found == np.iinfo(np.int64).max, 0, found + 1)


def one(arguments):
    """Builds and finds, and writes the answers; in a process of its own."""
    engine, folder = ENGINES[arguments.alone](), arguments.folder / "kept"
    folder.mkdir()
    with open(arguments.outlines, "rb") as file:
        outlines = pickle.load(file)
    lon, lat = np.fromfile(arguments.points, "<f8").reshape(2, -1)[:, : arguments.count].copy()
    gc.collect()
    spent = lambda: cpu() + engine.elsewhere()[0] if hasattr(engine, "backend") else cpu()
    memory = lambda: resident() + engine.elsewhere()[1] if hasattr(engine, "backend") else resident()
    before, cost, start = memory(), spent(), time.perf_counter()
    try:
        engine.build(folder, outlines, arguments.threads)
        told = {"build": spent() - cost, "build_wall": time.perf_counter() - start, "index": memory() - before}
        engine.points(lon, lat)
        told |= {"version": engine.version, "costs": [], "walls": []}
        for _ in range(arguments.rounds):
            cost, start = spent(), time.perf_counter()
            pairs = engine.find()
            told["walls"].append(time.perf_counter() - start)
            told["costs"].append(spent() - cost)
        told["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + engine.elsewhere()[1]
        told["file"] = engine.size(folder)
        np.save(arguments.folder / "answers.npy", lowest(len(lon), pairs))
    finally:
        engine.close()
    print(json.dumps(told))


def first(arguments):
    """The first answer from what is on disk; in a process of its own."""
    import pyarrow  # noqa: F401
    import shapely  # noqa: F401

    for name in ["duckdb", "sedonadb", "chdb"]:
        if name in arguments.alone.lower() or (name, arguments.alone[:5]) == ("chdb", "Click"):
            __import__(name)
    engine, folder = ENGINES[arguments.alone](), arguments.folder / "kept"
    if arguments.cold:
        evict(folder)
    try:
        engine.ready(folder)
        start = time.perf_counter()
        found = engine.first(folder, *ONE)
        told = {"first": time.perf_counter() - start, "found": int(min(found, default=-1)) + 1}
    finally:
        engine.close()
    print(json.dumps(told))


def child(arguments, name, threads, folder, *more):
    command = [sys.executable, __file__, arguments.outlines, arguments.territory, arguments.points, "--alone", name]
    command += ["--folder", folder, "--threads", threads, "--count", arguments.count, "--rounds", arguments.rounds, *more]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["?"])[-1][:300])
    return json.loads(done.stdout.splitlines()[-1])


def as_wkb(arguments, folder):
    """Writes the outlines as a list of WKB, once for all processes."""
    import shapely

    outlines = [shapely.to_wkb(shapely.from_geojson(json.dumps(g))) for g in read(arguments.outlines)[1]]
    arguments.outlines = Path(folder) / "outlines.pickle"
    with open(arguments.outlines, "wb") as file:
        pickle.dump(outlines, file)


def peer(arguments, name):
    """What a program did on one and two threads, or why it could not."""
    told = {}
    for threads in [1, 2]:
        with tempfile.TemporaryDirectory(prefix="peers-", ignore_cleanup_errors=True) as folder:
            try:
                told[threads] = child(arguments, name, threads, folder)
                told[threads]["answers"] = np.load(Path(folder) / "answers.npy")
                for state in ["--cold", "--warm"] if threads == 1 else []:
                    told[state] = child(arguments, name, 1, folder, "--first", state)["first"]
            except RuntimeError as error:
                print(f"{name}, {threads} threads: {error}", flush=True)
                if threads not in told:
                    return told if threads > 1 else {"refusal": str(error)}
    return told


def ours(arguments):
    """The same of ours, from what `measure` says as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        few, answers = Path(folder) / "points.f64", Path(folder) / "answers.u32"
        np.fromfile(arguments.points, "<f8").reshape(2, -1)[:, : arguments.count].tofile(few)
        ask = lambda *more: json.loads(
            subprocess.run([arguments.measure, *more, "--json"], check=True, capture_output=True, text=True).stdout
        )
        one_point = Path(folder) / "one.f64"
        np.array(ONE).tofile(one_point)
        told = {}
        for state in ["--cold", "--warm"]:
            if state == "--cold":
                evict(Path(arguments.territory))
            told[state] = ask(arguments.territory, one_point)["first"]
        for threads in [1, 2]:
            told[threads] = ask(arguments.territory, few, str(threads), "--answers", answers, "--build")
            told[threads]["answers"] = np.fromfile(answers, "<u4").astype(np.int64)
            told[threads]["file"] = Path(arguments.territory).stat().st_size
        return told


def row(name, told, truth, count):
    if "refusal" in told:
        return f"| {name} | not to be had: {told['refusal']} |" + " |" * 9
    single, double = told[1], told.get(2)
    million = count / 1e6
    cost = lambda of: f"{min(of['costs']) / million:.3g} ({np.median(of['costs']) / million:.3g})" if of else ""
    rate = lambda of: f"{million / min(of['walls']):.3g}" if of else ""
    wait = lambda state: f"{told[state] * 1e3:.4g}" if state in told else ""
    different = int((single["answers"] != truth).sum())
    return (
        f"| {name}: {single['version']} | {cost(single)} | {cost(double)} | {rate(single)} | {rate(double)} | "
        f"{single['build']:.3g} | {single['file'] / 1e6:.1f} | {wait('--cold')} | {wait('--warm')} | "
        f"{single['index']:.0f} | {different} |"
    )


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC; commit {commit.stdout.strip() or '?'}; {os.cpu_count()} × "
        f"{model[1] if model else '?'}, {memory:.0f} GiB; load {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}"
    )


HEAD = """| program | CPU s per million: one thread, best (median) | two threads | million points per s (wall): one | two \
| build, CPU s | on disk, MB | first answer, cold, ms | warm, ms | index in memory, MiB | answers unlike GEOS |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def main():
    parser = argparse.ArgumentParser()
    for name in ["outlines", "territory", "points"]:
        parser.add_argument(name)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", default="measure")
    parser.add_argument("--report", type=Path)
    # For the processes that this one starts.
    parser.add_argument("--alone")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--folder", type=Path)
    for name in ["first", "cold", "warm"]:
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("peers", nargs="*")
    arguments = parser.parse_intermixed_args()
    if arguments.alone:
        first(arguments) if arguments.first else one(arguments)
        return
    names = [n for n in ENGINES if n == TRUTH or not arguments.peers or any(p in n for p in arguments.peers)]
    lines = [machine(), "", f"{arguments.count} points of {Path(arguments.points).name}", "", HEAD]
    print("\n".join(lines), flush=True)
    mine, told = ours(arguments), {}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        as_wkb(arguments, folder)
        for name in names:
            told[name] = peer(arguments, name)
    truth = told[TRUTH][1]["answers"]
    rows = [row("ours", mine, truth, arguments.count)]
    rows += [row(name, told[name], truth, arguments.count) for name in names]
    print("\n".join(rows), flush=True)
    if arguments.report:
        arguments.report.write_text("\n".join(lines + rows) + "\n")
    sys.exit(bool((mine[1]["answers"] != truth).any()))


if __name__ == "__main__":
    main()
