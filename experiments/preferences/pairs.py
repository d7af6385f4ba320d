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
    # One pair of every opening, then another of each: a condition with few ties sees as many openings as one with many.
    groups = [list(zip(group[::2], group[1::2])) for group in openings.values()]
    ties, shorter, longer, pairs = 0, 0, 0, []
    for round_ in range(max(map(len, groups))):
        for group in groups:
            if round_ >= len(group) or len(pairs) == limit:
                continue
            compared = parts(*group[round_], unit)
            if compared is None or compared[1][1][judge] == compared[2][1][judge]:
                ties += 1
                continue
            better, worse = sorted(compared[1:], key=lambda each: -each[1][judge])
            shorter += len(better[0]) < len(worse[0])
            longer += len(better[0]) > len(worse[0])
            pairs.append({"id": f"pair-{len(pairs)}", "cluster": group[round_][0]["cluster"], "prompt_ids": compared[0],
                          "chosen_ids": better[0], "rejected_ids": worse[0]})
    if len(pairs) < limit:
        print(f"{path} has only {len(pairs)} pairs of {unit}s with different {judge}s (expected {limit})", file=sys.stderr)
        sys.exit(1)
    for pair in pairs:
        print(json.dumps(pair))
    print(f"{unit}s by {judge}: {limit} pairs, {ties} ties left out, the shorter one is better in {shorter / limit:.2f}, the "
          f"longer one in {longer / limit:.2f}, {sum(len(pair['prompt_ids']) for pair in pairs) / limit:.1f} tokens before them", file=sys.stderr)


if __name__ == "__main__":
    main()
