#!/usr/bin/env bash
# minutes: 3 (PyPI)
# Judges pairs of known truth with the built-in verifier and with math-verify; prints a table.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/setup.sh
here=experiments/verifier
run=results/runs/verifier
mkdir -p "$run"
prerl=${PRERL:-.build/release/prerl}

# The virtual environment, made once; remade when the pins change.
if ! cmp -s "$here/requirements.txt" "$here/.venv/installed.txt"; then
  python3 -m venv --clear "$here/.venv" &&
    "$here/.venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
    fail "could not install math-verify (network needed once: $here/requirements.txt)"
  cp "$here/requirements.txt" "$here/.venv/installed.txt"
fi

python3 "$here/make_pairs.py" "$run/pairs.jsonl"
# The tokens of the pairs play no part, so any checkpoint will do.
"$prerl" evaluate --model experiments/text/model --rollouts "$run/pairs.jsonl" --verify \
  --verifier "$here/.venv/bin/python $here/judge_math_verify.py" --audit "$run/audit.jsonl" --overwrite --quiet
python3 "$here/table.py" "$run/pairs.jsonl" "$run/audit.jsonl" --list
