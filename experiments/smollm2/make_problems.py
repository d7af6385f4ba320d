#!/usr/bin/env python3
"""Writes word problems with exact answers: level-1.jsonl, level-2.jsonl and level-3.jsonl.

    make_problems.py FOLDER [--per-level N] [--seed N]

Level 1 takes one step with numbers up to 9, level 2 two such steps, level 3 three steps with numbers up to
20. A line is {"id", "messages", "answer", "cluster"}. The messages are a system turn, two solved examples
and the question. The cluster is the calculation without its story: problems with the same calculation are
not independent, and `prerl train` keeps them on the same side of its split.

Every problem depends on seed, level and index alone. Needs nothing but Python.
"""

import argparse
import json
import random
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Julia", "Leo", "Maria", "Tom")
THINGS = ("apples", "books", "cards", "coins", "cookies", "flowers", "marbles", "pencils", "shells", "stamps")
MORE = ("buys {n} more", "finds {n} more")
FEWER = ("gives away {n}", "loses {n}")
LARGEST = {1: 9, 2: 9, 3: 20}
INSTRUCTION = "Solve the problem. Think step by step and end with the answer in \\boxed{}."
# The first number and the changes of the solved examples.
EXAMPLES = {
    1: [(6, -3), (4, 5)],
    2: [(6, -3, 4), (4, 5, 8)],
    3: [(16, -3, 4, 9), (14, 5, -8, 12)],
}


class Problem(NamedTuple):
    question: str
    solution: str
    answer: int
    calculation: str


def draw_numbers(source: random.Random, level: int) -> list[int]:
    """A first number and one change per step, such that something is always left."""
    while True:
        numbers = [source.randint(2, LARGEST[level])]
        for _ in range(level):
            numbers.append(source.choice((1, -1)) * source.randint(2, LARGEST[level]))
        if min(accumulate(numbers)) > 0:
            return numbers


def tell(source: random.Random, numbers: Sequence[int]) -> Problem:
    """A story of the calculation, and its solution step by step."""
    name, thing = source.choice(NAMES), source.choice(THINGS)
    value = numbers[0]
    events, steps, calculation = [], [], str(value)
    for change in numbers[1:]:
        event = source.choice(MORE if change > 0 else FEWER).format(n=abs(change))
        sign = "+" if change > 0 else "-"
        events.append(event)
        # The event comes first: the model then copies the operation instead of guessing it.
        steps.append(f"{name} {event}: {value} {sign} {abs(change)} = {value + change}.")
        value += change
        calculation += f"{sign}{abs(change)}"
    story = [f"{name} has {numbers[0]} {thing} and {events[0]}."]
    story += [f"Then {name} {event}." for event in events[1:]]
    story.append(f"How many {thing} does {name} have now?")
    steps.append(f"The answer is \\boxed{{{value}}}.")
    return Problem(" ".join(story), " ".join(steps), value, calculation)


def examples(level: int) -> list[Problem]:
    """The solved examples, the same in every prompt of a level."""
    return [
        tell(random.Random(f"example/{level}/{index}"), numbers)
        for index, numbers in enumerate(EXAMPLES[level])
    ]


def problems(level: int, count: int, seed: int) -> list[dict[str, object]]:
    head = [{"role": "system", "content": INSTRUCTION}]
    for example in examples(level):
        head.append({"role": "user", "content": example.question})
        head.append({"role": "assistant", "content": example.solution})
    known = {example.question for example in examples(level)}
    lines: list[dict[str, object]] = []
    attempt = 0
    while len(lines) < count:
        source = random.Random(f"{seed}/{level}/{attempt}")
        attempt += 1
        problem = tell(source, draw_numbers(source, level))
        if problem.question in known:
            continue
        known.add(problem.question)
        lines.append(
            {
                "id": f"{level}-{len(lines):03d}",
                "messages": head + [{"role": "user", "content": problem.question}],
                "answer": str(problem.answer),
                "cluster": problem.calculation,
            }
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes word problems with exact answers.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-level", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for level in (1, 2, 3):
        lines = problems(level, options.per_level, options.seed)
        path = options.folder / f"level-{level}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        print(f"{path}: {len(lines)} problems, {len({line['cluster'] for line in lines})} clusters")


if __name__ == "__main__":
    main()
