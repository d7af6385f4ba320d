"""Counts right responses by problem and compares Pass@k of trained models with their base.

  passes.py count ROLLOUTS.jsonl COUNTS.json    right responses of each problem
  passes.py join PASSES.json COUNTS.json...     the counts of all runs, NAME-sSEED.json, in one file
  passes.py table PASSES.json                   Pass@k and what training changed, as text
"""
import json
import random
import re
import signal
import sys
from functools import cache
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
            entry = problems.setdefault(rollout["problem_id"], [name, 0, 0, 0, 0.0])
            entry[1] += 1 if rollout["reward"] >= 1 else 0
            entry[2] += 1
            words = rollout["response"].split()
            first = value(first_attempt(words), rollout["cluster"])
            entry[3] += first == int(rollout["answer"])
            entry[4] += target_shares(rollout["cluster"]).get(first, 0.0)
            terms = words[words.index("Answer") + 1:-1] if "Answer" in words else []
            fits = value(terms, rollout["cluster"]) is not None
            answers[min(terms.count("-"), 4) if fits else 4] += 1
            switches += words.count("Alternatively")
    tries = {entry[2] for entry in problems.values()}
    if len(tries) != 1:
        sys.exit(f"{rollouts}: problems with {sorted(tries)} rollouts (expected as many each)")
    save(output, {
        "problems": [entry[0] for entry in problems.values()],
        "tries": tries.pop(),
        "right": [entry[1] for entry in problems.values()],
        "first_right": [entry[3] for entry in problems.values()],
        "first_chance": [round(entry[4], 2) for entry in problems.values()],
        "answers": answers,
        "switches": switches,
    })


def first_attempt(words):
    """The terms of the first sum that a response works out: First A o B = r . Then r o C = s ..."""
    if "First" not in words:
        return []
    start = words.index("First") + 1
    terms = words[start:start + 3]
    for step in range(start + 7, len(words), 7):
        if words[step - 1] != "Then":
            break
        terms += words[step + 1:step + 3]
    return terms


def value(terms, cluster):
    """The value of numbers and signs in turn; None unless the numbers are those of the set."""
    signs, numbers = ["+"] + terms[1::2], terms[0::2]
    if not all(sign in ("+", "-") for sign in signs) or not all(n.isdigit() for n in numbers):
        return None
    numbers = [int(number) for number in numbers]
    if "-".join(map(str, sorted(numbers))) != cluster:
        return None
    return sum(-n if sign == "-" else n for sign, n in zip(signs, numbers))


@cache
def target_shares(cluster):
    """How often a number set gets each target: as often as its signed sums with a minus have it as
    their value. What an answer has in this table is its chance to be right without a look at the
    target."""
    numbers = [int(number) for number in cluster.split("-")]
    sums = [
        total
        for signs in range(1, 2 ** len(numbers))
        if 0 <= (total := signed_sum(numbers, signs)) <= 36
    ]
    return {total: sums.count(total) / len(sums) for total in sums}


def signed_sum(numbers, signs):
    """The sum of the numbers, those negated whose bit in `signs` is 1."""
    return sum(-n if signs >> i & 1 else n for i, n in enumerate(numbers))


def join(output, paths):
    whole = None
    for path in paths:
        name, seed = re.fullmatch(r"(.*)-s(\d+)", Path(path).stem).groups()
        counts = json.loads(Path(path).read_text())
        if whole is None:
            whole = {"problems": counts["problems"], "tries": {}}
        tries = whole["tries"].setdefault(name, counts["tries"])
        if (counts["problems"], counts["tries"]) != (whole["problems"], tries):
            sys.exit(f"{path}: other problems or tries than before (expected the same)")
        for key in ["right", "first_right", "first_chance", "answers", "switches"]:
            whole.setdefault(key, {}).setdefault(name, {})[seed] = counts[key]
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
        if signed_sum(numbers, signs) == int(target)
    )


class Passes:
    """Pass@k of the problems of a file that `join` wrote."""

    def __init__(self, path):
        whole = json.loads(Path(path).read_text())
        self.problems, self.tries, self.runs = whole["problems"], whole["tries"], whole["right"]
        self.first_right, self.first_chance = whole["first_right"], whole["first_chance"]
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
        """The mean difference of Pass@k and its interval; seeds are paired, since the base is sampled
        anew with each."""
        return self.interval({
            seed: [a - b for a, b in zip(self.values(name, k, seed), self.values(base, k, seed))]
            for seed in self.runs[name] if seed in self.runs[base]})

    def first_attempts(self, name):
        """Shares of first attempts that are right and that would be by chance, and the difference
        with its interval."""
        tries, right, chance = self.tries[name], self.first_right[name], self.first_chance[name]
        count = len(right) * len(self.problems) * tries
        return (
            sum(map(sum, right.values())) / count,
            sum(map(sum, chance.values())) / count,
            self.interval({
                seed: [(a - b) / tries for a, b in zip(right[seed], chance[seed])]
                for seed in right}))

    def interval(self, rows):
        """The mean of rows of seeds, one value a problem, with its 95% interval over number sets and
        seeds, which are resampled independently of each other. No interval with few seeds or where
        nothing varies."""
        seeds = list(rows)

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


def with_interval(value):
    estimate, ends = value
    return f"{estimate:+.3f}" + (f" ({ends[0]:+.3f} .. {ends[1]:+.3f})" if ends else "")


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
            cells += with_interval(passes.difference(name, base, k)).rjust(width)
        print(f"{name:16}{len(passes.runs[name]):>6}{cells}")

    if "base-hot" in passes.runs:
        print(f"\n{'less base-hot':16}{'seeds':>6}{'Pass@256':>{width}}")
        for name in names:
            if name not in ["base", "base-hot"] and not name.startswith("three"):
                difference = with_interval(passes.difference(name, "base-hot", 256))
                print(f"{name:16}{len(passes.runs[name]):>6}{difference.rjust(width)}")

    print(f"\n{'minus signs':16}      0      1      2      3  other numbers   switches per response")
    for name in names:
        count = len(passes.problems) * passes.tries[name] * len(passes.runs[name])
        shares = [sum(column) / count for column in zip(*passes.answers[name].values())]
        print(f"{name:16}" + "".join(f"{share:7.3f}" for share in shares[:4])
              + f"{shares[4]:15.3f}{sum(passes.switches[name].values()) / count:24.2f}")

    print(f"\n{'first attempt':16}  right  by chance  difference")
    for name in names:
        right, chance, difference = passes.first_attempts(name)
        print(f"{name:16}{right:7.3f}{chance:11.3f}  {with_interval(difference)}")

    if "base" not in passes.runs:
        return
    base = passes.runs["base"]
    never = [place for place in passes.all if not any(right[place] for right in base.values())]
    print(f"\n{len(never)} problems were never solved in the base's "
          f"{len(base)} x {passes.tries['base']} tries; of these solved at least once, mean and by seed:")
    for name in names:
        if name == "base" or name.startswith("three"):
            continue
        solved = [sum(right[place] > 0 for place in never) for right in passes.runs[name].values()]
        print(f"{name:16}{sum(solved) / len(solved):.1f}   {', '.join(map(str, solved))}")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends it quietly
    try:
        match sys.argv[1:]:
            case ["count", rollouts, output]:
                count(rollouts, output)
            case ["join", output, *paths] if paths:
                join(output, paths)
            case ["table", path]:
                table(path)
            case _:
                sys.exit(__doc__)
    except OSError as error:
        sys.exit(f"passes.py: {error.filename}: {error.strerror}")
