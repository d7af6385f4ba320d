#!/usr/bin/env python3
"""Writes word problems with exact answers: level-1.jsonl, level-2.jsonl and level-3.jsonl.

    make_problems.py FOLDER [--per-level N] [--seed N]

Level 1 takes one step with numbers up to 9, level 2 two steps with numbers up to 9, level 3 three steps
with numbers up to 60. A line is {"id", "messages", "answer", "cluster"}. The messages are a system turn,
solved examples and the question. The cluster is the calculation without its story: problems with the same
calculation are not independent, and `prerl train` keeps them on the same side of its split.

Every problem depends on seed, level and index alone. Needs nothing but Python.
"""

import argparse
import json
import random
from pathlib import Path
from typing import NamedTuple

NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Julia", "Leo", "Maria", "Tom")
THINGS = ("apples", "books", "cards", "coins", "cookies", "flowers", "marbles", "pencils", "shells", "stamps")
MORE = ("buys {n} more", "finds {n} more", "gets {n} more")
FEWER = ("gives away {n}", "loses {n}", "sells {n}")

EXAMPLES = 4
INSTRUCTION = "Solve the problem. Think step by step and end with the answer in \\boxed{}."


class Step(NamedTuple):
    sign: str  # "+", "-" or "*"
    number: int

    def apply(self, value: int) -> int:
        return {"+": value + self.number, "-": value - self.number, "*": value * self.number}[self.sign]


class Problem(NamedTuple):
    question: str
    solution: str
    answer: int
    calculation: str


def draw_calculation(source: random.Random, level: int) -> tuple[int, list[Step]]:
    """The first number and the steps; every intermediate value is positive."""
    low, high = (2, 9) if level < 3 else (10, 60)
    while True:
        first = source.randint(low, high)
        steps = [Step(source.choice("+-"), source.randint(low, high)) for _ in range(level)]
        if level > 1 and source.random() < 0.5:
            # A multiplication comes first: so many boxes with so many things each.
            steps[0] = Step("*", source.randint(2, 5))
        values = [first]
        for step in steps:
            values.append(step.apply(values[-1]))
        if min(values) > 0:
            return first, steps


def tell(source: random.Random, first: int, steps: list[Step]) -> Problem:
    """A story of the calculation, and its solution as equations."""
    name, thing = source.choice(NAMES), source.choice(THINGS)
    events = [
        source.choice(MORE if step.sign == "+" else FEWER).format(n=step.number)
        for step in steps
        if step.sign != "*"
    ]
    if steps[0].sign == "*":
        start = f"{name} has {steps[0].number} boxes with {first} {thing} each"
    else:
        start = f"{name} has {first} {thing}"
    story = f"{start} and {events[0]}. " + "".join(f"Then {name} {event}. " for event in events[1:])

    value, solution = first, ""
    for step in steps:
        before, value = value, step.apply(value)
        solution += f"{before} {step.sign} {step.number} = {value}. "
    return Problem(
        question=f"{story}How many {thing} does {name} have now?",
        solution=f"{solution}The answer is \\boxed{{{value}}}.",
        answer=value,
        calculation=str(first) + "".join(f"{step.sign}{step.number}" for step in steps),
    )


def examples(level: int) -> list[Problem]:
    """The solved examples in every prompt of a level."""
    return [
        tell(source, *draw_calculation(source, level))
        for source in (random.Random(f"example/{level}/{index}") for index in range(EXAMPLES))
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
        problem = tell(source, *draw_calculation(source, level))
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
