#!/usr/bin/env python3
"""A verifier for `prerl evaluate --verifier`: judges samples with math-verify.

It reads lines {"id", "response", "answer"} and prints lines {"id", "reward"}.
"""
import json
import logging
import sys

from math_verify import parse, verify

logging.disable(logging.CRITICAL)
for line in sys.stdin:
    sample = json.loads(line)
    # As its documentation asks, the reference is in an environment of LaTeX.
    reference = parse("\\boxed{%s}" % sample["answer"])
    right = verify(reference, parse(sample["response"]))
    print(json.dumps({"id": sample["id"], "reward": int(bool(right))}), flush=True)
