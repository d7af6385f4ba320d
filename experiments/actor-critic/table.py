"""Sources of advantages compared: table.py RUNS OUTPUT.json

RUNS holds evaluation.jsonl and metrics.jsonl of NAME-sSEED. Differences are paired by seed, p by Holm over the comparisons that were
announced. Standard library only.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, print_runs, student  # noqa: E402

REFERENCES = {name: "group" for name in ("critic-1", "critic-95", "critic-warm", "shared", "step", "potential")}
REFERENCES["critic-1-null"] = "group-null"
COLUMNS = ["accuracy", "transitions", "response_length", "kl_to_base"]


def read(folder):
    """name -> seed -> numbers at the last step; `vf_explained_var` is the mean of the last five steps."""
    runs = {}
    for path in sorted(Path(folder).glob("*-s*/evaluation.jsonl")):
        name, seed = re.fullmatch(r"(.*)-s(\d+)", path.parent.name).groups()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        numbers = {key: lines[-1][key] for key in COLUMNS}
        halfway = [line for line in lines if line["step"] == lines[-1]["step"] // 2]
        numbers["accuracy_halfway"] = halfway[0]["accuracy"] if halfway else None
        metrics = [json.loads(line) for line in (path.parent / "metrics.jsonl").read_text().splitlines()]
        explained = [line["critic/vf_explained_var"] for line in metrics[-5:] if line.get("critic/vf_explained_var") is not None]
        numbers["explained"] = sum(explained) / len(explained) if explained else None
        runs.setdefault(name, {})[seed] = numbers
    return runs


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    runs = read(sys.argv[1])
    result = {"runs": print_runs("advantages", runs, COLUMNS, 16, 26), "comparisons": []}
    print("\nexplained variance of the returns, mean of the last five steps")
    for name, seeds in runs.items():
        values = [each["explained"] for each in seeds.values() if each["explained"] is not None]
        if values:
            mean, reach, _ = student(values)
            result["runs"][name]["explained"] = {"mean": mean, "reach": reach, "values": values}
            print(f"{name:16} {cell(mean, reach)}")
    for key, title in (("accuracy", "at the last step"), ("accuracy_halfway", "halfway (not announced)")):
        found = {}
        for name, reference in REFERENCES.items():
            own, other = runs.get(name, {}), runs.get(reference, {})
            pairs = [(own[seed][key], other[seed][key]) for seed in own if seed in other]
            pairs = [a - b for a, b in pairs if a is not None and b is not None]
            if pairs:
                found[name, reference] = *student(pairs), len(pairs)
        adjusted = holm({names: value[2] for names, value in found.items()})
        print(f"\naccuracy {title}, paired by seed (p by Holm for {len(adjusted)} comparisons)")
        for names, (mean, reach, _, count) in found.items():
            print(f"{names[0]:14} - {names[1]:10} {cell(mean, reach, adjusted.get(names))}, {count} seeds")
            result["comparisons"].append({"quantity": key, "run": names[0], "reference": names[1], "mean": mean, "reach": reach,
                                          "p": adjusted.get(names)})
    potential, critic = runs.get("potential", {}), runs.get("critic-1", {})
    pairs = [potential[seed]["accuracy"] - critic[seed]["accuracy"] for seed in potential if seed in critic]
    if pairs:
        print(f"\npotential - critic-1, which should be equal: {cell(*student(pairs))}")
    Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
