"""How the true pair's lead over controls changes between checkpoints: leads.py PARTS STEP... LAST

PARTS/STEP holds the tables of `prerl export --csv` of a checkpoint's alignment file. The lead is the cosine of the true pair
less that of a control, for each rollout; its change is paired by rollout, with an interval over clusters. Standard library only.
"""

import csv
import sys
from math import sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, p_value, quantile  # noqa: E402

CONTROLS = ["mismatched-prompt", "random-prompt", "shuffled-response"]


def column(path, name):
    with open(path) as file:
        return [row[name] for row in csv.DictReader(file)]


def leads(folder, control):
    main = column(folder / "samples.csv", "cosine")
    other = column(folder / f"controls.{control}.csv", "cosine")
    return [float(a) - float(b) for a, b in zip(main, other)]


def over_clusters(values, clusters):
    """Mean, half width of Student's interval over clusters (a ratio of sums) and p of 0."""
    groups = {}
    for value, cluster in zip(values, clusters):
        groups.setdefault(cluster, []).append(value)
    mean = sum(values) / len(values)
    count = len(groups)
    squares = sum((sum(group) - mean * len(group)) ** 2 for group in groups.values())
    error = sqrt(count / (count - 1) * squares) / len(values)
    return mean, quantile(count - 1) * error, p_value(mean / error, count - 1)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    folder, steps, last = Path(sys.argv[1]), sys.argv[2:-1], sys.argv[-1]
    clusters = column(folder / last / "samples.csv", "cluster")
    print(f"{len(set(clusters))} clusters; the lead of the true pair")
    changes = {}
    for control in CONTROLS:
        cells = [f"step {step}: {cell(*over_clusters(leads(folder / step, control), clusters)[:2])}" for step in [*steps, last]]
        print(f"{control:20} " + "  ".join(cells))
        for step in steps:
            both = zip(leads(folder / last, control), leads(folder / step, control))
            changes[control, step] = over_clusters([a - b for a, b in both], clusters)
    adjusted = holm({key: value[2] for key, value in changes.items()})
    print(f"change to step {last} (p by Holm for {len(adjusted)} comparisons)")
    for (control, step), (mean, reach, _) in changes.items():
        print(f"{control:20} from step {step}: {cell(mean, reach, adjusted[control, step])}")


if __name__ == "__main__":
    main()
