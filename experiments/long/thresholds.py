"""Collapses and steps to a threshold: thresholds.py COMPARISON.json (of `prerl compare`), standard library only.

A run's curve is its accuracy at the evaluated steps, linear in between. Ratios of steps are paired by seed: the mean of
their logarithms with Student's 95% interval over seeds. A seed that does not reach the threshold in one of the two rules
has no ratio; the table says how many have one.
"""

import json
import signal
import sys
from math import exp, log
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import student  # noqa: E402

THRESHOLDS = (0.6, 0.7, 0.8)
COLLAPSE = 0.1


def steps_to(curve, threshold):
    """The first step at which the curve reaches the threshold; None if it does not."""
    before = None
    for step, value in curve:
        if value >= threshold:
            if before is None or before[1] >= threshold:
                return step
            return before[0] + (step - before[0]) * (threshold - before[1]) / (value - before[1])
        before = (step, value)
    return None


def collapsed(curve):
    """Whether the curve ends below its highest value by more than COLLAPSE, with no way back after the fall."""
    best = max(value for _, value in curve)
    tail = []
    for _, value in reversed(curve):
        if value >= best - COLLAPSE:
            break
        tail.append(value)
    return bool(tail)


def main():
    curves = {}
    for entry in json.loads(Path(sys.argv[1]).read_text()):
        steps = sorted(entry["steps"], key=int)
        for place, seed in enumerate(entry["seeds"]):
            curves.setdefault(entry["run"], {})[seed] = [
                (int(step), entry["steps"][step]["accuracy"]["values"][place]) for step in steps]
    reference = curves["grpo"]

    print(f"\n{'rule':10} {'collapsed':>9}" + "".join(f"   steps to {t}: mean (seeds)" for t in THRESHOLDS))
    for rule, seeds in curves.items():
        row = f"{rule:10} {sum(map(collapsed, seeds.values())):>4} of {len(seeds)}"
        for threshold in THRESHOLDS:
            reached = [s for s in (steps_to(c, threshold) for c in seeds.values()) if s is not None]
            mean = f"{sum(reached) / len(reached):.1f}" if reached else "-"
            row += f"{mean:>20} ({len(reached)})"
        print(row)

    print(f"\n{'GRPO : rule':10}" + "".join(f"   ratio of steps to {t}, 95% (seeds)" for t in THRESHOLDS))
    for rule, seeds in curves.items():
        if rule == "grpo":
            continue
        row = f"{rule:10}"
        for threshold in THRESHOLDS:
            pairs = [(steps_to(reference[s], threshold), steps_to(c, threshold))
                     for s, c in seeds.items() if s in reference]
            logs = [log(a / b) for a, b in pairs if a and b]
            if not logs:
                row += f"{'-':>36}"
                continue
            mean, reach, _ = student(logs)
            ends = f" {exp(mean - reach):.2f} .. {exp(mean + reach):.2f}" if reach is not None else ""
            row += f"{f'{exp(mean):.2f}{ends} ({len(logs)})':>36}"
        print(row)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    main()
