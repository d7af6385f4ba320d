"""Rules at their best learning rates and at equal KL divergence: distance.py COMPARISON.json REFERENCE [FOLD]

COMPARISON.json is of `prerl compare --all-steps`; entries are named RULE-RATE, or RULE alone. A unit is a seed of one base,
or a base (the mean of its seeds) where there are several. With FOLD (such as transitions_fold) the second table shows this
statistic beside the accuracy. Standard library only.
"""

import json
import re
import signal
import sys
from math import log, sqrt
from pathlib import Path

DISTANCES = (0.2, 0.5, 1.0)
T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]


def interval(values):
    """Mean, half width, two-sided p of values by (base, seed): over seeds of one base, or over the means of bases."""
    bases = {}
    for (base, _), value in values.items():
        bases.setdefault(base, []).append(value)
    groups = list(bases.values())
    values = groups[0] if len(groups) == 1 else [sum(group) / len(group) for group in groups]
    count = len(values)
    if count == 0:
        return None
    mean = sum(values) / count
    if count < 2:
        return mean, None, None
    error = sqrt(sum((v - mean) ** 2 for v in values) / (count - 1) / count)
    return mean, T975[count - 2] * error, p_value(mean / error, count - 1) if error else None


def p_value(t, degrees):
    """Two-sided p of Student's t for whole degrees of freedom: the finite series of Abramowitz and Stegun 26.7.3 and 4."""
    from math import atan, cos, pi, sin

    angle = atan(abs(t) / sqrt(degrees))
    if degrees % 2:
        total, term = angle, cos(angle) * sin(angle)
        for k in range(1, degrees - 1, 2):
            total += term
            term *= cos(angle) ** 2 * (k + 1) / (k + 2)
        return 1 - 2 / pi * total
    total, term = 0.0, sin(angle)
    for k in range(0, degrees - 1, 2):
        total += term
        term *= cos(angle) ** 2 * (k + 1) / (k + 2)
    return 1 - total


def holm(values):
    order = sorted((p, key) for key, p in values.items() if p is not None)
    adjusted, largest = {}, 0.0
    for rank, (p, key) in enumerate(order):
        largest = max(largest, min(1, (len(order) - rank) * p))
        adjusted[key] = largest
    return adjusted


def read(path, fold):
    """{rule: {rate: {unit: [(step, accuracy, kl, fold)]}}}"""
    rules = {}
    for entry in json.loads(Path(path).read_text()):
        match = re.fullmatch(r"(.*)-(\d+e-\d+)", entry["run"])
        rule, rate = match.groups() if match else (entry["run"], "")
        # A run by base and seed, so that runs of several rules find their partners.
        units = list(zip(entry["base_of_run"], entry["seeds"]))
        for step, numbers in sorted(entry["steps"].items(), key=lambda item: int(item[0])):
            for place, unit in enumerate(units):
                rules.setdefault(rule, {}).setdefault(rate, {}).setdefault(unit, []).append((
                    int(step), numbers["accuracy"]["values"][place],
                    numbers["kl_to_base"]["values"][place],
                    numbers[fold]["values"][place] if fold else 0.0))
    return rules


def best(rates):
    """Accuracy at the last step by unit, each at the rate that is best on the other seeds."""
    last = {rate: {unit: points[-1][1] for unit, points in units.items()} for rate, units in rates.items()}
    result, chosen = {}, []
    for unit in next(iter(last.values())):
        def on_others(rate):
            return sum(v for u, v in last[rate].items() if u != unit)
        rate = max(last, key=on_others)
        chosen.append(rate)
        result[unit] = last[rate][unit]
    return result, chosen


def at_distance(rates, unit, distance, place):
    """A statistic at a KL divergence, linear in its logarithm between the runs' neighbouring points; None outside."""
    points = sorted(
        (point[2], point[place]) for units in rates.values() for point in units[unit] if point[2] > 0)
    for (a, x), (b, y) in zip(points, points[1:]):
        if a <= distance <= b and a < b:
            return x + (y - x) * (log(distance) - log(a)) / (log(b) - log(a))
    return None


def cell(found, adjusted):
    if found is None:
        return "-"
    mean, reach, _ = found
    ends = f" ({mean - reach:+.3f} .. {mean + reach:+.3f})" if reach is not None else ""
    return f"{mean:+.3f}{ends}" + (f" p {adjusted:.2g}" if adjusted is not None else "")


def main():
    path, reference = sys.argv[1], sys.argv[2]
    fold = sys.argv[3] if len(sys.argv) > 3 else None
    rules = read(path, fold)
    if len(next(iter(rules.values()))) > 1:
        print(f"\nbest rate of each, chosen on the other seeds, last step, minus {reference} (p by Holm)")
        own, _ = best(rules[reference])
        found, chosen = {}, {}
        for rule, rates in rules.items():
            values, chosen[rule] = best(rates)
            if rule != reference:
                found[rule] = interval({u: values[u] - own[u] for u in values if u in own})
        adjusted = holm({rule: value[2] for rule, value in found.items() if value})
        for rule in rules:
            rates = ", ".join(sorted(set(chosen[rule])))
            difference = "" if rule == reference else cell(found[rule], adjusted.get(rule))
            print(f"{rule:12} {rates:16} {difference}")

    for distance in DISTANCES:
        print(f"\nat a KL divergence of {distance} nat: accuracy, minus {reference} (p by Holm)"
              + (f", {fold}" if fold else ""))
        found, means, folds = {}, {}, {}
        for rule, rates in rules.items():
            values = {u: at_distance(rates, u, distance, 1) for u in next(iter(rates.values()))}
            known = [v for v in values.values() if v is not None]
            means[rule] = f"{sum(known) / len(known):.3f} ({len(known)})" if known else "-"
            if fold:
                known = [v for v in (at_distance(rates, u, distance, 3) for u in values) if v is not None]
                folds[rule] = f"x{sum(known) / len(known):.1f}" if known else "-"
            if rule != reference:
                base = {u: at_distance(rules[reference], u, distance, 1) for u in values}
                found[rule] = interval({
                    u: v - base[u] for u, v in values.items() if v is not None and base.get(u) is not None})
        adjusted = holm({rule: value[2] for rule, value in found.items() if value})
        for rule in rules:
            difference = "" if rule == reference else cell(found[rule], adjusted.get(rule))
            print(f"{rule:12} {means[rule]:12} {difference:44} {folds.get(rule, '')}")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    main()
