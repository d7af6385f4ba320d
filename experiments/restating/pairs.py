"""What dropping the prompt costs each rule: pairs.py COMPARISON.json... (of `prerl compare --all-steps`)

The accuracy of a rule after the null context minus that of the same rule after the prompt, at the last step, paired by base and
seed. P-values are by Holm over all pairs of all files. Standard library only.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, over_bases, student  # noqa: E402

PAIRS = [("prerl", "grpo"), ("nsr-prerl", "nsr-rl"), ("psr-prerl", "psr-rl"), ("drift-prerl", "drift-rl")]


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
                    found[path, rate, dropped, kept] = *student(over_bases(differences)), len(differences)
    # The drift uses no rewards and is no rule that one would train with: it is shown, and not compared.
    adjusted = holm({key: value[2] for key, value in found.items() if not key[2].startswith("drift")})
    print(f"\nnull context minus prompt, accuracy at the last step (p by Holm for {len(adjusted)} comparisons)")
    for key, (mean, reach, _, count) in found.items():
        path, rate, dropped, kept = key
        print(f"{Path(path).stem:24} {rate}  {dropped:11} - {kept:8} {cell(mean, reach, adjusted.get(key))}, {count} runs")


if __name__ == "__main__":
    main()
