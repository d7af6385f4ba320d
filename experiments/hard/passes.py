"""Counts right responses by problem and compares Pass@k of trained models with their base.

  passes.py count ROLLOUTS.jsonl COUNTS.json    right responses of each problem
  passes.py join PASSES.json COUNTS.json...     the counts of all runs, NAME-sSEED.json, in one file
  passes.py table PASSES.json                   Pass@k and what training changed, as text
"""
import json
import random
import re
import sys
from pathlib import Path

KS = [1, 4, 16, 64, 256]
# Fewer seeds have no interval: they are no ground for a claim.
FEWEST_SEEDS = 5


def count(rollouts, output):
    problems = {}
    # Answers by their minus signs; those of other numbers than the problem's last.
    answers = [0] * 5
    switches = 0
    with open(rollouts, encoding="utf-8") as lines:
        for line in lines:
            rollout = json.loads(line)
            name = f"{rollout['cluster']}={rollout['answer']}"
            entry = problems.setdefault(rollout["problem_id"], [name, 0, 0])
            entry[1] += 1 if rollout["reward"] >= 1 else 0
            entry[2] += 1
            words = rollout["response"].split()
            terms = words[words.index("Answer") + 1:-1] if "Answer" in words else []
            numbers = sorted((word for word in terms if word.isdigit()), key=int)
            fits = "-".join(numbers) == rollout["cluster"]
            answers[min(terms.count("-"), 4) if fits else 4] += 1
            switches += words.count("Alternatively")
    tries = {entry[2] for entry in problems.values()}
    if len(tries) != 1:
        sys.exit(f"{rollouts}: problems with {sorted(tries)} rollouts (expected as many each)")
    save(output, {
        "problems": [entry[0] for entry in problems.values()],
        "tries": tries.pop(),
        "right": [entry[1] for entry in problems.values()],
        "answers": answers,
        "switches": switches,
    })


def join(output, paths):
    whole = None
    for path in paths:
        name, seed = re.fullmatch(r"(.*)-s(\d+)", Path(path).stem).groups()
        counts = json.loads(Path(path).read_text())
        if whole is None:
            whole = {"problems": counts["problems"], "tries": {}, "right": {}, "answers": {}, "switches": {}}
        tries = whole["tries"].setdefault(name, counts["tries"])
        if (counts["problems"], counts["tries"]) != (whole["problems"], tries):
            sys.exit(f"{path}: other problems or tries than before (expected the same)")
        for key in ["right", "answers", "switches"]:
            whole[key].setdefault(name, {})[seed] = counts[key]
    save(output, whole)


def save(path, value):
    # One line a list keeps differences readable.
    text = json.dumps(value).replace('], "', '],\n"').replace('}, "', '},\n"')
    temporary = Path(f"{path}.partial")
    temporary.write_text(text + "\n")
    temporary.rename(path)


def pass_at(k, right, tries):
    """1 - C(n-c, k) / C(n, k) without large numbers."""
    if tries - right < k:
        return 1.0
    missed = 1.0
    for place in range(k):
        missed *= (tries - right - place) / (tries - place)
    return 1 - missed


def fewest_minus_signs(problem):
    """The fewest minus signs that reach the target."""
    numbers, target = problem.split("=")
    numbers = [int(number) for number in numbers.split("-")]
    return min(
        bin(signs).count("1")
        for signs in range(2 ** len(numbers))
        if sum(-n if signs >> i & 1 else n for i, n in enumerate(numbers)) == int(target)
    )


