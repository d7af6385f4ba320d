"""Pairs of dialogues, or of the turns in which they part, from dialogues with a reward and a rating of each turn.

usage: pairs.py DIALOGUES.jsonl dialogue|turn reward|rating LIMIT >pairs.jsonl

Two dialogues with the same opening make a pair. Ties are left out. Standard library only.
"""

import collections
import json
import sys


def turns(dialogue):
    """The turns as (tokens, their scores)."""
    start, found = 0, []
    for turn in dialogue["turns"]:
        found.append((dialogue["response_ids"][start : turn["end"]], turn))
        start = turn["end"]
    return found


def parts(first, second, unit):
    """What is compared: the common beginning, and (tokens, scores) of both; None for equal dialogues."""
    if first["response_ids"] == second["response_ids"]:
        return None
    prompt = list(first["prompt_ids"])
    if unit == "dialogue":
        totals = [{key: sum(turn[key] for turn in each["turns"]) for key in ("reward", "rating")} for each in (first, second)]
        return prompt, (first["response_ids"], totals[0]), (second["response_ids"], totals[1])
    for a, b in zip(turns(first), turns(second)):
        if a[0] != b[0]:
            return prompt, a, b
        prompt += a[0]
    return None


def main():
    if len(sys.argv) != 5 or sys.argv[2] not in ("dialogue", "turn") or sys.argv[3] not in ("reward", "rating"):
        sys.exit(__doc__)
    path, unit, judge, limit = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    openings = collections.defaultdict(list)
    with open(path) as lines:
        for line in lines:
            dialogue = json.loads(line)
            openings[dialogue["problem_id"]].append(dialogue)
    count = 0
    for group in openings.values():
        for first, second in zip(group[::2], group[1::2]):
            compared = parts(first, second, unit)
            if compared is None or compared[1][1][judge] == compared[2][1][judge]:
                continue
            better, worse = sorted(compared[1:], key=lambda each: -each[1][judge])
            print(json.dumps({"id": f"pair-{count}", "cluster": first["cluster"], "prompt_ids": compared[0],
                              "chosen_ids": better[0], "rejected_ids": worse[0]}))
            count += 1
            if count == limit:
                return
    print(f"{path} has only {count} pairs of {unit}s with different {judge}s (expected {limit})", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
