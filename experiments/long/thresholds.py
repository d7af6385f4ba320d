"""Courses, collapses and steps to a threshold: thresholds.py COMPARISON.json RUNS (of `prerl compare`), standard library only.

A run's curve is its accuracy at the evaluated steps, linear in between. Ratios of steps are paired by seed: the mean of
their logarithms with Student's 95% interval over seeds, p by Holm over all ratios. A seed that does not reach the threshold in one of the two rules
has no ratio; the table says how many have one.
"""

import json
import signal
import sys
from math import exp, log
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import holm, student  # noqa: E402

THRESHOLDS = (0.6, 0.7, 0.8)
COLLAPSE = 0.1
COURSE = (0, 25, 50, 75, 100, 125, 150)


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


def entropy(run, seed, step, runs):
    """The mean entropy of the rollouts of the five steps up to one, in nats a token."""
    lines = map(json.loads, (runs / f"{run}-s{seed}" / "metrics.jsonl").read_text().splitlines())
    values = [line["entropy"] for line in lines if step - 5 < line["step"] <= max(step, 1)]
    return sum(values) / len(values)


def print_courses(entries, runs):
    print(f"{'rule':10} {'step':>5} {'accuracy':>9} {'entropy':>8} {'KL':>8} {'length':>7} {'ended':>6} {'transitions':>12}"
          f" {'reflections':>12}")
    for entry in entries:
        for step in COURSE:
            numbers = entry["steps"][str(step)]
            mean = {name: numbers[name]["mean"] for name in (
                "accuracy", "kl_to_base", "response_length", "ended", "transitions_fold", "reflections_fold")}
            own = [entropy(entry["run"], seed, step, runs) for seed in entry["seeds"]]
            print(f"{entry['run']:10} {step:>5} {mean['accuracy']:9.3f} {sum(own) / len(own):8.3f} {mean['kl_to_base']:8.2f}"
                  f" {mean['response_length']:7.1f} {mean['ended']:6.3f} {mean['transitions_fold']:11.1f}x"
                  f" {mean['reflections_fold']:11.1f}x")


def main():
    entries, curves = json.loads(Path(sys.argv[1]).read_text()), {}
    print_courses(entries, Path(sys.argv[2]))
    for entry in entries:
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

    found = {}
    for rule, seeds in curves.items():
        for threshold in THRESHOLDS:
            pairs = [(steps_to(reference[s], threshold), steps_to(c, threshold))
                     for s, c in seeds.items() if s in reference]
            logs = [log(a / b) for a, b in pairs if a and b]
            if rule != "grpo" and logs:
                found[rule, threshold] = *student(logs), len(logs)
    adjusted = holm({key: value[2] for key, value in found.items()})
    print(f"\nGRPO's steps over the rule's, 95%, p by Holm for {len(adjusted)}, (seeds)")
    for rule in dict.fromkeys(rule for rule, _ in found):
        row = f"{rule:10}"
        for threshold in THRESHOLDS:
            mean, reach, _, count = found.get((rule, threshold), (None, None, None, 0))
            if mean is None:
                row += f"{'-':>40}"
                continue
            ends = f" {exp(mean - reach):.2f} .. {exp(mean + reach):.2f}" if reach is not None else ""
            p = adjusted.get((rule, threshold))
            row += f"{f'to {threshold}: {exp(mean):.2f}{ends}' + (f' p {p:.2g}' if p is not None else '') + f' ({count})':>40}"
        print(row)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    main()
