"""The answers of the study, from its folders. Standard library only.

usage: table.py RUNS STEPS
"""

import collections
import json
import os
import re
import sys
from math import comb, sqrt

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from paired import holm, student  # noqa: E402

MODELS = ["100", "1000", "10000", "100-noisy", "1000-noisy", "10000-noisy", "mean-4", "min-4", "truth"]
ORDER = ["10000", "10000-noisy", "1000", "1000-noisy", "100", "100-noisy"]
COUNTS = [1, 2, 4, 8, 16, 32, 64]


def runs_of(folder):
    """Evaluations of every run: (rule, model) -> seed -> step -> line."""
    found = {}
    for name in sorted(os.listdir(folder)):
        match = re.fullmatch(r"(grpo|prerl)-(.+)-s(\d+)", name)
        path = os.path.join(folder, name, "evaluation.jsonl")
        if not match or not os.path.exists(path):
            continue
        with open(path) as lines:
            steps = {line["step"]: line for line in map(json.loads, lines)}
        found.setdefault((match[1], match[2]), {})[int(match[3])] = steps
    return found


def number(value, digits=3):
    return "-" if value is None else re.sub(r"^([+-])0\.", r"\1.", f"{value:+.{digits}f}")


def row(name, values, p):
    mean, half, _ = student(values)
    ends = "-" if half is None else f"{number(mean - half)} to {number(mean + half)}"
    print(f"  {name:<28} {number(mean):>7}  {ends:<18} {'-' if p is None else f'{p:.3f}'}  n = {len(values)}")


def table(title, rows, tested=True):
    """Rows of a name and paired differences, with p by Holm where the study tests them."""
    adjusted = holm({name: student(values)[2] for name, values in rows}) if tested else {}
    print(f"\n{title}" + (f" (p by Holm for {len(adjusted)} comparisons)" if tested else ""))
    for name, values in rows:
        row(name, values, adjusted.get(name))


def best_of(rewards, truth, count):
    """The mean truth of the response with the highest reward, over all choices of `count` responses; ties are drawn."""
    order = sorted(range(len(rewards)), key=lambda i: rewards[i])
    total, place = 0.0, 0
    whole = comb(len(order), count)
    while place < len(order):
        end = place
        while end < len(order) and rewards[order[end]] == rewards[order[place]]:
            end += 1
        share = (comb(end, count) - comb(place, count)) / whole
        total += share * sum(truth[i] for i in order[place:end]) / (end - place)
        place = end
    return total


def scores(folder, names):
    """Rewards by reward models, and the truth, of every problem's responses: problem -> (cluster, rewards, truth)."""
    found = {}
    for number, name in enumerate(names):
        with open(os.path.join(folder, f"scored-{name}.jsonl")) as lines:
            place = collections.Counter()
            for line in map(json.loads, lines):
                problem = line["problem_id"]
                own = found.setdefault(problem, (line["cluster"], [], []))
                if number == 0:
                    own[1].append([])
                    own[2].append(line["given_reward"])
                own[1][place[problem]].append(line["reward"])
                place[problem] += 1
    return found


def best_of_table(folder):
    print("\n5. best of n by truth, means over problems; 64 less 8 with intervals over clusters")
    rows = []
    for model in MODELS:
        if model == "truth":
            names, rule = ["model-100-s0"], None
        elif model.endswith("-4"):
            names, rule = [f"model-1000-noisy-s{seed}" for seed in range(1, 5)], min if model == "min-4" else sum
        else:
            names, rule = [f"model-{model}-s0"], sum
        if not all(os.path.exists(os.path.join(folder, f"scored-{name}.jsonl")) for name in names):
            continue
        means, clusters = {}, collections.defaultdict(list)
        for cluster, rewards, truth in scores(folder, names).values():
            own = truth if rule is None else [rule(values) for values in rewards]
            values = {n: best_of(own, truth, n) for n in COUNTS}
            for n, value in values.items():
                means.setdefault(n, []).append(value)
            clusters[cluster].append(values[64] - values[8])
        print(f"  {model:<12} " + "  ".join(f"n={n} {sum(v) / len(v):.3f}" for n, v in means.items()))
        if model != "truth":
            rows.append((model, [sum(v) / len(v) for v in clusters.values()]))
    table("   n = 64 less n = 8, over clusters", rows)


def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    for rank, place in enumerate(order):
        ties = [j for j in order if values[j] == values[place]]
        found[place] = sum(order.index(j) for j in ties) / len(ties)
    return found


def correlation(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) - 1) / 2
    product = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    scale = sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return product / scale if scale else None


def at_distance(steps, distance):
    """Accuracy where √KL first reaches a distance, between evaluations by a straight line; None if it never does."""
    points = [(sqrt(max(0.0, line["kl_to_base"])), line["accuracy"]) for _, line in sorted(steps.items())]
    for (d0, a0), (d1, a1) in zip(points, points[1:]):
        if d0 <= distance <= d1:
            return a0 + (a1 - a0) * (distance - d0) / (d1 - d0) if d1 > d0 else a0
    return None


