#!/usr/bin/env bash
# minutes: 130
# What does dropping the prompt do where the response does not restate it? A base, its alignment with every
# control, its surrogate efficiencies, and nine rules at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/restating
mkdir -p "$runs"
threads=(${THREADS:+--threads "$THREADS"})

pretrain restating
model=$(checkpoint restating)
[[ -f $runs/summary.json ]] ||
  "$PRERL" align --model "$model" --positions --samples 400 --paper --control all --control partial-prompt \
    --output "$runs/alignment.h5" --summary "$runs/summary.json" --overwrite "${threads[@]}" >"$runs/alignment.txt"
register restating
cat "$runs/alignment.txt"
study restating "$runs"
