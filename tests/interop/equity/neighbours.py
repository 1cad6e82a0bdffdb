"""Holds `desserte equity moran` against PySAL's `esda` on seeded fields: `neighbours.py PROGRAM [SEED]`.

Index, expected index, local indices (esda divides the squares by n - 1, the program by n) and quadrants are esda's. How rare they are is
found from the program's own shuffles, made again with `draws.py`. Ends with 1 if a number is off by more than 1e-9.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import draws
import numpy as np
from pysal import Moran, Moran_Local, W

SHUFFLES, LOCAL_STREAMS, TOLERANCE = 999, 1 << 32, 1e-9
QUADRANTS = {"high_high": 1, "low_high": 2, "low_low": 3, "high_low": 4}


def field(chance, side, likeness):
    """Values on a square grid whose columns are alike to some degree; a place without neighbour, and one without value."""
    values = likeness * np.repeat(np.arange(side), side) + np.exp(chance.normal(0, 1, side * side))
    pairs = [(at, at + 1) for at in range(side * side) if (at + 1) % side]
    pairs += [(at, at + side) for at in range(side * (side - 1))]
    missing = 2 * side + 1
    return values, pairs, missing


def ask(program, values, pairs, missing, seed):
    with tempfile.TemporaryDirectory() as folder:
        table, beside = Path(folder) / "t.csv", Path(folder) / "n.csv"
        cells = ["" if at == missing else repr(value) for at, value in enumerate(values.tolist())]
        rows = [f"p{at},{cell}" for at, cell in enumerate(cells)] + ["island,3.5"]
        table.write_text("\n".join(["code,y", *rows]) + "\n")
        beside.write_text("\n".join(["one,other", *(f"p{one},p{other}" for one, other in pairs)]) + "\n")
        command = [program, "equity", "moran", table, "--value", "y", "--neighbours", beside]
        command += ["--seed", str(seed), "--shuffles", str(SHUFFLES), "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def global_p(z, around, index, seed):
    found = []
    for number in range(SHUFFLES):
        moved = z[draws.shuffled(len(z), seed, number)]
        found.append(sum(moved[at] * moved[near].mean() for at, near in enumerate(around)) / (z**2).sum())
    found = np.array(found)
    return ((np.abs(found - found.mean()) >= abs(index - found.mean())).sum() + 1) / (SHUFFLES + 1)


def local_p(z, around, place, seed):
    size = len(around[place])
    chance = draws.Chance(seed, LOCAL_STREAMS + place, 2 * SHUFFLES * size + 64)
    observed = z[place] * z[around[place]].mean()
    low = high = 1
    for _ in range(SHUFFLES):
        taken = []
        while len(taken) < size:
            other = chance.below(len(z) - 1)
            other += other >= place
            if other not in taken:
                taken.append(other)
        found = z[place] * z[taken].mean()
        low += found <= observed + 1e-12 * abs(observed)
        high += found >= observed - 1e-12 * abs(observed)
    return min(1.0, 2 * min(low, high) / (SHUFFLES + 1))


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 6
    chance = np.random.default_rng(seed)
    compared, wrong = 0, 0
    for side, likeness in ((7, 0.0), (8, 0.5)):
        values, pairs, missing = field(chance, side, likeness)
        answer = ask(program, values, pairs, missing, seed)
        kept = [at for at in range(side * side) if at != missing]
        place = {at: number for number, at in enumerate(kept)}
        beside = {number: [] for number in range(len(kept))}
        for one, other in pairs:
            if missing not in (one, other):
                beside[place[one]].append(place[other])
                beside[place[other]].append(place[one])
        weights, y = W(beside, silence_warnings=True), values[kept]
        whole = Moran(y, weights, transformation="r", permutations=0)
        local = Moran_Local(y, weights, transformation="r", permutations=0)
        z, around = y - y.mean(), [sorted(near) for near in beside.values()]
        count = len(kept)
        expected = {"moran": whole.I, "expected": whole.EI, "p_value": global_p(z, around, whole.I, seed)}
        told = [answer["local"][at] for at in kept]
        pairs_told = [(answer[name], value, name) for name, value in expected.items()]
        pairs_told += [(told[at]["index"], local.Is[at] * count / (count - 1), f"local {at}") for at in range(count)]
        pairs_told += [(QUADRANTS[told[at]["quadrant"]], local.q[at], f"quadrant {at}") for at in range(count)]
        some = range(0, count, max(1, count // 6))
        pairs_told += [(told[at]["p_value"], local_p(z, around, at, seed), f"p {at}") for at in some]
        pairs_told += [(answer["places_used"], count, "places"), (len(answer["without_neighbour"]), 1, "islands")]
        for found, value, name in pairs_told:
            compared += 1
            if not abs(found - value) <= TOLERANCE * max(1.0, abs(value)):
                wrong += 1
                print(f"side {side}, {name}: {found!r}, expected {value!r}")
    print(f"{compared} numbers, {wrong} off by more than {TOLERANCE}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