def value(run, step, key):
    line = run.get(step)
    return None if line is None else line.get(key)


def differences(run_a, run_b, of):
    """One number for each seed that both have."""
    pairs = [(of(run_a[seed]), of(run_b[seed])) for seed in sorted(set(run_a) & set(run_b))]
    return [a - b for a, b in pairs if a is not None and b is not None]


def main():
    folder, last = sys.argv[1], int(sys.argv[2])
    # A third of the way; at an evaluation, which every tenth step has.
    early = max(10, last // 30 * 10)
    runs = runs_of(folder)
    names = [(rule, model) for rule in ("grpo", "prerl") for model in MODELS if (rule, model) in runs]
    print("accuracy and reward by the reward model, means over seeds")
    for name in names:
        for step in sorted({step for run in runs[name].values() for step in run}):
            lines = [run[step] for run in runs[name].values() if step in run]
            means = {
                key: sum(line[key] for line in lines) / len(lines)
                for key in ("accuracy", "reward_model", "kl_to_base", "false_steps")
                if all(line.get(key) is not None for line in lines)
            }
            print(
                f"  {name[0]:<6} {name[1]:<12} step {step:<3} accuracy {number(means['accuracy'])}  reward "
                f"{number(means.get('reward_model'))}  KL {means['kl_to_base']:7.2f}  false steps "
                f"{number(means.get('false_steps'))}"
            )

    def fall(run):
        after, before = value(run, last, "accuracy"), value(run, early, "accuracy")
        return None if None in (after, before) else after - before

    def falls(name):
        return [x for x in (fall(run) for run in runs[name].values()) if x is not None]

    others = [name for name in names if name[1] != "truth"]
    table(f"1. accuracy at step {last} less that at step {early}", [(" ".join(n), falls(n)) for n in others])
    for name in names:
        if name[1] == "truth":
            row(f"control: {name[0]} truth", falls(name), None)
    both = [model for model in MODELS[:-1] if ("grpo", model) in runs and ("prerl", model) in runs]
    table(
        "2. the same of PreRL less that of GRPO",
        [(model, differences(runs["prerl", model], runs["grpo", model], fall)) for model in both],
    )
    for distance in (1, 2, 3, 4):
        table(
            f"   accuracy at distance {distance}, PreRL less GRPO (exploratory)",
            [
                (
                    model,
                    differences(runs["prerl", model], runs["grpo", model], lambda run: at_distance(run, distance)),
                )
                for model in both
            ],
            tested=False,
        )
    table(
        f"3. accuracy at step {last} less that of one model of 1000-noisy",
        [
            (f"{rule} {model}", differences(runs[rule, model], runs[rule, "1000-noisy"], lambda run: value(run, last, "accuracy")))
            for rule in ("grpo", "prerl")
            for model in ("mean-4", "min-4")
            if (rule, model) in runs and (rule, "1000-noisy") in runs
        ],
    )

    print("\n4. predictions before training, and the gain in accuracy")
    for rule, label in (("grpo", "RL"), ("prerl", "PreRL")):
        rows = []
        for model in ORDER:
            path = os.path.join(folder, f"surrogate-{model}.json")
            if not os.path.exists(path) or (rule, model) not in runs:
                continue
            with open(path) as file:
                predicted = json.load(file)["reward_model_rules"][label]
            with open(os.path.join(folder, f"model-{model}-s0", "evaluation.jsonl")) as lines:
                accuracy = json.loads(lines.readlines()[-1])["accuracy"]

            def gain(run):
                late, first = value(run, last, "accuracy"), value(run, 0, "accuracy")
                return None if None in (late, first) else late - first

            own = [gain(run) for run in runs[rule, model].values() if gain(run) is not None]
            if not own:
                continue
            realised = sum(own) / len(own)
            rows.append(
                (
                    model,
                    predicted["efficiency"]["estimate"],
                    predicted["step_batch_efficiency"]["estimate"],
                    accuracy,
                    realised,
                )
            )
        for model, plain, step, accuracy, realised in rows:
            print(
                f"  {label:<6} {model:<12} plain {number(plain, 2)}  Adam {number(step, 2)}  accuracy on pairs "
                f"{accuracy:.3f}  realised {number(realised, 2)}"
            )
        if len(rows) > 2:
            realised = [row[4] for row in rows]
            for title, values in (
                ("plain gradient", [row[1] for row in rows]),
                ("Adam's first step", [row[2] for row in rows]),
                ("null: accuracy on pairs", [row[3] for row in rows]),
                ("null: fixed order", [-ORDER.index(row[0]) for row in rows]),
            ):
                if None not in values:
                    print(f"  {label:<6} rank correlation of {title}: {number(correlation(values, realised), 2)}")

    best_of_table(folder)


if __name__ == "__main__":
    main()
