"""Predicted against realised gains of update rules: calibrate.py REGISTERED COMPARISONS OUTPUT.json BASE...

Predicted is what REGISTERED/BASE.json (prerl surrogate --summary) says of a rule's gain relative to RL's:
  raw    the first-order gain at equal step length, without noise
  adam   the first-order gain of Adam's first step on one batch, with its noise
and two nulls:
  other  the mean of the raw predictions of the other bases
  order  a fixed order: after the prompt > null context with both signs > one-sided > drift
and a null of sizes that was not registered:
  other-adam  the mean of the adam predictions of the other bases
Realised is the gain in held-out accuracy, relative to that of RL (GRPO, centered) at the same learning rate and step, as
COMPARISONS/BASE.json (prerl compare --all-steps) has it. Rules are ranked within each base and learning rate (Spearman, RL
left out); means over bases have Student's interval over bases. A difference of two correlations is over the rules that both rank,
with p by Holm over all of them. The error of a prediction is |realised - predicted|, for
the rules that look at rewards. Standard library only.
"""

import json
import signal
import sys
from itertools import product
from math import sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import paired  # noqa: E402

RULES = {
    "prerl": "PreRL", "nsr-prerl": "NSR-PreRL", "psr-prerl": "PSR-PreRL",
    "drift-prerl": "drift-PreRL", "nsr-rl": "NSR-RL", "psr-rl": "PSR-RL", "drift-rl": "drift-RL",
}  # fmt: skip
ORDER = {
    "NSR-RL": 3, "PSR-RL": 3, "PreRL": 2, "NSR-PreRL": 1, "PSR-PreRL": 1, "drift-PreRL": 0, "drift-RL": 0,
}  # fmt: skip
FIELDS = {"raw": "efficiency", "adam": "step_batch_efficiency"}
STEPS = ("10", "20")


def ranks(values):
    """Ranks from 1, ties shared."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start:end + 1]:
            result[place] = (start + end) / 2 + 1
        start = end + 1
    return result


def spearman(pairs):
    if len(pairs) < 3:
        return None
    a, b = (ranks(list(side)) for side in zip(*pairs))
    mean = (len(pairs) + 1) / 2
    products = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    norm = sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return products / norm if norm else None


def student(values):
    """Mean and the ends of Student's 95% interval."""
    mean, reach, _ = paired.student(value for value in values if value is not None)
    return (mean, mean - reach, mean + reach) if reach is not None else (mean, None, None)


def realised(entries, rule, rate, step):
    """The ratio of gains with its interval over the seeds that both have (delta method)."""
    def gains(name):
        entry = next(entry for entry in entries if entry["run"] == f"{name}-{rate}")
        values = entry["steps"][step]["accuracy"]["values"]
        return {seed: value - start for seed, value in zip(entry["seeds"], values)}
    start = base_accuracy(entries)
    own, of_rl = gains(rule), gains("grpo")
    seeds = [seed for seed in own if seed in of_rl]
    mean_rl = sum(of_rl[seed] for seed in seeds) / len(seeds)
    ratio = sum(own[seed] for seed in seeds) / len(seeds) / mean_rl
    _, low, high = student([(own[seed] - ratio * of_rl[seed]) / mean_rl for seed in seeds])
    return ratio, *((ratio + low, ratio + high) if low is not None else (None, None))


def base_accuracy(entries):
    """Of the base, pooled over all its runs: the same seed of two rules is the same evaluation."""
    by_seed = {}
    for entry in entries:
        by_seed.update(zip(entry["seeds"], entry["steps"]["0"]["accuracy"]["values"]))
    return sum(by_seed.values()) / len(by_seed)


def show(value, low, high):
    if value is None:
        return "-"
    return f"{value:5.2f}" + (f" {low:5.2f} .. {high:.2f}" if low is not None else "")


