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
# By statements, which are attempts and reflections: one has as many steps as the problem has numbers.
BINS = {"all": (0, 10**9), "1 statement": (0, 1), "2 statements": (2, 2), "3 and more": (3, 10**9)}
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


def earned(response):
    """What every step earns if each right one has a tenth on top of the score at the end."""
    right = [int(state["step_right"]) for state in response["states"][1:]]  # of steps that a further state follows
    return [0.1 * max(0, each) for each in right] + [response["reward"]]


def responses(folder):
    """Each response: cluster, reward, its states in order, and what the others to its problem earned."""
    found = []
    for sample in rows(folder / "samples.csv"):
        found.append({"cluster": sample["cluster"], "problem": sample["id"].rsplit("-", 1)[0],
                      "reward": float(sample["reward"]), "states": []})
    for state in rows(folder / "states.csv"):
        found[int(state["sample"])]["states"].append(state)
    groups = {}
    for response in found:
        response["earned"] = earned(response)
        groups.setdefault(response["problem"], []).append(response)
    for group in groups.values():
        for response in group:
            response["others"] = [other for other in group if other is not response]
    return found


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def estimates(response):
    """The advantages of a response's steps: the truth with the variance of its noise, and every estimator."""
    states, reward, others = response["states"], response["reward"], response["others"]
    count = len(states)
    value = [float(state["continuation_value"]) for state in states]
    variance = [float(state["continuation_error"]) ** 2 for state in states]
    truth = [(value[i + 1] if i + 1 < count else reward) - value[i] for i in range(count)]
    noise = [variance[i] + (variance[i + 1] if i + 1 < count else 0) for i in range(count)]
    end = [0.0] * (count - 1) + [reward]
    critic = [float(state["value"]) for state in states]
    baseline = mean(other["reward"] for other in others)
    solved = [1.0 if float(state["potential"]) == 1 else baseline for state in states]
    found = {"group": [reward - baseline] * count}
    for lam in LAMBDAS:
        found[f"critic, lambda {lam:g}"] = gae(end, critic, lam)
    for lam in [1, 0]:
        found[f"solved or not, lambda {lam}"] = gae(end, solved, lam)
    found["step rewards"] = [
        sum(response["earned"][i:]) - mean(sum(other["earned"][i:]) for other in others) for i in range(count)]
    return truth, noise, variance, found


def oracle_errors(truth, variance, lam):
    """Squared errors of GAE with V itself: (sum over later steps j of lam^(j-i) A_j)^2, without the noise of V."""
    errors = []
    for i in range(len(truth)):
        total = sum(lam ** (j - i) * truth[j] for j in range(i + 1, len(truth)))
        # V of the state before step j is in A_j with -1 and in A_(j-1) with 1.
        weights = [(lam ** (j - 1 - i) if j - 1 > i else 0) - (lam ** (j - i) if j > i else 0) for j in range(len(truth))]
        errors.append(total**2 - sum(w * w * v for w, v in zip(weights, variance)))
    return errors


def sums_of(folder, numbers, continuations):
    """Per bin, estimator and cluster: sums over steps of the squared error, the noise in it, and the squared advantage."""
    sums, counts = {}, {}
    for response in responses(folder):
        truth, noise, variance, found = estimates(response)
        statements = (len(truth) - 1) // numbers
        for label in [label for label, (least, most) in BINS.items() if least <= statements <= most]:
            counts[label] = counts.get(label, 0) + 1

            def add(name, errors):
                clusters = sums.setdefault((label, name), {})
                own = clusters.setdefault(response["cluster"], [0.0, 0.0, 0.0])
                own[0] += sum(errors)
                own[1] += sum(noise)
                own[2] += sum(advantage**2 for advantage in truth)

            for name, advantages in found.items():
                add(name, [(a - b) ** 2 for a, b in zip(advantages, truth)])
            # Errors without noise: what is taken off later is put in.
            for lam in LAMBDAS:
                errors = oracle_errors(truth, variance, lam)
                add(f"perfect critic, lambda {lam:g}", [each + n for each, n in zip(errors, noise)])
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


