"""Holds `desserte equity index` against PySAL, SciPy and NumPy on seeded tables: `compare.py PROGRAM [SEED]`.

PySAL's `inequality` knows no weights: it gets each row as often as its whole weight says. Ends with 1 if a number is off
by more than 1e-9, relative to it or absolute if it is below 1.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import draws
import numpy as np
import scipy
from pysal import Gini, Theil, TheilD, atkinson
from scipy.stats import norm, rankdata
from scipy.stats import t as student

TOLERANCE = 1e-9
LINE, CAP = 30.0, 100.0

# Most rows, by what they are worth, whose draws are studentised, and most groups that each of them is made without.
FEW, GROUPS = 500, 16


def world(chance, rows):
    """Rates, weights whose sum is a multiple of ten, groups and incomes."""
    rate = np.round(np.exp(chance.normal(4, 1.2, rows)), 3) + 0.001
    weight = chance.integers(1, 60, rows)
    weight[-1] += -weight.sum() % 10
    group = chance.permutation(np.arange(rows) % 4)
    income = chance.integers(8, 40, rows) * 1000 + np.round(rate)
    return rate, weight, group, income


def ask(program, columns, *options):
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "t.csv"
        with open(table, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["rate", "weight", "group", "income"])
            writer.writerows(zip(*(column.tolist() for column in columns)))
        command = [program, "equity", "index", table, "--value", "rate", "--weight", "weight", "--json", *options]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def indices(values, line):
    """The figures by name, of a population of equals."""
    mean = values.mean()
    gap = np.where(values < line, (line - values) / line, 0.0)
    ranked = np.sort(values)
    tenth = len(values) // 10
    return {
        "mean": mean,
        "gini": Gini(values).g,
        "theil_t": Theil(values).T,
        "theil_l": np.log(mean / values).mean(),
        "atkinson_0.5": atkinson(values, 0.5),
        "atkinson_1": atkinson(values, 1),
        "atkinson_2": 1 - scipy.stats.hmean(values) / mean,
        "palma": ranked[-tenth:].sum() / ranked[: 4 * tenth].sum(),
        "fgt0": (values < line).mean(),
        "fgt1": gap.mean(),
        "fgt2": (gap**2).mean(),
    }


def expected(columns):
    """Names of numbers in the answer, as paths, with what they should be."""
    rate, weight, group, income = columns
    people, groups, incomes = (np.repeat(column, weight) for column in (rate, group, income))
    for name, value in indices(people, LINE).items():
        yield name, value
    for name, value in indices(np.minimum(people, CAP), LINE).items():
        yield f"top_coded.{name}", value
    parts = TheilD(people, groups)
    yield "split.theil_t.between", parts.bg.item()
    yield "split.theil_t.within", parts.wg.item()
    means = np.array([people[groups == of].mean() for of in range(4)])
    shares = np.bincount(groups, minlength=4) / len(people)
    yield "split.theil_l.between", (shares * np.log(people.mean() / means)).sum()
    yield "split.theil_l.within", np.log(means[groups] / people).mean()
    rank = (rankdata(incomes) - 0.5) / len(people)
    yield "concentration", 2 * np.cov(people, rank, ddof=0)[0, 1] / people.mean()
    for name, share in (("p10", 0.1), ("p20", 0.2), ("p50", 0.5), ("p80", 0.8), ("p90", 0.9)):
        yield f"quantiles.{name}", np.quantile(rate, share, weights=weight, method="inverted_cdf")
    yield "effective_count", weight.sum() ** 2 / (weight**2).sum()


def weighted_gini(values, weights):
    """Of each row of weights; values rise."""
    below = np.cumsum(weights, axis=-1) - weights / 2
    held = weights * values
    return 2 * (held * below).sum(-1) / (weights.sum(-1) * held.sum(-1)) - 1


class Taken(np.random.Generator):
    """A generator that has drawn already: SciPy takes what the program took."""

    def __init__(self, taken):
        super().__init__(np.random.PCG64(0))
        self.taken = taken

    def integers(self, low, high=None, size=None, **_):
        assert size == self.taken.shape
        return self.taken


def bca(of, rows, taken, worth, level):
    """SciPy's BCa at the level that so many clusters widen (Hesterberg 2015)."""
    z = student.ppf((1 + level) / 2, worth - 1) * np.sqrt(worth / (worth - 1))
    found = scipy.stats.bootstrap(
        (np.arange(rows),), of, n_resamples=len(taken), vectorized=True, method="BCa", axis=-1,
        confidence_level=2 * norm.cdf(z) - 1, rng=Taken(taken),
    )
    return found.confidence_interval