def main():
    registered, comparisons, output, bases = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
    predicted = {base: json.loads((registered / f"{base}.json").read_text())["rules"] for base in bases}
    points, rates = [], {}
    for base in bases:
        entries = json.loads((comparisons / f"{base}.json").read_text())
        rates[base] = sorted({entry["run"][-4:] for entry in entries if entry["run"].startswith("grpo-")})
        for rate, step, (rule, title) in product(rates[base], STEPS, RULES.items()):
            if not any(entry["run"] == f"{rule}-{rate}" for entry in entries):
                continue
            value, low, high = realised(entries, rule, rate, step)
            others = [predicted[other][title]["efficiency"]["estimate"] for other in bases if other != base]
            others = [value for value in others if value is not None]
            steps = [predicted[other][title][FIELDS["adam"]]["estimate"] for other in bases if other != base]
            point = {
                "base": base, "learning_rate": rate, "step": int(step), "rule": title, "realised": value,
                "realised_low": low, "realised_high": high, "order": ORDER[title],
                "other": sum(others) / len(others) if others else None,
                "other-adam": sum(steps) / len(steps) if None not in steps and steps else None,
            }  # fmt: skip
            for name, field in FIELDS.items():
                found = predicted[base][title][field]
                point |= {name: found["estimate"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
            points.append(point)

    result = {"points": points, "spearman": {}, "errors": {}}
    compared = {}
    every_rate = sorted({rate for base in bases for rate in rates[base]})
    for rate, step in product(every_rate, STEPS):
        of_bases = {
            base: [p for p in points if (p["base"], p["learning_rate"], p["step"]) == (base, rate, int(step))]
            for base in bases}
        print(f"\n== {rate}, step {step}: rank correlation with the realised gains, mean over bases and each base")
        found = {}
        for metric in ("raw", "adam", "other", "order"):
            # A rule whose prediction could not be estimated has no rank.
            found[metric] = [
                spearman([(p[metric], p["realised"]) for p in of_bases[base] if p[metric] is not None])
                for base in bases]
            each = " ".join(f"{value:6.2f}" if value is not None else "     -" for value in found[metric])
            print(f"{metric:14} {show(*student(found[metric])):24} {each}")
        for metric, null in product(("raw", "adam"), ("other", "order")):
            differences = []
            for base in bases:
                known = [p for p in of_bases[base] if p[metric] is not None and p[null] is not None]
                own, other = (spearman([(p[key], p["realised"]) for p in known]) for key in (metric, null))
                if own is not None and other is not None:
                    differences.append(own - other)
            compared[f"{rate}, step {step}: {metric} - {null}"] = differences
        result["spearman"][f"{rate}/{step}"] = found

        print("error of the predicted size, rules with rewards, mean over bases and each base")
        errors = {}
        for metric in ("raw", "adam", "other", "other-adam", "one"):
            errors[metric] = []
            for base in bases:
                own = [
                    abs(p["realised"] - (1 if metric == "one" else p[metric])) for p in of_bases[base]
                    if not p["rule"].startswith("drift") and (metric == "one" or p[metric] is not None)]
                errors[metric].append(sum(own) / len(own) if own else None)
            each = " ".join(f"{value:6.2f}" if value is not None else "     -" for value in errors[metric])
            print(f"{metric:14} {show(*student(errors[metric])):24} {each}")
        result["errors"][f"{rate}/{step}"] = errors

    found = {name: paired.student(differences) for name, differences in compared.items()}
    adjusted = paired.holm({name: p for name, (_, _, p) in found.items()})
    print(f"\ndifferences of rank correlations (p by Holm for {len(adjusted)} comparisons)")
    for name, (mean, reach, _) in found.items():
        print(f"{name:32} {paired.cell(mean, reach, adjusted.get(name))}, {len(compared[name])} bases")

    print("\ngain relative to RL's: predicted raw, predicted for Adam's first step, realised at step 10 at each rate")
    for base, rule in product(bases, RULES.values()):
        own = [p for p in points if (p["base"], p["rule"], p["step"]) == (base, rule, 10)]
        if own:
            cells = [show(*(own[0][key] for key in (name, f"{name}_low", f"{name}_high"))) for name in FIELDS]
            cells += [show(p["realised"], p["realised_low"], p["realised_high"]) for p in own]
            print(f"{base:10} {rule:12}" + "".join(f"{cell:>22}" for cell in cells))
    Path(output).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    main()
