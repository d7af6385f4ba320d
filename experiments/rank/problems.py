"""Problem files of the experiment.

problems.py split RUNS: of RUNS/rollouts.jsonl, up to 256 problems of half of the number sets become candidates.jsonl, and as many of
  the others validation.jsonl; held-out-rollouts.jsonl becomes held-out.jsonl, the problems of evaluation.
problems.py select RUNS CONDITION SEED: prints the problems of RUNS/ranked.jsonl that a condition trains on.

A problem's answer is its target and its numbers, as judge.py reads them. Standard library only.
"""

import json
import random
import sys
from collections import defaultdict
from pathlib import Path


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def groups(rollouts):
    """The rollouts of each problem, in order of appearance."""
    found = defaultdict(list)
    for rollout in rollouts:
        found[rollout["problem_id"]].append(rollout)
    return found


def problem(rollout):
    words = rollout["prompt"].split()
    numbers = words[words.index("Use") + 1:words.index("to")]
    return {
        "id": rollout["problem_id"], "cluster": rollout["cluster"], "prompt": rollout["prompt"],
        "answer": f"{rollout['answer']} of {' '.join(numbers)}"}


def split(runs):
    problems = groups(read(runs / "rollouts.jsonl"))
    clusters = sorted({own[0]["cluster"] for own in problems.values()})
    random.Random(0).shuffle(clusters)
    half = set(clusters[:len(clusters) // 2])
    for name, wanted in (("candidates", True), ("validation", False)):
        own = [each for each in problems.values() if (each[0]["cluster"] in half) == wanted][:256]
        write(runs / f"{name}.jsonl", [rollout for each in own for rollout in each])
    write(runs / "held-out.jsonl", [problem(rollout) for rollout in read(runs / "held-out-rollouts.jsonl")])


def mean(values):
    return sum(values) / len(values)


def variance(rewards):
    return mean([(reward - mean(rewards)) ** 2 for reward in rewards])


VALUES = {  # of a problem's rollouts
    "score": lambda own: own[0]["rank"]["problem_score"],
    "step-score": lambda own: own[0]["rank"]["problem_step_score"],
    "cosine": lambda own: mean([rollout["rank"]["weighted_cosine"] for rollout in own]),
    "variance": lambda own: variance([rollout["reward"] for rollout in own]),
    "low": lambda own: -own[0]["rank"]["problem_score"],
}


def select(runs, condition, seed):
    problems = list(groups(read(runs / "ranked.jsonl")).values())
    # Problems with equal values, and all for `random`, come in an order of the seed.
    random.Random(seed).shuffle(problems)
    if condition in VALUES:
        problems.sort(key=VALUES[condition], reverse=True)
    count = len(problems) if condition == "all" else len(problems) // 2
    for own in problems[:count]:
        print(json.dumps(problem(own[0])))


if __name__ == "__main__":
    command, runs = sys.argv[1], Path(sys.argv[2])
    if command == "split":
        split(runs)
    else:
        select(runs, sys.argv[3], int(sys.argv[4]))