def identities(folder):
    """Credit of `group` if advantages are differences of a martingale: as announced, exactly, and its credit less the latter.

    2 - K g / (g - 1) for K steps and groups of g holds where K does not depend on the score. In general it is
    2 - E K a^2 / E (score - V)^2, with a the advantage by the group and V the value of the first state.
    """
    announced, clusters = [], {}
    for response in responses(folder):
        truth, noise, variance, found = estimates(response)
        group, advantage = len(response["others"]) + 1, found["group"][0]
        announced.append(2 - len(truth) * group / (group - 1))
        own = clusters.setdefault(response["cluster"], [0.0] * 5)
        errors = [(advantage - each) ** 2 for each in truth]
        for place, value in enumerate([sum(errors), sum(noise), sum(each**2 for each in truth),
                                       len(truth) * advantage**2, sum(truth) ** 2 - variance[0]]):
            own[place] += value
    general, reach, _ = jackknife(list(clusters.values()), lambda sums: 2 - sums[3] / sums[4])
    gap, gap_reach, _ = jackknife(list(clusters.values()), lambda sums: credit(sums[:3]) - 2 + sums[3] / sums[4])
    return mean(announced), (general, reach), (gap, gap_reach)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    result, comparisons, above = {}, {}, {}
    for folder in sorted(Path(sys.argv[1]).glob("values-*/")):
        numbers = folder.name.removeprefix("values-")
        sums, counts = sums_of(folder, int(numbers), int(sys.argv[3]))
        result[numbers] = {}
        labels = [label for label in BINS if counts.get(label, 0) >= LEAST]
        print(f"\n== {numbers} numbers: credit by statements in the response")
        print("".ljust(26) + "  ".join(f"{label} ({counts[label]})".rjust(26) for label in labels))
        for name in dict.fromkeys(name for _, name in sums):
            cells = []
            for label in labels:
                estimate, reach, p = jackknife(list(sums[label, name].values()), credit)
                result[numbers].setdefault(label, {})[name] = {"credit": estimate, "reach": reach}
                cells.append(cell(estimate, reach).rjust(26))
                if label == "all" and name in ("critic, lambda 0.5", "critic, lambda 0"):
                    above[numbers, name] = estimate, reach, p
            print(name.ljust(26) + "  ".join(cells))
        for lam in [0.5, 0]:
            key = numbers, f"critic, lambda {lam:g}", f"perfect critic, lambda {lam:g}"
            comparisons[key] = difference(sums["all", key[2]], sums["all", key[1]])
        for first, second in [("critic, lambda 0.5", "critic, lambda 1"), ("critic, lambda 0", "critic, lambda 1"),
                              ("critic, lambda 1", "group"), ("step rewards", "group"),
                              ("critic, lambda 0", "solved or not, lambda 0")]:
            comparisons[numbers, second, first] = difference(sums["all", first], sums["all", second])
        announced, general, gap = identities(folder)
        print(f"group by the identity: {cell(*general)}; its credit less this: {cell(*gap)}; "
              f"by the announced formula, mean over responses: {announced:.3f}")
        result[numbers]["identity"] = {"announced": announced, "general": general, "difference": gap}
    for title, own in [("credit of all responses, tested against 0", above), ("differences of credit", comparisons)]:
        adjusted = holm({key: value[2] for key, value in own.items()})
        print(f"\n{title} (p by Holm for {len(adjusted)} comparisons)")
        for key, (estimate, reach, _) in own.items():
            text = key[1] if len(key) == 2 else f"{key[2]} less {key[1]}"
            print(f"{key[0]} numbers, {text}: {cell(estimate, reach, adjusted.get(key))}")
            result.setdefault(title, []).append({"numbers": key[0], "what": text, "mean": estimate, "reach": reach,
                                                 "p": adjusted.get(key)})
    Path(sys.argv[2]).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
