"""What policies are worth that learned from reward models of dialogues and of turns: table.py RUNS OUTPUT.json

RUNS/dialogues holds the output of `prerl dialogue --json` as NAME-sSEED.json. Standard library only.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, print_runs, student  # noqa: E402

COLUMNS = ["reward", "rating", "asks", "great", "hallucinations", "free_offers", "turns"]
COMPARISONS = [("dialogue-reward", "turn-reward"), ("dialogue-rating", "turn-rating"), ("dialogue-reward", "dialogue-rating"),
               ("dialogue-reward", "truth")]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    runs = {}
    for path in sorted((folder / "dialogues").glob("*.json")):
        name, seed = re.fullmatch(r"(.*)-s(\d+)", path.stem).groups()
        runs.setdefault(name, {})[seed] = json.loads(path.read_text())
    result = {"runs": {}, "accuracy": {}, "comparisons": []}
    for name, seeds in runs.items():
        accuracies = []
        for seed in seeds:
            evaluations = folder / f"model-{name}-s{seed}" / "evaluation.jsonl"
            if evaluations.exists():
                accuracies.append(json.loads(evaluations.read_text().splitlines()[-1])["accuracy"])
        if accuracies:
            mean, reach, _ = student(accuracies)
            result["accuracy"][name] = {"mean": mean, "reach": reach}
            print(f"accuracy of the reward models of {name} on held-out pairs: {cell(mean, reach)}")
    print()
    result["runs"] = print_runs("policy", runs, COLUMNS, 18, 24)
    found = {}
    for name, reference in COMPARISONS:
        own, other = runs.get(name, {}), runs.get(reference, {})
        found[name, reference] = student([own[seed]["reward"] - other[seed]["reward"] for seed in own if seed in other])
    adjusted = holm({key: value[2] for key, value in found.items()})
    print(f"\nreward, differences paired by seed (p by Holm for {len(adjusted)} comparisons)")
    for (name, reference), (mean, reach, _) in found.items():
        p = adjusted.get((name, reference))
        print(f"{name} - {reference}: {cell(mean, reach, p)}")
        result["comparisons"].append({"run": name, "reference": reference, "mean": mean, "reach": reach, "p": p})
    Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
