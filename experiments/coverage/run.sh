#!/usr/bin/env bash
# minutes: 2 (PyPI)
# How often intervals of noise-corrected cosines and of Pass@k cover, simulated by code that is independent of the package.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=results/runs/coverage
mkdir -p "$run"
if [[ ! -x $run/venv/bin/python ]]; then
  python3 -m venv "$run/venv"
  "$run/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.3.4
fi
"$run/venv/bin/python" experiments/coverage/simulate.py "${RUNS:-4000}"
"$run/venv/bin/python" experiments/coverage/pass_at_k.py "${PASS_RUNS:-1000}"