class Passes:
    """Pass@k of the problems of a file that `join` wrote."""

    def __init__(self, path):
        whole = json.loads(Path(path).read_text())
        self.problems, self.tries, self.runs = whole["problems"], whole["tries"], whole["right"]
        self.answers, self.switches = whole["answers"], whole["switches"]
        sets = {}
        for place, problem in enumerate(self.problems):
            sets.setdefault(problem.split("=")[0], []).append(place)
        self.sets = list(sets.values())
        self.all = range(len(self.problems))
        self.memory = {}

    def values(self, name, k, seed):
        """One value a problem."""
        if (name, k, seed) not in self.memory:
            self.memory[name, k, seed] = [
                pass_at(k, right, self.tries[name]) for right in self.runs[name][seed]]
        return self.memory[name, k, seed]

    def mean(self, name, k, places):
        rows = [self.values(name, k, seed) for seed in self.runs[name]]
        return sum(row[p] for row in rows for p in places) / (len(rows) * len(places))

    def difference(self, name, base, k):
        """The mean difference with its 95% interval over number sets and seeds, which are resampled
        independently of each other; seeds are paired, since the base is sampled anew with each. No
        interval with few seeds or where nothing varies."""
        seeds = [seed for seed in self.runs[name] if seed in self.runs[base]]
        rows = {
            seed: [a - b for a, b in zip(self.values(name, k, seed), self.values(base, k, seed))]
            for seed in seeds}

        def mean(chosen, places):
            return sum(rows[s][p] for s in chosen for p in places) / (len(chosen) * len(places))

        estimate = mean(seeds, self.all)
        if len(seeds) < FEWEST_SEEDS:
            return estimate, None
        generator = random.Random(0)
        drawn = sorted(
            mean(
                generator.choices(seeds, k=len(seeds)),
                [p for one in generator.choices(self.sets, k=len(self.sets)) for p in one])
            for _ in range(2000))
        low, high = drawn[49], drawn[1949]
        return estimate, (low, high) if low < high else None


def table(path):
    passes = Passes(path)
    needs = [fewest_minus_signs(problem) for problem in passes.problems]
    one = [place for place in passes.all if needs[place] == 1]
    more = [place for place in passes.all if needs[place] > 1]
    names = sorted(
        passes.runs, key=lambda name: (name.startswith("three"), not name.endswith("base"), name))
    print(f"{len(needs)} held-out four-number problems of {len(passes.sets)} number sets; "
          f"{len(one)} can be solved with one minus sign, {len(more)} need more")

    print(f"\n{'Pass@k':16}{'seeds':>6}" + "".join(f"{k:>7}" for k in KS)
          + "   Pass@256: one minus   more")
    for name in names:
        ks = [k for k in KS if k <= passes.tries[name]]
        print(f"{name:16}{len(passes.runs[name]):>6}"
              + "".join(f"{passes.mean(name, k, passes.all):7.3f}" for k in ks)
              + (f"{passes.mean(name, 256, one):23.3f}{passes.mean(name, 256, more):7.3f}"
                 if 256 in ks else ""))

    width = 26 if any(len(seeds) >= FEWEST_SEEDS for seeds in passes.runs.values()) else 10
    print(f"\n{'less the base':16}{'seeds':>6}" + "".join(f"{f'Pass@{k}':>{width}}" for k in KS))
    for name in names:
        base = "three-base" if name.startswith("three") else "base"
        if name == base or base not in passes.runs:
            continue
        cells = ""
        for k in [k for k in KS if k <= passes.tries[name]]:
            estimate, ends = passes.difference(name, base, k)
            interval = f" ({ends[0]:+.3f} .. {ends[1]:+.3f})" if ends else ""
            cells += f"{estimate:+.3f}{interval}".rjust(width)
        print(f"{name:16}{len(passes.runs[name]):>6}{cells}")

    print(f"\n{'minus signs':16}      0      1      2      3  other numbers   switches per response")
    for name in names:
        count = len(passes.problems) * passes.tries[name] * len(passes.runs[name])
        shares = [sum(column) / count for column in zip(*passes.answers[name].values())]
        print(f"{name:16}" + "".join(f"{share:7.3f}" for share in shares[:4])
              + f"{shares[4]:15.3f}{sum(passes.switches[name].values()) / count:24.2f}")

    if "base" not in passes.runs:
        return
    base = passes.runs["base"]
    never = [place for place in passes.all if not any(right[place] for right in base.values())]
    print(f"\n{len(never)} problems were never solved in the base's "
          f"{len(base)} x {passes.tries['base']} tries; of these solved at least once, by seed:")
    for name in names:
        if name in ["base", "base-hot"] or name.startswith("three"):
            continue
        solved = [sum(right[place] > 0 for place in never) for right in passes.runs[name].values()]
        print(f"{name:16}{', '.join(map(str, solved))}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["count", rollouts, output]:
            count(rollouts, output)
        case ["join", output, *paths] if paths:
            join(output, paths)
        case ["table", path]:
            table(path)
        case _:
            sys.exit(__doc__)
