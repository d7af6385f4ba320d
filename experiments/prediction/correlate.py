"""Predicted against realised gains of update rules: usage correlate.py REGISTERED RUNS BASE...

Predicted is a rule's surrogate efficiency, in Adam's metric and raw, as REGISTERED/BASE.json has it.
Realised is its gain in held-out accuracy over the base after 10 steps, relative to RL's at the same
learning rate. Each base and learning rate ranks its rules by itself (Spearman, RL left out, which is 1
by definition), all of them and those that look at rewards; the mean over bases has Student's interval
over bases, the independent unit: few.
Standard library only. Writes RUNS/prediction.json.
"""

import json
import signal
import sys
from itertools import product
from math import isnan, sqrt
from pathlib import Path

RULES = {
    "prerl": "PreRL", "nsr-prerl": "NSR-PreRL", "psr-prerl": "PSR-PreRL",
    "drift-prerl": "drift-PreRL", "nsr-rl": "NSR-RL", "psr-rl": "PSR-RL", "drift-rl": "drift-RL",
}  # fmt: skip
STEPS = ("5", "10")
T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365]


def ranks(values):
    """Ranks from 1, ties shared."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            result[place] = (start + end) / 2 + 1
        start = end + 1
    return result


def spearman(pairs):
    if len(pairs) < 3:
        return float("nan")
    a, b = (ranks(list(side)) for side in zip(*pairs))
    mean = (len(pairs) + 1) / 2
    products = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    norm = sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return products / norm if norm else float("nan")


def interval(values):
    """Mean of correlations with Student's 95% interval, cut at 1."""
    values = [value for value in values if not isnan(value)]
    if not values:
        return None
    mean = sum(values) / len(values)
    if len(values) < 2:
        return {"mean": mean, "low": None, "high": None, "n": len(values)}
    error = sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
    reach = T975[len(values) - 2] * error
    return {"mean": mean, "low": max(-1, mean - reach), "high": min(1, mean + reach), "n": len(values)}


def accuracy(entries, name, step):
    entry = next(entry for entry in entries if entry["run"] == name)
    return entry["steps"][step]["accuracy"]["mean"]


def main():
    registered, runs, bases = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    points = []
    for base in bases:
        predicted = json.loads((registered / f"{base}.json").read_text())["rules"]
        entries = json.loads((runs / f"{base}.json").read_text())
        for rate in sorted({entry["run"].split("-", 1)[-1][-4:] for entry in entries}):
            for step in STEPS:
                start = accuracy(entries, f"grpo-{rate}", "0")
                reference = accuracy(entries, f"grpo-{rate}", step) - start
                for rule, title in RULES.items():
                    gain = accuracy(entries, f"{rule}-{rate}", step) - start
                    points.append({
                        "base": base, "learning_rate": rate, "step": int(step), "rule": title,
                        "raw": predicted[title]["efficiency"]["estimate"],
                        "adam": predicted[title]["adam_efficiency"]["estimate"],
                        "gain": gain, "gain_of_rl": reference, "realised": gain / reference,
                    })  # fmt: skip
    result = {"points": points, "spearman": {}}
    print(f"{'rules':9} {'metric':6} {'rate':5} {'step':>4}  rank correlation: mean over bases, each base")
    rates = sorted({point["learning_rate"] for point in points})
    for rules, metric, rate, step in product(("all", "rewarded"), ("raw", "adam"), rates, STEPS):
        values = []
        for base in bases:
            # A rule whose efficiency could not be estimated has no prediction, and no rank.
            values.append(spearman([
                (p[metric], p["realised"])
                for p in points
                if (p["base"], p["learning_rate"], p["step"]) == (base, rate, int(step))
                and (rules == "all" or not p["rule"].startswith("drift"))
                and p[metric] is not None
            ]))  # fmt: skip
        mean = interval(values)
        result["spearman"][f"{rules}/{metric}/{rate}/{step}"] = {"bases": values, **(mean or {})}
        if mean:
            ends = f"{mean['low']:.2f} .. {mean['high']:.2f}" if mean["low"] is not None else "-"
            each = " ".join(f"{value:5.2f}" for value in values)
            print(f"{rules:9} {metric:6} {rate:5} {step:>4}  {mean['mean']:5.2f}  {ends:>13}  {each}")
    print("\ngain relative to RL's: predicted (raw, Adam), realised after 10 steps at each rate")
    print(f"{'rule':12}" + "".join(f"{base:>{14 + 6 * len(rates)}}" for base in bases))
    for rule in RULES.values():
        row = f"{rule:12}"
        for base in bases:
            own = [p for p in points if (p["base"], p["rule"], p["step"]) == (base, rule, 10)]
            cells = [own[0]["raw"], own[0]["adam"]] + [
                p["realised"] for rate in rates for p in own if p["learning_rate"] == rate
            ]
            row += " ".join("    -" if c is None else f"{c:5.2f}" for c in cells).rjust(
                14 + 6 * len(rates))
        print(row)
    (runs / "prediction.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    main()
