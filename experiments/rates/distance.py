"""Rules at their best learning rates and at equal KL divergence: distance.py COMPARISON.json REFERENCE [FOLD]

COMPARISON.json is of `prerl compare --all-steps`; entries are named RULE-RATE, or RULE alone. Differences are paired by base
and seed; intervals are over seeds of one base, or over bases (the means of their seeds) where there are several. With FOLD
(such as transitions_fold) this statistic is compared at equal divergence, too. Standard library only.
"""

import json
import re
import signal
import sys
from math import log
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, over_bases, student  # noqa: E402

DISTANCES = (0.2, 0.5, 1.0)


def read(path, statistics):
    """{rule: {rate: {(base, seed): [(KL, statistics...) at each step]}}}"""
    rules = {}
    for entry in json.loads(Path(path).read_text()):
        match = re.fullmatch(r"(.*)-(\d+e-\d+)", entry["run"])
        rule, rate = match.groups() if match else (entry["run"], "")
        for _, numbers in sorted(entry["steps"].items(), key=lambda item: int(item[0])):
            for place, unit in enumerate(zip(entry["base_of_run"], entry["seeds"])):
                rules.setdefault(rule, {}).setdefault(rate, {}).setdefault(unit, []).append(
                    [numbers[name]["values"][place] for name in ("kl_to_base", *statistics)])
    return rules


def best(rates):
    """Accuracy at the last step by unit, each at the rate that is best on the other units."""
    last = {rate: {unit: points[-1][1] for unit, points in units.items()} for rate, units in rates.items()}
    result, chosen = {}, set()
    for unit in next(iter(last.values())):
        rate = max(last, key=lambda rate: sum(v for u, v in last[rate].items() if u != unit))
        chosen.add(rate)
        result[unit] = last[rate][unit]
    return result, chosen


def at_distance(rates, unit, distance, place):
    """A statistic at a KL divergence, linear in its logarithm between a unit's neighbouring points; None outside."""
    points = sorted(
        (point[0], point[place]) for units in rates.values() for point in units.get(unit, []) if point[0] > 0)
    for (a, x), (b, y) in zip(points, points[1:]):
        if a <= distance <= b and a < b:
            return x + (y - x) * (log(distance) - log(a)) / (log(b) - log(a))
    return None


def table(title, values, reference, decimals):
    """A line a rule: the mean, the number of units that have a value, and the difference from the reference."""
    found = {}
    for rule, own in values.items():
        if rule != reference:
            pairs = {u: v - values[reference][u] for u, v in own.items() if u in values[reference]}
            found[rule] = student(over_bases(pairs)) if pairs else (None, None, None)
    adjusted = holm({rule: value[2] for rule, value in found.items()})
    print(f"\n{title}, minus {reference} (p by Holm for {len(adjusted)} comparisons)")
    for rule, own in values.items():
        mean = f"{sum(own.values()) / len(own):.{decimals}f} ({len(own)})" if own else "-"
        difference = cell(*found[rule][:2], adjusted.get(rule)) if rule in found else ""
        print(f"{rule:12} {mean:12} {difference}".rstrip())


def main():
    path, reference, *folds = sys.argv[1:]
    statistics = ["accuracy", *folds]
    rules = read(path, statistics)
    if reference not in rules:
        sys.exit(f"{path}: has no {reference} (expected one of: {', '.join(rules)})")
    if len(next(iter(rules.values()))) > 1:
        found = {rule: best(rates) for rule, rates in rules.items()}
        title = "best rate of each rule, chosen on the other seeds: accuracy at the last step"
        table(title, {rule: values for rule, (values, _) in found.items()}, reference, 3)
        print("rates: " + "; ".join(f"{rule} {', '.join(sorted(chosen))}" for rule, (_, chosen) in found.items()))
    for place, statistic in enumerate(statistics, 1):
        for distance in DISTANCES:
            values = {}
            for rule, rates in rules.items():
                units = {unit for of_rate in rates.values() for unit in of_rate}
                known = {unit: at_distance(rates, unit, distance, place) for unit in sorted(units)}
                values[rule] = {unit: value for unit, value in known.items() if value is not None}
            table(f"at a KL divergence of {distance} nat: {statistic}", values, reference, 3 if place == 1 else 1)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    main()