def studentised(of, rows, taken, level):
    """Bootstrap-t with the jackknife over groups of what was taken."""
    groups = min(rows, GROUPS)

    def jackknife(taken):
        whole = of(taken)
        left = np.stack([of(taken[..., np.arange(rows) % groups != group]) for group in range(groups)])
        middle = groups * whole - (groups - 1) * left.mean(0)
        return middle, np.sqrt((groups - 1) / groups * ((left - left.mean(0)) ** 2).sum(0))

    middle, error = jackknife(np.array(draws.shuffled(rows, 0, 2**64 - 1)))
    middles, errors = jackknife(taken)
    t = (middles - of(np.arange(rows))) / errors
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    return middle - high * error, middle - low * error


def intervals(columns, answer, seed, count):
    """The same draws, made again, give the same intervals."""
    order = np.lexsort((np.arange(len(columns[0])), columns[1], columns[0]))
    rate, weight = columns[0][order], columns[1][order]
    rows = len(rate)
    worth = weight.sum() ** 2 / (weight**2).sum()
    taken = draws.places(seed, count, rows)
    log = np.log(rate)

    def mean(at, axis=-1):
        return (weight[at] * rate[at]).sum(axis) / weight[at].sum(axis)

    def gini(at, axis=-1):
        at = np.sort(at, axis=axis)
        return weighted_gini(rate[at], weight[at])

    def theil_l(at, axis=-1):
        return np.log(mean(at)) - (weight[at] * log[at]).sum(axis) / weight[at].sum(axis)

    read_at = answer["bootstrap"]["read_at"]
    for name, of, highest, kind in (
        ("gini", gini, 1, "index"), ("mean", mean, np.inf, "mean"), ("theil_l", theil_l, np.inf, "index"),
    ):
        if answer["bootstrap"]["intervals"][name] is None:
            continue
        ends = (
            studentised(of, rows, taken, read_at[kind])
            if worth <= FEW
            else bca(of, rows, taken, worth, read_at[kind])
        )
        low, high = np.clip(ends, 0, highest)
        yield f"bootstrap.intervals.{name}.0", low
        yield f"bootstrap.intervals.{name}.1", high


def at(answer, path):
    for key in path.split(".") if not path.startswith("top_coded.") else path.split(".", 1):
        answer = answer[int(key)] if isinstance(answer, list) else answer[key]
    return answer


def find(answer, path):
    # Names of figures have points in them: atkinson_0.5.
    return answer[path] if path in answer else at(answer, path)


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 6
    chance = np.random.default_rng(seed)
    compared, wrong, worst = 0, 0, 0.0
    for rows in (7, 40, 90, 700, 3000):
        columns = world(chance, rows)
        options = ["--group", "group", "--rank", "income", "--poverty-line", str(LINE), "--top-code", str(CAP)]
        options += ["--bootstrap", "2000", "--seed", str(seed)]
        answer = ask(program, columns, *options)
        pairs = list(expected(columns))
        if answer["bootstrap"]["intervals"] and rows <= 700:
            pairs += intervals(columns, answer, seed, 2000)
        for path, value in pairs:
            found = find(answer, path)
            off = abs(found - value) / max(1.0, abs(value))
            compared, worst = compared + 1, max(worst, off)
            if not off <= TOLERANCE:
                wrong += 1
                print(f"{rows} rows, {path}: {found!r}, expected {float(value)!r}")
    print(f"{compared} numbers, {wrong} off by more than {TOLERANCE}; largest difference {worst:.1e}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
