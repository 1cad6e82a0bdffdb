"""Times 10,000 draws of as many rows as France has communes: `bench.py PROGRAM [ROUNDS]`, beside NumPy in the same run.

Both draw the rows with replacement and compute, for each draw, mean, Gini, Theil T and L, three Atkinson indices, Palma and
FGT 0 to 2. NumPy does so by the same plan (sort once, logarithms once, counts for each draw), with threads as many; its time
is that of fewer draws, scaled. Times of the program include start, reading of the table and the BCa correction.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROWS, DRAWS, SHORTENED, THREADS, LINE = 34_875, 10_000, 10, 2, 30.0


def table(folder):
    chance = np.random.default_rng(6)
    values, weights = np.exp(chance.normal(4, 1, ROWS)), np.ceil(np.exp(chance.normal(6, 1.4, ROWS)))
    path = folder / "t.csv"
    path.write_text("y,w\n" + "".join(f"{value!r},{int(weight)}\n" for value, weight in zip(values.tolist(), weights)))
    return path, values, weights


def with_numpy(values, weights, count):
    order = np.argsort(values)
    y, w = values[order], weights[order]
    log, root, inverse = np.log(y), np.sqrt(y), 1 / y
    poor = np.searchsorted(y, LINE)
    gap = (LINE - y[:poor]) / LINE
    gap2 = gap**2

    def some(seed):
        chance = np.random.default_rng(seed)
        found = np.empty((count // THREADS, 11))
        for row in found:
            drawn = w * np.bincount(chance.integers(0, ROWS, ROWS), minlength=ROWS)
            below = np.cumsum(drawn)
            held = drawn * y
            reached = np.cumsum(held)
            weight, total = below[-1], reached[-1]
            mean = total / weight
            ranked = held @ (2 * below - drawn)
            bottom, top = np.interp([0.4 * weight, 0.9 * weight], below, reached)
            row[:] = (
                mean,
                ranked / (weight * total) - 1,
                held @ log / total - np.log(mean),
                np.log(mean) - drawn @ log / weight,
                1 - (drawn @ root / weight) ** 2 / mean,
                1 - np.exp(drawn @ log / weight) / mean,
                1 - weight / (drawn @ inverse) / mean,
                (total - top) / bottom,
                below[poor - 1] / weight,
                drawn[:poor] @ gap / weight,
                drawn[:poor] @ gap2 / weight,
            )
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        return np.quantile(np.concatenate(list(pool.map(some, range(THREADS)))), [0.025, 0.975], axis=0)


def timed(work, who):
    before, start = resource.getrusage(who), time.perf_counter()
    work()
    wall, after = time.perf_counter() - start, resource.getrusage(who)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        path, values, weights = table(Path(folder))
        command = [program, "equity", "index", path, "--value", "y", "--weight", "w", "--poverty-line", str(LINE)]
        command += ["--bootstrap", str(DRAWS), "--seed", "1", "--threads", str(THREADS), "--json"]
        ours, theirs = [], []
        for _ in range(rounds):
            run = lambda: subprocess.run(command, check=True, capture_output=True)
            ours.append(timed(run, resource.RUSAGE_CHILDREN))
            wall, cpu = timed(lambda: with_numpy(values, weights, DRAWS // SHORTENED), resource.RUSAGE_SELF)
            theirs.append((wall * SHORTENED, cpu * SHORTENED))
    middle = lambda pairs: [statistics.median(side) for side in zip(*pairs)]
    ours, theirs = middle(ours), middle(theirs)
    print(f"{DRAWS} draws of {ROWS} rows, {THREADS} threads, medians of {rounds} rounds")
    print(f"desserte {ours[0]:.2f} s wall, {ours[1]:.2f} s CPU")
    print(f"NumPy {np.__version__} {theirs[0]:.2f} s wall, {theirs[1]:.2f} s CPU (scaled from {DRAWS // SHORTENED} draws)")
    print(f"ratio {theirs[0] / ours[0]:.1f} wall, {theirs[1] / ours[1]:.1f} CPU")


if __name__ == "__main__":
    main()
