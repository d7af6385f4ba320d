"""How well advantages tell the steps of responses from each other: credit.py RUNS OUTPUT.json CONTINUATIONS

RUNS holds values-N/states.csv and samples.csv of `prerl evaluate --critic --continuations` for problems with N numbers.
The true advantage of a step is V behind it less V before it, by continuations; their noise is taken off. The credit of an
estimator is 1 - E(estimate - advantage)^2 / E advantage^2: 1 if it knows every advantage, 0 if it is worth as much as
no advantage at all, and below 0 if it is worth less. Standard library only.
"""

import csv
import json
import sys
from math import sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from paired import cell, holm, p_value, quantile  # noqa: E402

LAMBDAS = [1, 0.95, 0.5, 0]
# By attempts: one has as many steps as the problem has numbers.
BINS = {"1 attempt": (0, 1), "2 attempts": (2, 2), "3 and more": (3, 10**9)}
# A bin of fewer responses is not shown.
LEAST = 30


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def gae(rewards, values, lam):
    """Advantages of the steps, gamma 1; the value behind the last step is 0."""
    advantages, carried = [], 0.0
    for place in reversed(range(len(values))):
        following = values[place + 1] if place + 1 < len(values) else 0.0
        carried = rewards[place] + following - values[place] + lam * carried
        advantages.append(carried)
    return advantages[::-1]


def responses(folder):
    """Each response: cluster, problem, reward, and its states in order."""
    found = []
    for sample in rows(folder / "samples.csv"):
        found.append({"cluster": sample["cluster"], "problem": sample["id"].rsplit("-", 1)[0],
                      "reward": float(sample["reward"]), "states": []})
    for state in rows(folder / "states.csv"):
        found[int(state["sample"])]["states"].append(state)
    groups = {}
    for response in found:
        groups.setdefault(response["problem"], []).append(response)
    for group in groups.values():
        for response in group:
            others = [other["reward"] for other in group if other is not response]
            response["others"] = sum(others) / len(others)
    return found


def estimates(response):
    """The advantages of a response's steps: the truth with the variance of its noise, and every estimator."""
    states, reward = response["states"], response["reward"]
    count = len(states)
    mean = [float(state["continuation_value"]) for state in states]
    variance = [float(state["continuation_error"]) ** 2 for state in states]
    truth = [(mean[i + 1] if i + 1 < count else reward) - mean[i] for i in range(count)]
    noise = [variance[i] + (variance[i + 1] if i + 1 < count else 0) for i in range(count)]
    end = [0.0] * (count - 1) + [reward]
    critic = [float(state["value"]) for state in states]
    right = [int(state["step_right"]) for state in states[1:]]  # of the steps that a further state follows
    # The task's own account: what is solved is worth 1, and before that the mean of the group's others.
    potential = [1.0 if float(state["potential"]) == 1 else response["others"] for state in states]
    found = {"group": [reward - response["others"]] * count}
    for lam in LAMBDAS:
        found[f"critic, lambda {lam:g}"] = gae(end, critic, lam)
    found["potential, lambda 1"] = gae(end, potential, 1)
    found["potential, lambda 0"] = gae(end, potential, 0)
    # A tenth for every right step on top of the score, less the mean score of the group's others.
    step = [0.1 * right[i] if i < len(right) else reward for i in range(count)]
    found["step rewards"] = [sum(step[i:]) - response["others"] for i in range(count)]
    return truth, noise, found


def sums_of(folder, numbers, continuations):
    """Per bin, estimator and cluster: sums over steps of the squared error, the noise in it, and the squared advantage."""
    sums, counts = {}, {}
    for response in responses(folder):
        truth, noise, found = estimates(response)
        attempts = (len(truth) - 1) // numbers
        for label in [label for label, (least, most) in BINS.items() if least <= attempts <= most]:
            counts[label] = counts.get(label, 0) + 1

            def add(name, errors):
                clusters = sums.setdefault((label, name), {})
                own = clusters.setdefault(response["cluster"], [0.0, 0.0, 0.0])
                own[0] += sum(errors)
                own[1] += sum(noise)
                own[2] += sum(advantage**2 for advantage in truth)

            for name, advantages in found.items():
                add(name, [(a - b) ** 2 for a, b in zip(advantages, truth)])
            # Nine other continuations have the noise of these, times their number by nine.
            add("9 continuations", [each * (1 + continuations / 9) for each in noise])
    return sums, counts


def credit(sums):
    error, noise, square = sums
    return 1 - (error - noise) / (square - noise)


def jackknife(clusters, function):
    """A statistic of sums over clusters, half of its 95% interval, and p of 0: one cluster is left out at a time."""
    total = [sum(column) for column in zip(*clusters)]
    count = len(clusters)
    left = [function([t - c for t, c in zip(total, own)]) for own in clusters]
    mean = sum(left) / count
    error = sqrt((count - 1) / count * sum((value - mean) ** 2 for value in left))
    estimate = function(total)
    return estimate, quantile(count - 1) * error, p_value(estimate / error, count - 1) if error else None


def difference(first, second):
    """Credit of the first less that of the second, paired by cluster; a cluster that one lacks counts nothing there."""
    names = sorted(first.keys() | second.keys())
    rows = [first.get(name, [0.0] * 3) + second.get(name, [0.0] * 3) for name in names]
    return jackknife(rows, lambda sums: credit(sums[:3]) - credit(sums[3:]))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    result, comparisons = {}, {}
    for folder in sorted(Path(sys.argv[1]).glob("values-*/")):
        numbers = folder.name.removeprefix("values-")
        sums, counts = sums_of(folder, int(numbers), int(sys.argv[3]))
        result[numbers] = {}
        labels = [label for label in BINS if counts.get(label, 0) >= LEAST]
        print(f"\n== {numbers} numbers: credit by attempts in the response")
        print("".ljust(22) + "  ".join(f"{label} ({counts[label]})".rjust(26) for label in labels))
        for name in dict.fromkeys(name for _, name in sums):
            cells = []
            for label in labels:
                estimate, reach, _ = jackknife(list(sums[label, name].values()), credit)
                result[numbers].setdefault(label, {})[name] = {"credit": estimate, "reach": reach}
                cells.append(cell(estimate, reach).rjust(26))
                if name != "group":
                    comparisons["mend", numbers, label, name] = difference(sums[label, name], sums[label, "group"])
            print(name.ljust(22) + "  ".join(cells))
        for shorter, longer in zip(labels, labels[1:]):
            comparisons["length", numbers, longer, shorter] = difference(sums[longer, "group"], sums[shorter, "group"])
    print("\ndifferences of credit over clusters (p by Holm in each family)")
    for family, text in [("length", "group, {1} less {2}"), ("mend", "{1}: {2} less group")]:
        own = {key: value for key, value in comparisons.items() if key[0] == family}
        adjusted = holm({key: value[2] for key, value in own.items()})
        for key, (mean, reach, _) in own.items():
            print(f"{key[1]} numbers, " + text.format(*key[1:]) + f": {cell(mean, reach, adjusted.get(key))}")
            result.setdefault(family, []).append(
                {"numbers": key[1], "bin": key[2], "other": key[3], "mean": mean, "reach": reach, "p": adjusted.get(key)})
    Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
