"""Holds Wilson's intervals, given as JSON, against SciPy's, to 1e-9."""

import json
import sys

from scipy.stats import binomtest

cases = json.load(sys.stdin)
wrong = 0
for case in cases:
    found = binomtest(case["successes"], case["count"]).proportion_ci(case["level"], method="wilson")
    if max(abs(found.low - case["low"]), abs(found.high - case["high"])) > 1e-9:
        wrong += 1
        print(case, found)
print(f"{2 * len(cases)} numbers, {wrong} off")
sys.exit(wrong > 0 or not cases)
