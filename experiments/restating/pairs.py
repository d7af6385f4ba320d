"""What dropping the prompt costs each rule: pairs.py COMPARISON.json... (of `prerl compare --all-steps`)

The accuracy of a rule after the null context minus that of the same rule after the prompt, paired by base and seed: at the last step of
each file, and at equal KL divergence from the base, between the steps and rates of all files. P-values are by Holm over all pairs of a
table. Standard library only.
"""

import json
import sys
from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(EXPERIMENTS), str(EXPERIMENTS / "rates")]
from distance import DISTANCES, at_distance, read  # noqa: E402
from paired import cell, holm, over_bases, student  # noqa: E402

PAIRS = [("prerl", "grpo"), ("nsr-prerl", "nsr-rl"), ("psr-prerl", "psr-rl"), ("drift-prerl", "drift-rl")]


def print_pairs(found, title):
    """Prints {(label, dropped, kept): (mean, reach, p, count)}."""
    # The drift uses no rewards and is no rule that one would train with: it is shown, and not compared.
    adjusted = holm({key: value[2] for key, value in found.items() if not key[1].startswith("drift")})
    print(f"\nnull context minus prompt, {title} (p by Holm for {len(adjusted)} comparisons)")
    for key, (mean, reach, _, count) in found.items():
        label, dropped, kept = key
        print(f"{label:30} {dropped:11} - {kept:8} {cell(mean, reach, adjusted.get(key))}, {count} runs")


def at_distances(paths):
    """The pairs at each distance from the base."""
    rules = {}
    for path in paths:
        for rule, rates in read(path, ["accuracy"]).items():
            for rate, units in rates.items():
                rules.setdefault(rule, {})[rate] = units
    found = {}
    for distance in DISTANCES:
        for dropped, kept in PAIRS:
            units = {unit for rule in (dropped, kept) for rate in rules.get(rule, {}).values() for unit in rate}
            differences = {}
            for unit in sorted(units):
                values = [at_distance(rules[rule], unit, distance, 1) for rule in (dropped, kept)]
                if None not in values:
                    differences[unit] = values[0] - values[1]
            if differences:
                found[f"{distance} nat", dropped, kept] = *student(over_bases(differences)), len(differences)
    return found


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = {}
    for path in sys.argv[1:]:
        accuracies = {}
        for entry in json.loads(Path(path).read_text()):
            step = max(entry["steps"], key=int)
            units = zip(entry["base_of_run"], entry["seeds"])
            accuracies[entry["run"]] = dict(zip(units, entry["steps"][step]["accuracy"]["values"]))
        for rate in sorted({run[-4:] for run in accuracies}):
            for dropped, kept in PAIRS:
                own, other = accuracies.get(f"{dropped}-{rate}", {}), accuracies.get(f"{kept}-{rate}", {})
                differences = {unit: value - other[unit] for unit, value in own.items() if unit in other}
                if differences:
                    label = f"{Path(path).stem} {rate}"
                    found[label, dropped, kept] = *student(over_bases(differences)), len(differences)
    print_pairs(found, "accuracy at the last step")
    print_pairs(at_distances(sys.argv[1:]), "accuracy at equal KL divergence from the base")


if __name__ == "__main__":
    main()
