"""The answers of the study, from its predictions. Standard library only.

usage: table.py RUNS
"""

import json
import os
import sys

RULES = ["RL", "NSR-RL", "PSR-RL", "PreRL", "NSR-PreRL", "PSR-PreRL"]


def ends(interval):
    low, high = interval["low"], interval["high"]
    return "unbounded" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def number(interval):
    return "-" if interval["estimate"] is None else f"{interval['estimate']:.2f}"


def apart(a, b):
    """Whether two intervals do not overlap; None where one is unbounded."""
    if None in (a["low"], a["high"], b["low"], b["high"]):
        return None
    return a["low"] > b["high"] or b["low"] > a["high"]


def verdict(value):
    return {None: "open", True: "refused", False: "holds"}[value]


def main():
    folder = sys.argv[1]
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json") or name.startswith("critic-"):
            continue
        with open(os.path.join(folder, name)) as file:
            found = json.load(file)
        print(f"\n== {name.removesuffix('.json')}: {json.dumps(found['other_advantages'])}")
        for rule in RULES:
            own, tokens = found["rules"][rule], found["token_rules"][rule]
            gain = tokens["efficiency"]
            if rule == "RL":
                one = {"low": 1, "high": 1}
                null = verdict(apart(gain, one))
            else:
                null = verdict(apart(gain, own["efficiency"]))
            print(
                f"  {rule:<10} gain {number(own['efficiency'])} ({ends(own['efficiency'])}), with tokens {number(gain)} "
                f"({ends(gain)}): null {null}; signal {number(own['reliability'])} ({ends(own['reliability'])}), with "
                f"tokens {number(tokens['reliability'])} ({ends(tokens['reliability'])}): null "
                f"{verdict(apart(own['reliability'], tokens['reliability']))}"
            )


if __name__ == "__main__":
    main()
