#!/usr/bin/env bash
# minutes: 3 (PyPI)
# Real chat templates, rendered with transformers and with prerl. Needs Python with venv, and PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
run=results/runs/templates
mkdir -p "$run"
if [[ ! -x $run/venv/bin/python ]]; then
  python3 -m venv "$run/venv"
  "$run/venv/bin/pip" install --quiet transformers==5.24.0 jinja2==3.1.6
  # Only the templates of TRL are needed, not what it depends on.
  "$run/venv/bin/pip" install --quiet --no-deps trl==1.16.0
fi
"$run/venv/bin/python" -W ignore experiments/templates/compare.py "$(realpath "${PRERL:-.build/release/prerl}")" \
  experiments/text/model experiments/templates/table.md
