"""Judges responses to Countdown problems: a verifier as a command (see `task.verifier`).

A sample's answer is "TARGET of NUMBERS". A response is right if it ends with `Answer a op b op c <eos>`, uses each number once, and
has the target as its value, from left to right. Standard library only.
"""

import json
import sys

for line in sys.stdin:
    sample = json.loads(line)
    target, numbers = sample["answer"].split(" of ")
    words = sample["response"].split()
    reward = 0
    if len(words) >= 7 and words[-1] == "<eos>" and words[-7] == "Answer":
        terms, operators = words[-6:-1:2], words[-5:-1:2]
        if sorted(terms) == sorted(numbers.split()) and all(op in "+-" for op in operators):
            value = int(terms[0])
            for operator, term in zip(operators, terms[1:]):
                value += int(term) if operator == "+" else -int(term)
            reward = int(value == int(target))
    print(json.dumps({"id": sample["id"], "reward": reward}))
