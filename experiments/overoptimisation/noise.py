"""Pairs with exchanged labels: a share of them, the same ones whatever is done with the file.

usage: noise.py PAIRS.jsonl SHARE >noisy.jsonl
"""

import json
import random
import sys


def main():
    with open(sys.argv[1]) as lines:
        for index, line in enumerate(lines):
            pair = json.loads(line)
            if random.Random(index).random() < float(sys.argv[2]):
                pair["chosen_ids"], pair["rejected_ids"] = pair["rejected_ids"], pair["chosen_ids"]
            print(json.dumps(pair))


if __name__ == "__main__":
    main()
