"""Writes rollouts of random tokens: make_rollouts.py CONFIG.json PROMPT RESPONSE COUNT FILE. Standard library only."""

import json
import random
import sys
from pathlib import Path

vocabulary = json.loads(Path(sys.argv[1]).read_text())["vocab_size"]
prompt, response, count = map(int, sys.argv[2:5])
generator = random.Random(0)


def tokens(size):
    return [generator.randrange(100, vocabulary) for _ in range(size)]


lines = [{"prompt_ids": tokens(prompt), "response_ids": tokens(response), "reward": index % 2} for index in range(count)]
Path(sys.argv[5]).write_text("".join(json.dumps(line) + "\n" for line in lines))
