#!/usr/bin/env bash
# minutes: 130
# What does dropping the prompt do where the response does not restate it? A base, its alignment with every
# control, its surrogate efficiencies, and nine rules at two learning rates.
# SEEDS ("0 1 2 3 4") and RATES ("3e-4 1e-4") may be set outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
source experiments/policies.sh
runs=results/runs/restating
read -ra rates <<<"${RATES:-3e-4 1e-4}"
read -ra seeds <<<"${SEEDS:-0 1 2 3 4}"
mkdir -p "$runs"
threads=(${THREADS:+--threads "$THREADS"})

pretrain restating
model=$(checkpoint restating)
[[ -f $runs/summary.json ]] ||
  "$PRERL" align --model "$model" --positions --samples 400 --paper --control all --control partial-prompt \
    --output "$runs/alignment.h5" --summary "$runs/summary.json" --overwrite "${threads[@]}" >"$runs/alignment.txt"
register restating
cat "$runs/alignment.txt"

GRID_TOTAL=$((${#rates[@]} * ${#seeds[@]} * ${#rules[@]}))
# Seeds outside, so that an interrupted study has whole comparisons.
for seed in "${seeds[@]}"; do
  for rate in "${rates[@]}"; do policies restating "$rate" "$seed" "${rules[@]}"; done
done
for rate in "${rates[@]}"; do
  echo "== learning rate $rate"
  readarray -t runs_of_rate < <(folders restating "$rate" "${seeds[*]}" "${rules[@]}")
  "$PRERL" compare "${runs_of_rate[@]}" --reference "grpo-$rate" --output "$runs/comparison-$rate.json" --overwrite
done
python3 experiments/restating/pairs.py "$runs"/comparison-*.json
