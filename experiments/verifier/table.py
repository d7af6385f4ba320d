#!/usr/bin/env python3
"""Prints a table per category from the pairs and from the audit of `prerl evaluate`.

Usage: table.py PAIRS AUDIT [--list]. The audit lists the pairs on which the truth ("file"), the built-in
verifier and math-verify ("external") disagree. With --list the pairs that the built-in verifier judges
wrongly are printed too.
"""
import json
import sys


def is_right(finding):
    return finding["outcome"] == "correct"


def main():
    pairs = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    audit = {row["id"]: row for row in map(json.loads, open(sys.argv[2], encoding="utf-8"))}
    columns = ["pairs", "agree", "false +", "false -", "false + of math-verify", "false - of math-verify"]
    counts, errors = {}, []
    for pair in pairs:
        count = counts.setdefault(pair["category"], [0] * len(columns))
        truth = pair["reward"] == 1
        built_in = math_verify = truth
        if row := audit.get(pair["id"]):
            built_in, math_verify = is_right(row["built_in"]), is_right(row["external"])
        if built_in != truth:
            errors.append((pair, audit[pair["id"]]["built_in"]))
        for place, value in enumerate([
            True, built_in == math_verify, built_in and not truth, truth and not built_in,
            math_verify and not truth, truth and not math_verify,
        ]):
            count[place] += value
    print("| category | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for category, count in counts.items():
        print("| %s | %s |" % (category, " | ".join(map(str, count))))
    print("| **all** | %s |" % " | ".join(str(sum(column)) for column in zip(*counts.values())))
    if "--list" in sys.argv:
        for pair, found in errors:
            print(json.dumps([pair["id"], pair["reward"], pair["response"], pair["answer"], found["reason"]],
                             ensure_ascii=False))


main()
