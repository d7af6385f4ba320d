"""What policies trained in imagination are worth: table.py DIALOGUES OUTPUT.json

DIALOGUES holds the output of `prerl dialogue --json` as NAME-sSEED.json. Standard library only.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, print_runs, student  # noqa: E402

COLUMNS = ["reward", "imagined_reward", "exploitation", "excess_loss", "excess_loss_played", "asks", "hallucinations",
           "injection"]
NOISES = ["0", "0.1", "0.3"]
SIZES = ["300", "3000", "all"]


def comparisons():
    """(family, quantity, run, reference) of what was announced before the runs."""
    for noise in NOISES:
        for size in SIZES:
            yield "null", "exploitation", f"learned-{noise}-{size}", f"exact-{noise}-{size}"
    for noise in NOISES:
        yield "conversations", "exploitation", f"learned-{noise}-300", f"learned-{noise}-all"
    for size in SIZES:
        yield "noise", "exploitation", f"learned-0.3-{size}", f"learned-0-{size}"
    for size in ["300", "all"]:
        for depth in ["0", "1", "2"]:
            yield "depth", "reward", f"depth-{depth}-{size}", f"depth-null-{size}"
    for name, reference in [("likeliest", "learned-0-3000"), ("own-user", "learned-0-all"), ("ensemble", "learned-0-3000")]:
        for quantity in ["reward", "exploitation"]:
            yield "kind", quantity, name, reference


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    runs = {}
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        name, seed = re.fullmatch(r"(.*?)(?:-s(\d+))?", path.stem).groups()
        runs.setdefault(name, {})[seed] = json.loads(path.read_text())
    result = {"runs": {}, "comparisons": []}
    result["runs"] = print_runs("run", runs, COLUMNS, 20, 26)
    found = {}
    for family, quantity, name, reference in comparisons():
        own, other = runs.get(name, {}), runs.get(reference, {})
        differences = [own[seed][quantity] - other[seed][quantity] for seed in own if seed in other]
        if differences:
            found[family, quantity, name, reference] = student(differences)
    adjusted = {}
    for family in dict.fromkeys(key[0] for key in found):
        adjusted |= holm({key: value[2] for key, value in found.items() if key[0] == family})
    print("\ndifferences paired by seed (p by Holm in each family)")
    for key, (mean, reach, _) in found.items():
        family, quantity, name, reference = key
        print(f"{family:14} {quantity:13} {name} - {reference}: {cell(mean, reach, adjusted.get(key))}")
        result["comparisons"].append(
            {"family": family, "quantity": quantity, "run": name, "reference": reference, "mean": mean, "reach": reach,
             "p": adjusted.get(key)})
    Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
