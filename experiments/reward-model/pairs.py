"""Pairs of a right and a wrong response to the same problem, from rollouts with rewards.

usage: pairs.py ROLLOUTS.jsonl [LIMIT [PER_PROBLEM]] >pairs.jsonl
"""

import collections
import json
import sys


def main():
    groups = collections.defaultdict(lambda: ([], []))
    with open(sys.argv[1]) as lines:
        for line in lines:
            rollout = json.loads(line)
            groups[rollout["problem_id"]][rollout["reward"] >= 1].append(rollout)
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else None
    most = int(sys.argv[3]) if len(sys.argv) > 3 else None
    pairs = (pair for wrong, right in groups.values() for pair in list(zip(right, wrong))[:most])
    for index, (right, wrong) in enumerate(pairs):
        if index == limit:
            break
        print(
            json.dumps(
                {
                    "id": f"pair-{index}",
                    "cluster": right["cluster"],
                    "prompt_ids": right["prompt_ids"],
                    "chosen_ids": right["response_ids"],
                    "rejected_ids": wrong["response_ids"],
                }
            )
        )


if __name__ == "__main__":
    main()
